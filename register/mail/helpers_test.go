package mail_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/mail/catcher"
)

const password = "p:ss/w@rd?#%"

// catch starts a mail server that keeps what it receives.
func catch(t testing.TB, options catcher.Options) *catcher.Catcher {
	t.Helper()
	c, err := catcher.Start(options)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { c.Close() })

	return c
}

func sender(t testing.TB, options mail.Options) *mail.Sender {
	t.Helper()
	s, err := mail.NewSender(options)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { s.Close() })

	return s
}

// letter returns a magic link that is ready to send.
func letter(id string) mail.Letter {
	return mail.Letter{ID: id, To: "c.ustomer@example.com", Message: mail.MagicLink(link(""))}
}

// certificate returns the TLS configuration of a server on loopback, and the pool that trusts it.
func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}

	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}

	pool := x509.NewCertPool()
	pool.AddCert(parsed)

	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// silentServer accepts connections and never writes. It returns its address.
func silentServer(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { l.Close() })

	return l.Addr().String()
}

// pemKey returns a new private key in PEM and its TXT record. The kind is rsa, rsa1024 or ed25519.
func pemKey(t testing.TB, kind string) (private, record string) {
	t.Helper()
	var key any
	var public []byte
	switch kind {
	case "ed25519":
		pub, priv, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key = priv
		public = pub
	default:
		bits := 2048
		if kind == "rsa1024" {
			bits = 1024
		}

		priv, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		if public, err = x509.MarshalPKIXPublicKey(priv.Public()); err != nil {
			t.Fatal(err)
		}

		key = priv
	}

	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}

	private = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	algorithm := "rsa"
	if kind == "ed25519" {
		algorithm = kind
	}

	return private, "v=DKIM1; k=" + algorithm + "; p=" + base64.StdEncoding.EncodeToString(public)
}

var asked = time.Date(2026, 5, 3, 13, 3, 0, 0, time.UTC)

func link(language string) mail.LinkDetails {
	return mail.LinkDetails{
		Language:  language,
		Org:       "Citizens Advice",
		Meter:     mail.MeterOf("2312345678901"),
		MatchCode: true,
		Link:      "https://id.central.consent/id/link?secret=dGhpcyBpcyBub3QgYSBzZWNyZXQgYnV0IGl0IGlzIGFzIGxvbmc",
		Asked:     asked,
		Expires:   asked.Add(15 * time.Minute),
	}
}

func passkey(language string) mail.PasskeyDetails {
	return mail.PasskeyDetails{
		Language: language,
		Meter:    mail.MeterOf("1234567890"),
		Device:   "Mair’s phone",
		At:       asked,
		Contact:  "help@central.consent",
	}
}

func undelivered(language string) mail.UndeliveredDetails {
	return mail.UndeliveredDetails{
		Language:  language,
		Event:     "consent.withdrawal",
		EventID:   "evt_5f0c2d9e8b7a41c6",
		WebhookID: "wh_3a91c04be27d",
		Host:      "hooks.bright.example",
		Attempts:  6,
		Since:     asked,
		Reason:    "503 Service Unavailable",
		List:      "https://api.central.consent/v1/webhooks/wh_3a91c04be27d/deliveries?status=undelivered",
		Redeliver: "https://api.central.consent/v1/webhooks/wh_3a91c04be27d/deliveries/dl_77ab/redeliver",
	}
}

// letters returns every letter in every language and variant, by the name of its golden file.
func letters() map[string]mail.Message {
	messages := map[string]mail.Message{"link.both": mail.MagicLink(link(""))}
	for _, language := range []string{"en", "cy"} {
		messages["link."+language] = mail.MagicLink(link(language))

		uncoded := link(language)
		uncoded.MatchCode = false
		uncoded.Purpose = mail.KnowCustomer
		uncoded.Org = "Bright Energy"
		messages["link-customer."+language] = mail.MagicLink(uncoded)

		enrol := link(language)
		enrol.Purpose = mail.SetUpPasskey
		enrol.Meter = mail.MeterOf("1234567890")
		messages["link-passkey."+language] = mail.MagicLink(enrol)

		messages["passkey-added."+language] = mail.PasskeyAdded(passkey(language))

		bare := passkey(language)
		bare.Device = ""
		bare.Contact = ""
		messages["passkey-removed."+language] = mail.PasskeyRemoved(bare)

		messages["undelivered."+language] = mail.Undelivered(undelivered(language))
		maps.Copy(messages, contactLetters(language))
		maps.Copy(messages, accessLetters(language))
	}

	return messages
}

func parse(t testing.TB, letter mail.Message) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(letter.HTML))
	if err != nil {
		t.Fatal(err)
	}

	return doc
}

// wordsOf returns the words of the HTML part, in order.
func wordsOf(t testing.TB, letter mail.Message) []string {
	t.Helper()

	var words []string
	for _, body := range parse(t, letter).Find("body").Nodes {
		for node := range body.Descendants() {
			if node.Type == html.TextNode {
				words = append(words, strings.Fields(node.Data)...)
			}
		}
	}

	return words
}
