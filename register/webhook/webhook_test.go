package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"golang.org/x/net/dns/dnsmessage"
)

const (
	secretA = "whsec_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	secretB = "whsec_f0e1d2c3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f"
	body    = `{"event-id":"evt_0123456789abcdef01234567"}`
)

// receive starts a receiver that speaks TLS, and a client that is allowed to reach it.
func receive(t testing.TB, answer http.HandlerFunc) (*httptest.Server, *Client) {
	t.Helper()
	server := httptest.NewUnstartedServer(answer)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	c := New(Options{Local: true})
	trust(c, server)
	t.Cleanup(c.transport.CloseIdleConnections)

	return server, c
}

func trust(c *Client, server *httptest.Server) {
	c.transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	c.transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
}

func delivery(url string) Delivery {
	return Delivery{
		URL:       url,
		EventID:   "evt_0123456789abcdef01234567",
		EventType: "consent.withdrawal",
		Body:      []byte(body),
		Secrets:   Secrets{Current: secretA},
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestOnly2xxIsSuccess(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{
		200: "", 201: "", 202: "", 204: "", 206: "", 299: "",
		300: "answered 300: redirects are not followed", 304: "answered 304: redirects are not followed",
		400: "answered 400", 401: "answered 401", 404: "answered 404", 410: "answered 410", 429: "answered 429",
		500: "answered 500", 503: "answered 503", 599: "answered 599", 999: "answered 999",
	} {
		server, c := receive(t, status(code))
		got, err := c.Post(t.Context(), delivery(server.URL))
		if got != code || text(err) != want {
			t.Errorf("%d: %d, %v", code, got, err)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	for _, code := range []int{301, 302, 303, 307, 308} {
		server, c := receive(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				reached.Add(1)
			}
			http.Redirect(w, r, "/elsewhere", code)
		})
		got, err := c.Post(t.Context(), delivery(server.URL+"/here"))
		if want := fmt.Sprintf("answered %d: redirects are not followed", code); got != code || text(err) != want {
			t.Errorf("%d: %d, %v", code, got, err)
		}
	}

	if reached.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func TestRequestIsAsDocumented(t *testing.T) {
	t.Parallel()
	type got struct {
		r    *http.Request
		body string
	}
	requests := make(chan got, 2)
	server, c := receive(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		requests <- got{r, string(b)}
	})
	c.clock = func() time.Time { return time.Unix(1777813389, 999) }
	for range 2 {
		if _, err := c.Post(t.Context(), delivery(server.URL+"/dar?tenant=7")); err != nil {
			t.Fatal(err)
		}

		g := <-requests
		if g.r.Method != http.MethodPost || g.r.RequestURI != "/dar?tenant=7" || g.body != body ||
			g.r.ContentLength != int64(len(body)) {
			t.Errorf("%s %s %d %q", g.r.Method, g.r.RequestURI, g.r.ContentLength, g.body)
		}

		for name, want := range map[string]string{
			"Content-Type": "application/json", "User-Agent": "dar-register/1", "X-DAR-Event": "consent.withdrawal", "X-DAR-Timestamp": "1777813389",
			"webhook-id": "evt_0123456789abcdef01234567", "webhook-timestamp": "1777813389", "Cookie": "", "Accept-Encoding": "", "Authorization": "", "Referer": "",
		} {
			if value := g.r.Header.Get(name); value != want {
				t.Errorf("%s: %q, want %q", name, value, want)
			}
		}
	}
}

// vector is one of registerclient/testdata, of which Sender is the register's side.
type vector struct {
	Name    string            `json:"name"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Sender  *struct {
		Current  string `json:"current"`
		Previous string `json:"previous"`
		Queued   string `json:"queued"`
	} `json:"sender"`
}

func TestSignaturesAreThePublishedVectors(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../registerclient/testdata/webhook-vectors.json")
	if err != nil {
		t.Fatal(err)
	}

	var file struct {
		Vectors []vector `json:"vectors"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}

	var tried int
	for _, v := range file.Vectors {
		if v.Sender == nil {
			continue
		}

		tried++
		var at int64
		fmt.Sscan(v.Headers["webhook-timestamp"], &at)
		now := time.Unix(at, 0)
		d := Delivery{
			EventID: v.Headers["webhook-id"], EventType: v.Headers["X-DAR-Event"], Body: []byte(v.Body), QueuedAt: now,
			Secrets: Secrets{Current: v.Sender.Current, Previous: v.Sender.Previous},
		}
		if v.Sender.Previous != "" {
			d.Secrets.RotatedAt = now.Add(-time.Minute)
			d.Secrets.PreviousUntil = now.Add(14 * time.Minute)
		}
		if v.Sender.Queued == "before the rotation" {
			d.QueuedAt = now.Add(-2 * time.Minute)
		}

		header, err := sign(d, now)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		for name, want := range v.Headers {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s\n got %s\nwant %s", v.Name, name, got, want)
			}
		}

		if len(header) != len(v.Headers) {
			t.Errorf("%s: %v", v.Name, header)
		}
	}

	if tried < 8 {
		t.Errorf("only %d vectors", tried)
	}
}

