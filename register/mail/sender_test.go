package mail_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/mail/catcher"
)

const password = "p:ss/w@rd?#%"

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

func letter(id string) mail.Letter {
	return mail.Letter{ID: id, To: "c.ustomer@example.com", Message: mail.MagicLink(link(""))}
}

// certificate is a server's on loopback, and the pool that trusts it.
func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
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

func TestLettersArriveOverEveryKindOfConnection(t *testing.T) {
	t.Parallel()
	config, pool := certificate(t)
	for _, test := range []struct {
		name   string
		server catcher.Options
	}{
		{"unencrypted on loopback", catcher.Options{}},
		{"STARTTLS", catcher.Options{TLS: config}},
		{"STARTTLS with a password", catcher.Options{TLS: config, User: "register@central.consent", Password: password}},
		{"TLS from the first byte", catcher.Options{TLS: config, Implicit: true}},
		{"TLS from the first byte with a password", catcher.Options{TLS: config, Implicit: true, User: "register", Password: password}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := catch(t, test.server)
			s := sender(t, mail.Options{URL: server.URL(), RootCAs: pool, Clock: func() time.Time { return asked }})
			sent := letter("job-42")
			if err := s.Send(t.Context(), sent); err != nil {
				t.Fatal(err)
			}

			got := server.Messages()[0]
			if got.From != "no-reply@central.consent" || got.To != sent.To {
				t.Errorf("from %q to %q", got.From, got.To)
			}
			if got.Subject != sent.Subject || got.Text != sent.Text || got.HTML != sent.HTML {
				t.Errorf("it arrived as %q\n%s\n%s", got.Subject, got.Text, got.HTML)
			}

			for name, want := range map[string]string{
				"From": `"Data Access Register" <no-reply@central.consent>`, "To": "<" + sent.To + ">",
				"Message-Id": "<job-42@central.consent>", "Date": "Sun, 03 May 2026 13:03:00 +0000",
				"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "Content-Language": "en, cy",
				"X-Mailer": "", "User-Agent": "",
			} {
				if got := got.Header.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}

			if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/alternative;") {
				t.Errorf("it is %s", kind)
			}
		})
	}
}

func TestEncryptionIsNotOptional(t *testing.T) {
	t.Parallel()
	config, pool := certificate(t)
	plain := catch(t, catcher.Options{})
	secure := catch(t, catcher.Options{TLS: config, User: "register", Password: password})
	for _, test := range []struct {
		name    string
		options mail.Options
	}{
		{"a server that does not know STARTTLS", mail.Options{URL: "smtp://" + plain.Addr()}},
		{"the same with a password", mail.Options{URL: "smtp://register:" + "secret@" + plain.Addr()}},
		{"a server that nobody vouches for", mail.Options{URL: secure.URL()}},
		{"a server that does not speak TLS first", mail.Options{URL: "smtps://" + secure.Addr(), RootCAs: pool, Timeout: 5 * time.Second}},
	} {
		err := sender(t, test.options).Send(t.Context(), letter("1"))
		if err == nil || mail.Permanent(err) || strings.Contains(err.Error(), "secret") ||
			strings.Contains(err.Error(), password) {
			t.Errorf("%s: %v", test.name, err)
		}
	}

	if len(plain.Messages())+len(secure.Messages()) > 0 {
		t.Error("a letter went out all the same")
	}
}

func TestRefusalsAreSortedIntoForNowAndForGood(t *testing.T) {
	t.Parallel()
	config, pool := certificate(t)
	for _, test := range []struct {
		name      string
		prepare   func(*catcher.Catcher)
		permanent bool
		says      string
	}{
		{"the address is unknown", func(c *catcher.Catcher) { c.Refuse(550) }, true, "550 5.1.1"},
		{"the mailbox is full", func(c *catcher.Catcher) { c.Refuse(452) }, false, "452 4.1.1"},
		{"the contents are not wanted", func(c *catcher.Catcher) { c.RefuseContents(554) }, true, "554"},
		{"come again later", func(c *catcher.Catcher) { c.RefuseContents(451) }, false, "451"},
		{"the server is down", func(c *catcher.Catcher) { c.Down() }, false, "connect to the mail server"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := catch(t, catcher.Options{TLS: config, User: "register", Password: password})
			s := sender(t, mail.Options{URL: server.URL(), RootCAs: pool})
			test.prepare(server)
			err := s.Send(t.Context(), letter("1"))
			if err == nil || mail.Permanent(err) != test.permanent || !strings.Contains(err.Error(), test.says) {
				t.Errorf("permanent: %v: %v", mail.Permanent(err), err)
			}
			if err != nil && strings.Contains(err.Error(), "ustomer") {
				t.Errorf("the error names the customer: %v", err)
			}

			server.Refuse(0)
			server.RefuseContents(0)
			server.Up()
			if err := s.Send(t.Context(), letter("1")); err != nil {
				t.Errorf("the next try: %v", err)
			}
		})
	}
}

