package webhook

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestFailureMessages(t *testing.T) {
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
	byName := strings.Replace(tlsServer.URL, "127.0.0.1", "localhost", 1)

	for _, test := range []struct {
		name   string
		client *Client
		url    string
		status int
		want   string
	}{
		{"untrusted certificate", New(Options{Local: true}), tlsServer.URL, 0, "certificate is not trusted"},
		{"certificate of another name", trusting, byName, 0, "certificate is not trusted"},
		{"no TLS", trusting, strings.Replace(plain.URL, "http:", "https:", 1), 0, "TLS handshake failed"},
		{"TLS 1.1", trustingAll(), old.URL, 0, "TLS handshake failed"},
		{"closed port", trusting, "https://" + closed.Addr().String(), 0, "connection was refused"},
		{"closed connection", trustingAll(), broken, 0, "connection broke or did not speak HTTP"},
		{"another protocol", trustingAll(), garbage, 0, "connection broke or did not speak HTTP"},
		{"switched protocol", trustingAll(), switching, 101, "answered 101"},
		{"loopback name", New(Options{}), "https://localhost/", 0, "address is refused"},
		{"loopback address", New(Options{}), tlsServer.URL, 0, "address is refused"},
		{"no HTTPS", trusting, "http://example.com/", 0, "address is refused"},
		{"no URL", trusting, "", 0, "address is refused"},
		{"private address", trusting, "https://10.0.0.1/", 0, "address is refused"},
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

func TestUnknownHostName(t *testing.T) {
	t.Parallel()
	c := New(Options{})
	c.dialer.Resolver = (&names{answers: [][]string{nil}}).resolver()

	code, err := c.Post(t.Context(), delivery("https://hooks.example.com/"))
	if code != 0 || text(err) != "host name is not found" {
		t.Errorf("%d, %v", code, err)
	}
}