func TestRotationEndsToTheSecond(t *testing.T) {
	t.Parallel()
	rotated := time.Unix(1777813389, 0)
	until := rotated.Add(15 * time.Minute)
	before := rotated.Add(-time.Nanosecond)
	after := rotated
	for _, test := range []struct {
		name        string
		queued, now time.Time
		published   string
		both        bool
	}{
		{"queued before, sent at once", before, rotated, secretA, true},
		{"queued before, sent as the grace ends", before, until.Add(-time.Nanosecond), secretA, true},
		{"queued before, sent when it has ended", before, until, secretB, false},
		{"queued with the rotation", after, rotated, secretB, true},
		{"queued after, sent as the grace ends", after, until.Add(-time.Nanosecond), secretB, true},
		{"queued after, sent when it has ended", after, until, secretB, false},
	} {
		header, err := sign(Delivery{
			EventID: "evt_1", Body: []byte(body), QueuedAt: test.queued,
			Secrets: Secrets{Current: secretB, Previous: secretA, RotatedAt: rotated, PreviousUntil: until},
		}, test.now)
		if err != nil {
			t.Fatal(err)
		}

		only := Secrets{Current: test.published}
		if got := header.Get("X-DAR-Signature"); got != only.published([]byte(body), test.queued, test.now) {
			t.Errorf("%s: X-DAR-Signature is of the other secret", test.name)
		}
		if got := strings.Count(header.Get("webhook-signature"), " ") == 1; got != test.both {
			t.Errorf("%s: %s", test.name, header.Get("webhook-signature"))
		}
	}
}

// An existing library has to take what is sent, with either secret while both are good. It reads the time of day.
func TestStandardWebhooksLibraryVerifies(t *testing.T) {
	t.Parallel()
	type got struct {
		header http.Header
		body   []byte
	}
	requests := make(chan got, 1)
	server, c := receive(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		requests <- got{r.Header, b}
	})
	current := NewSecret()
	previous := NewSecret()
	stranger := NewSecret()
	now := time.Now()
	for _, test := range []struct {
		name    string
		secrets Secrets
		good    []string
		bad     []string
	}{
		{"never rotated", Secrets{Current: current}, []string{current}, []string{previous, stranger}},
		{"in the grace", Secrets{Current: current, Previous: previous, RotatedAt: now, PreviousUntil: now.Add(15 * time.Minute)},
			[]string{current, previous}, []string{stranger}},
		{"after the grace", Secrets{Current: current, Previous: previous, RotatedAt: now.Add(-time.Hour), PreviousUntil: now.Add(-45 * time.Minute)},
			[]string{current}, []string{previous, stranger}},
	} {
		d := delivery(server.URL)
		d.Secrets = test.secrets
		if _, err := c.Post(t.Context(), d); err != nil {
			t.Fatal(err)
		}

		g := <-requests
		verify := func(secret string, body []byte) error {
			library, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			return library.Verify(body, g.header)
		}
		for _, secret := range test.good {
			if err := verify(secret, g.body); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			if verify(secret, append(bytes.Clone(g.body), ' ')) == nil {
				t.Errorf("%s: a changed body is taken", test.name)
			}
		}

		for _, secret := range test.bad {
			if verify(secret, g.body) == nil {
				t.Errorf("%s: a secret that is not good is taken", test.name)
			}
		}
	}
}