func TestLettersThatMayHaveArrivedAreToldApart(t *testing.T) {
	t.Parallel()
	ask := func(name string, options mail.Options, prepare func(*catcher.Catcher), handing func(context.Context) error, unknown bool, arrived int) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := catch(t, catcher.Options{})
			options.URL = server.URL()
			s := sender(t, options)
			prepare(server)
			l := letter("1")
			l.Handing = handing
			err := s.Send(t.Context(), l)
			if err == nil || mail.Unknown(err) != unknown || mail.Permanent(err) {
				t.Errorf("unknown: %v, permanent: %v: %v", mail.Unknown(err), mail.Permanent(err), err)
			}
			if got := len(server.Messages()); got != arrived {
				t.Errorf("%d letters arrived, want %d", got, arrived)
			}
		})
	}
	nothing := func(*catcher.Catcher) {}
	ask("no answer to the end of the contents", mail.Options{}, func(c *catcher.Catcher) { c.Mute(true) }, nil, true, 1)
	ask(
		"the end of the contents is refused",
		mail.Options{},
		func(c *catcher.Catcher) { c.RefuseContents(451) },
		nil,
		false,
		0,
	)
	ask("the recipient is refused", mail.Options{}, func(c *catcher.Catcher) { c.Refuse(450) }, nil, false, 0)
	ask("the server is down", mail.Options{}, func(c *catcher.Catcher) { c.Down() }, nil, false, 0)
	ask(
		"nobody may hand it over",
		mail.Options{},
		nothing,
		func(context.Context) error { return errors.New("lost") },
		false,
		0,
	)
	// What is handed over too late is cut off before its end, or its answer is not waited for: nobody knows which.
	late := func(ctx context.Context) error { <-ctx.Done(); return nil }
	ask(
		"the time is over when it is handed over",
		mail.Options{Timeout: 100 * time.Millisecond},
		nothing,
		late,
		true,
		0,
	)
}

func TestLettersAreMarkedBeforeTheServerHasThem(t *testing.T) {
	t.Parallel()
	server := catch(t, catcher.Options{})
	s := sender(t, mail.Options{URL: server.URL()})
	for i := range 2 { // over a new connection, and over one that was kept
		marks := 0
		l := letter("1")
		l.Handing = func(context.Context) error {
			if marks++; len(server.Messages()) != i {
				t.Error("the server has it already")
			}
			return nil
		}
		if err := s.Send(t.Context(), l); err != nil || marks != 1 || len(server.Messages()) != i+1 {
			t.Errorf("%d marks, %d letters: %v", marks, len(server.Messages()), err)
		}
	}
}

func TestWrongPasswordIsNotTheLettersFault(t *testing.T) {
	t.Parallel()
	config, pool := certificate(t)
	server := catch(t, catcher.Options{TLS: config, User: "register", Password: "right"})
	s := sender(t, mail.Options{URL: strings.Replace(server.URL(), "right", "wr0ng", 1), RootCAs: pool})
	err := s.Send(t.Context(), letter("1"))
	if err == nil || mail.Permanent(err) || !strings.Contains(err.Error(), "535") ||
		strings.Contains(err.Error(), "wr0ng") {
		t.Errorf("%v", err)
	}
}

func TestConnectionsAreKeptAndReplaced(t *testing.T) {
	t.Parallel()
	server := catch(t, catcher.Options{})
	s := sender(t, mail.Options{URL: server.URL(), IdleTimeout: time.Hour})
	send := func(id string) {
		t.Helper()
		if err := s.Send(t.Context(), letter(id)); err != nil {
			t.Fatal(err)
		}
	}
	send("1")
	send("2")
	if ever, _ := server.Connections(); ever != 1 {
		t.Errorf("two letters took %d connections", ever)
	}

	server.Hangup()
	send("3")
	if ever, _ := server.Connections(); ever != 2 || len(server.Messages()) != 3 {
		t.Errorf("after the server hung up: %d connections and %d letters", ever, len(server.Messages()))
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	server := catch(t, catcher.Options{})
	s := sender(t, mail.Options{URL: server.URL(), IdleTimeout: time.Millisecond})
	if err := s.Send(t.Context(), letter("1")); err != nil {
		t.Fatal(err)
	}
	if err := server.WaitAlone(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	server := catch(t, catcher.Options{})
	s := sender(t, mail.Options{URL: server.URL(), Connections: 3})
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			if err := s.Send(t.Context(), letter(fmt.Sprint("job-", i))); err != nil {
				t.Error(err)
			}
		})
	}

	all.Wait()
	if ever, _ := server.Connections(); ever > 3 || len(server.Messages()) != 60 {
		t.Errorf("%d letters over %d connections", len(server.Messages()), ever)
	}
}

// silent is a server that takes connections and says nothing.
func silent(t testing.TB) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestSilentServerIsLeft(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"smtp+plain", "smtp", "smtps"} {
		t.Run(scheme+" when the context ends", func(t *testing.T) {
			t.Parallel()
			s := sender(t, mail.Options{URL: scheme + "://" + silent(t), Timeout: time.Hour})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if err := s.Send(ctx, letter("1")); !errors.Is(err, context.DeadlineExceeded) || mail.Permanent(err) {
				t.Errorf("%v", err)
			}
		})
		t.Run(scheme+" after the timeout", func(t *testing.T) {
			t.Parallel()
			s := sender(
				t,
				mail.Options{URL: scheme + "://" + silent(t), Timeout: 20 * time.Millisecond, Connections: 1},
			)
			if err := s.Send(t.Context(), letter("1")); err == nil || mail.Permanent(err) {
				t.Errorf("%v", err)
			}
			if err := s.Send(t.Context(), letter("2")); err == nil || mail.Permanent(err) {
				t.Errorf("the next letter: %v", err)
			}
		})
	}
}

func TestCloseSaysGoodbye(t *testing.T) {
	t.Parallel()
	server := catch(t, catcher.Options{})
	s := sender(t, mail.Options{URL: server.URL(), IdleTimeout: time.Hour})
	if err := s.Send(t.Context(), letter("1")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := server.WaitAlone(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), letter("2")); !errors.Is(err, mail.ErrClosed) || mail.Permanent(err) {
		t.Errorf("after Close: %v", err)
	}
}

func TestNothingCanAddAHeaderOrARecipient(t *testing.T) {
	t.Parallel()
	server := catch(t, catcher.Options{})
	s := sender(t, mail.Options{URL: server.URL()})
	for name, spoil := range map[string]func(*mail.Letter){
		"a line end in the subject":     func(l *mail.Letter) { l.Subject = "Hello\r\nBcc: victim@example.com" },
		"a bare line feed":              func(l *mail.Letter) { l.Subject = "Hello\nBcc: victim@example.com" },
		"a bare carriage return":        func(l *mail.Letter) { l.Subject = "Hello\rBcc: victim@example.com" },
		"a NUL in the subject":          func(l *mail.Letter) { l.Subject = "Hello\x00" },
		"no subject":                    func(l *mail.Letter) { l.Subject = "" },
		"a line end in the address":     func(l *mail.Letter) { l.To = "a@example.com\r\nRCPT TO:<victim@example.com>" },
		"a line end in a quoted name":   func(l *mail.Letter) { l.To = "\"a\r\nb\"@example.com" },
		"two addresses":                 func(l *mail.Letter) { l.To = "a@example.com, victim@example.com" },
		"an address with a name":        func(l *mail.Letter) { l.To = "A <a@example.com>" },
		"no address":                    func(l *mail.Letter) { l.To = "" },
		"a line end in the ID":          func(l *mail.Letter) { l.ID = "1\r\nBcc: victim@example.com" },
		"an end of the ID":              func(l *mail.Letter) { l.ID = "1>" },
		"no ID":                         func(l *mail.Letter) { l.ID = "" },
		"a line end in the language":    func(l *mail.Letter) { l.Language = "en\r\nBcc: victim@example.com" },
		"a final line end, in language": func(l *mail.Letter) { l.Language = "en\n" },
		"no text":                       func(l *mail.Letter) { l.Text = "" },
		"no HTML":                       func(l *mail.Letter) { l.HTML = "" },
	} {
		l := letter("1")
		spoil(&l)
		err := s.Send(t.Context(), l)
		if !mail.Permanent(err) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "example.com") {
			t.Errorf("%s: the error names an address: %v", name, err)
		}
	}

	if ever, _ := server.Connections(); ever > 0 {
		t.Error("the server was asked all the same")
	}

	l := letter("dots")
	l.Text = "A line\n.\nQUIT\n" + l.Text
	if err := s.Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if got := server.Messages()[0].Text; got != l.Text {
		t.Errorf("a full stop on a line of its own ended the letter: %q", got)
	}
}