func TestNewSecret(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^whsec_[0-9a-f]{64}$`)
	a := NewSecret()
	b := NewSecret()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(a, "whsec_"))
	if !form.MatchString(a) || !form.MatchString(b) || a == b || err != nil || len(key) != 48 {
		t.Errorf("%s %s %v", a, b, err)
	}
}

func TestMalformedSecretSendsNothing(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	server, c := receive(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	for _, secrets := range []Secrets{
		{}, {Current: "whsec_"}, {Current: "whsec_0011"}, {Current: strings.TrimPrefix(secretA, "whsec_")},
		{Current: "whsec_" + strings.Repeat("!", 64)}, {Current: secretA, Previous: "x", PreviousUntil: time.Now().Add(time.Hour)},
	} {
		d := delivery(server.URL)
		d.Secrets = secrets
		if code, err := c.Post(t.Context(), d); code != 0 || text(err) != "signing secret is malformed" {
			t.Errorf("%d, %v", code, err)
		}
	}

	if reached.Load() != 0 {
		t.Error("something was sent")
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	d := delivery("https://example.com")
	d.Secrets.Previous = secretB
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("", "secrets", d.Secrets, "delivery", d)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("", "secrets", d.Secrets, "delivery", d)
	printed := fmt.Sprintf("%v %+v %#v %s %q", d.Secrets, d, d, d.Secrets, d.Secrets) + logged.String()
	if strings.Contains(printed, "0011") || strings.Contains(printed, "f0e1") {
		t.Error(printed)
	}
}

func TestHungReceiverIsGivenUp(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server, c := receive(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	c.timeout = 50 * time.Millisecond
	if code, err := c.Post(
		t.Context(),
		delivery(server.URL),
	); code != 0 || text(err) != "timed out" ||
		errors.Is(err, context.Canceled) {
		t.Errorf("%d, %v", code, err)
	}
}

func TestTimeIsTenSecondsInAll(t *testing.T) {
	t.Parallel()
	if c := New(Options{}); c.timeout != 10*time.Second {
		t.Error(c.timeout)
	}
}

func TestCallerWhoGivesUpIsNoFailureOfTheReceiver(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	server, c := receive(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	if code, err := c.Post(ctx, delivery(server.URL)); code != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d, %v", code, err)
	}
}

// raw starts a receiver that answers by hand, over TLS.
func raw(t testing.TB, answer func(net.Conn)) (string, *Client) {
	t.Helper()
	server, c := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}

		defer conn.Close()
		answer(conn)
	})
	return server.URL, c
}

func TestHeaderThatDripsIsGivenUp(t *testing.T) {
	t.Parallel()
	url, c := raw(t, func(conn net.Conn) {
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for {
			if _, err := io.WriteString(conn, "a: b\r\n"); err != nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
	c.timeout = 80 * time.Millisecond
	if code, err := c.Post(t.Context(), delivery(url)); code != 0 || text(err) != "timed out" {
		t.Errorf("%d, %v", code, err)
	}
}

func TestEndlessHeaderIsRefused(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"many": "a: b\r\n",
		"long": strings.Repeat("a", 4096),
	} {
		sent := make(chan int, 1)
		url, c := raw(t, func(conn net.Conn) {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			total := 0
			for total < 64<<20 {
				n, err := io.WriteString(conn, line)
				if total += n; err != nil {
					break
				}
			}

			sent <- total
		})
		if code, err := c.Post(
			t.Context(),
			delivery(url),
		); code != 0 ||
			text(err) != "connection broke or did not speak HTTP" {
			t.Errorf("%s: %d, %v", name, code, err)
		}
		if total := <-sent; total >= 64<<20 {
			t.Errorf("%s: all was read", name)
		}
	}
}

// The status tells all: neither body may hold a worker, nor undo the success.
func TestBodyThatDripsOrNeverEndsIsCutOff(t *testing.T) {
	t.Parallel()
	for name, pause := range map[string]time.Duration{"drips": 5 * time.Millisecond, "never ends": 0} {
		done := make(chan int, 1)
		url, c := raw(t, func(conn net.Conn) {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
			chunk := bytes.Repeat([]byte("x"), 4096)
			if pause > 0 {
				chunk = chunk[:1]
			}

			total := 0
			for total < 256<<20 {
				n, err := conn.Write(chunk)
				if total += n; err != nil {
					break
				}
				time.Sleep(pause)
			}

			done <- total
		})
		c.drainFor = 60 * time.Millisecond
		start := time.Now()
		code, err := c.Post(t.Context(), delivery(url))
		if code != 200 || err != nil {
			t.Errorf("%s: %d, %v", name, code, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		if total := <-done; total >= 256<<20 {
			t.Errorf("%s: all was read", name)
		}
	}
}

func TestCompressedBodyIsNotUnpacked(t *testing.T) {
	t.Parallel()
	if c := New(Options{}); !c.transport.DisableCompression {
		t.Error("a small body may be unpacked to a large one")
	}
}

func TestConnectionIsUsedAgain(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	server, c := receive(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "thanks") })
	dial := c.dialer.DialContext
	c.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		opened.Add(1)
		return dial(ctx, network, address)
	}
	for range 5 {
		if _, err := c.Post(t.Context(), delivery(server.URL)); err != nil {
			t.Fatal(err)
		}
	}

	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections for five events", n)
	}
}

func TestFailuresAreToldInPlainWords(t *testing.T) {
	t.Parallel()
	tlsServer, trusting := receive(t, status(200))
	plain := httptest.NewServer(status(200))
	t.Cleanup(plain.Close)
	old := httptest.NewUnstartedServer(status(200))
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	old.StartTLS()
	t.Cleanup(old.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	closed.Close()
	broken, _ := raw(t, func(net.Conn) {})
	garbage, _ := raw(t, func(conn net.Conn) { io.WriteString(conn, "SSH-2.0-canary\r\n\r\n") })
	switching, _ := raw(t, func(conn net.Conn) {
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: canary\r\n\r\n")
	})
	trustingAll := func() *Client {
		c := New(Options{Local: true})
		c.transport.TLSClientConfig.InsecureSkipVerify = true
		return c
	}

	for _, test := range []struct {
		name   string
		client *Client
		url    string
		status int
		want   string
	}{
		{"certificate of nobody", New(Options{Local: true}), tlsServer.URL, 0, "certificate is not trusted"},
		{"certificate for another name", trusting, strings.Replace(tlsServer.URL, "127.0.0.1", "localhost", 1), 0, "certificate is not trusted"},
		{"no TLS", trusting, strings.Replace(plain.URL, "http:", "https:", 1), 0, "TLS handshake failed"},
		{"TLS of the last century", trustingAll(), old.URL, 0, "TLS handshake failed"},
		{"nobody listens", trusting, "https://" + closed.Addr().String(), 0, "connection was refused"},
		{"hangs up", trustingAll(), broken, 0, "connection broke or did not speak HTTP"},
		{"speaks something else", trustingAll(), garbage, 0, "connection broke or did not speak HTTP"},
		{"changes the protocol", trustingAll(), switching, 101, "answered 101"},
		{"loopback, by name, from a register on the internet", New(Options{}), "https://localhost/", 0, "address is refused"},
		{"loopback, by number, from a register on the internet", New(Options{}), tlsServer.URL, 0, "address is refused"},
		{"no https", trusting, "http://example.com/", 0, "address is refused"},
		{"no address", trusting, "", 0, "address is refused"},
		{"a private address", trusting, "https://10.0.0.1/", 0, "address is refused"},
	} {
		d := delivery(test.url + "/canary?key=canary")
		d.Body = []byte("canary")
		got, err := test.client.Post(t.Context(), d)
		if got != test.status || text(err) != test.want {
			t.Errorf("%s: %d, %v; want %s", test.name, got, err, test.want)
		}

		test.client.transport.CloseIdleConnections()
	}
}

func TestEnvironmentsProxyIsNotUsed(t *testing.T) {
	t.Parallel()
	// The environment is read once by net/http, so that a test cannot set it: what counts is that nothing asks.
	if New(Options{}).transport.Proxy != nil {
		t.Error("deliveries go through a proxy")
	}
}

// names is a name server in the process: each question for an IPv4 address gets the next answer, the last for ever.
type names struct {
	mu      sync.Mutex
	answers [][]string
	asked   int
}

func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go n.serve(server)
		return client, nil
	}}
}

// serve speaks DNS as over TCP, each message behind its length.
func (n *names) serve(conn net.Conn) {
	defer conn.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}

		packed := make([]byte, binary.BigEndian.Uint16(size[:]))
		var question dnsmessage.Message
		if _, err := io.ReadFull(conn, packed); err != nil || question.Unpack(packed) != nil {
			return
		}

		answer := dnsmessage.Message{
			Header:    dnsmessage.Header{ID: question.ID, Response: true, RecursionAvailable: true},
			Questions: question.Questions,
		}
		if question.Questions[0].Type == dnsmessage.TypeA {
			n.mu.Lock()
			for _, address := range n.answers[min(n.asked, len(n.answers)-1)] {
				answer.Answers = append(answer.Answers, dnsmessage.Resource{
					Header: dnsmessage.ResourceHeader{
						Name:  question.Questions[0].Name,
						Type:  dnsmessage.TypeA,
						Class: dnsmessage.ClassINET,
					},
					Body: &dnsmessage.AResource{A: [4]byte(net.ParseIP(address).To4())},
				})
			}

			n.asked++
			n.mu.Unlock()
		}

		packed, err := answer.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(
			append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...),
		); err != nil {
			return
		}
	}
}

func TestNameThatLeadsInsideIsRefused(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255"} {
		c := New(Options{})
		c.dialer.Resolver = (&names{answers: [][]string{{address}}}).resolver()
		if code, err := c.Post(
			t.Context(),
			delivery("https://hooks.example.com/"),
		); code != 0 ||
			text(err) != "address is refused" {
			t.Errorf("%s: %d, %v", address, code, err)
		}
	}
}

// A name may lead elsewhere each time that it is asked, and to several places at once. Nothing is reached but what the
// dialer allows at that moment.
func TestRebindingIsUseless(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	server, local := receive(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	strict := New(Options{})
	trust(strict, server)
	// The rule of a register on the internet, but for the port: a test cannot have 443.
	strict.dialer.Control = func(_, address string, _ syscall.RawConn) error {
		host, _, _ := net.SplitHostPort(address)
		return checkAddress(net.JoinHostPort(host, "443"), false)
	}
	rebinding := &names{answers: [][]string{{"127.0.0.1"}, {"10.0.0.1", "127.0.0.1"}, {"127.0.0.1", "127.0.0.2"}}}
	for _, c := range []*Client{local, strict} {
		c.dialer.Resolver = rebinding.resolver()
		c.transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return c.dialer.DialContext(ctx, network, net.JoinHostPort("example.com", port))
		}
	}

	if _, err := local.Post(t.Context(), delivery("https://example.com/")); err != nil || reached.Load() != 1 {
		t.Fatalf("%v: the test's name server does not work", err)
	}
	for range 3 {
		if _, err := strict.Post(t.Context(), delivery("https://example.com/")); text(err) != "address is refused" {
			t.Error(err)
		}
	}

	if reached.Load() != 1 {
		t.Error("the receiver was reached")
	}
}

func TestNameThatIsNoneIsTold(t *testing.T) {
	t.Parallel()
	c := New(Options{})
	c.dialer.Resolver = (&names{answers: [][]string{nil}}).resolver()
	if code, err := c.Post(
		t.Context(),
		delivery("https://hooks.example.com/"),
	); code != 0 ||
		text(err) != "host name is not found" {
		t.Errorf("%d, %v", code, err)
	}
}