func TestMistakesAreToldAllTogetherAndWithoutSecrets(t *testing.T) {
	t.Parallel()
	_, err := mail.NewSender(mail.Options{
		URL: "http://user:hunter2@host", From: "nobody", MessageDomain: "a b",
		DKIM: &mail.DKIM{Domain: "-", Selector: "", Key: "hunter3"}, Timeout: -1,
	})
	if err == nil {
		t.Fatal("all was taken")
	}
	for _, want := range []string{"URL", "From", "MessageDomain", "DKIM: Domain", "DKIM: Selector", "DKIM: Key", "Timeout"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not tell of %s: %v", want, err)
		}
	}

	if strings.Contains(err.Error(), "hunter") {
		t.Errorf("the error shows a secret: %v", err)
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"smtp://host", "smtps://host/", "smtp://user:hunter2@host:2525", "smtps://user:hunter2@[2001:db8::1]:465",
		"smtp+plain://localhost", "smtp+plain://127.0.0.1:1025", "smtp+plain://[::1]:1025",
	} {
		sender(t, mail.Options{URL: good})
	}

	for _, bad := range []string{
		"", "host:25", "smtp://", "smtp:host", "smtp://user@host", "smtp://:hunter2@host", "smtp://user:hunter2/x@host", "smtp://user:12/hunter2@host",
		"smtp://user:hunter2#@host", "smtp://user:hunter2?@host", "smtp://user:hunter2%@host", "smtp://user:hunter2@host:0", "smtp://user:hunter2@host:65536",
		"smtp://host/hunter2", "smtp://host?hunter2", "smtp+plain://host", "smtp+plain://10.0.0.1", "smtp+plain://user:hunter2@localhost", "hunter2://host",
	} {
		_, err := mail.NewSender(mail.Options{URL: bad})
		if err == nil {
			t.Errorf("%s was taken", bad)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows the password: %v", bad, err)
		}
	}
}

// pemKey is a new private key in PEM, and what stands in DNS for it.
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
		key, public = priv, pub
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
	return private, "v=DKIM1; k=" + strings.TrimRight(
		kind,
		"0123456789",
	) + "; p=" + base64.StdEncoding.EncodeToString(
		public,
	)
}

func TestSignaturesHold(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"rsa", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			key, record := pemKey(t, kind)
			if kind == "ed25519" {
				record = strings.Replace(record, "k=ed;", "k=ed25519;", 1)
			}

			server := catch(t, catcher.Options{})
			s := sender(
				t,
				mail.Options{
					URL:  server.URL(),
					DKIM: &mail.DKIM{Domain: "central.consent", Selector: "2026a", Key: key},
				},
			)
			if err := s.Send(t.Context(), letter("1")); err != nil {
				t.Fatal(err)
			}

			verify := func(raw []byte) error {
				found, err := dkim.VerifyWithOptions(
					bytes.NewReader(raw),
					&dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
						if name != "2026a._domainkey.central.consent" {
							return nil, fmt.Errorf("asked for %s", name)
						}
						return []string{record}, nil
					}},
				)
				if err != nil {
					return err
				}
				if len(found) != 1 || found[0].Domain != "central.consent" {
					return fmt.Errorf("%d signatures", len(found))
				}

				return found[0].Err
			}
			raw := server.Messages()[0].Raw
			if err := verify(raw); err != nil {
				t.Errorf("the signature does not hold: %v", err)
			}

			for name, forged := range map[string][]byte{
				"another word":     bytes.Replace(raw, []byte("Citizens"), []byte("Netizens"), 1),
				"another subject":  bytes.Replace(raw, []byte("Subject: "), []byte("Subject: Not "), 1),
				"a second From":    append([]byte("From: <thief@example.com>\r\n"), raw...),
				"a second Subject": append([]byte("Subject: Win\r\n"), raw...),
			} {
				if bytes.Equal(forged, raw) || verify(forged) == nil {
					t.Errorf("%s: the signature holds all the same", name)
				}
			}
		})
	}
}

func TestWeakOrMisplacedSigningIsRefused(t *testing.T) {
	t.Parallel()
	weak, _ := pemKey(t, "rsa1024")
	strong, _ := pemKey(t, "ed25519")
	for _, test := range []struct {
		name, from, domain, key, says string
	}{
		{"a short key", "", "central.consent", weak, "fewer than 2048 bits"},
		{"somebody else's domain", "a@central.consent", "other.example", strong, "neither Domain nor below it"},
		{"a domain that only ends alike", "a@notcentral.consent", "central.consent", strong, "neither Domain nor below it"},
		{"a domain below", "a@mail.Central.consent", "central.consent", strong, ""},
	} {
		_, err := mail.NewSender(
			mail.Options{
				URL:  "smtp://host",
				From: test.from,
				DKIM: &mail.DKIM{Domain: test.domain, Selector: "s", Key: test.key},
			},
		)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
