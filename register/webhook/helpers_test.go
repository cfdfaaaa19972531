package webhook

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	secretA = "whsec_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	secretB = "whsec_f0e1d2c3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f"
	body    = `{"event-id":"evt_0123456789abcdef01234567"}`
)

// receive starts a receiver that speaks TLS, and a client that may connect to it.
func receive(t testing.TB, handler http.HandlerFunc) (*httptest.Server, *Client) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	c := New(Options{Local: true})
	trust(c, server)
	t.Cleanup(c.transport.CloseIdleConnections)

	return server, c
}

// trust makes the client trust the certificate of the server.
func trust(c *Client, server *httptest.Server) {
	c.transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	c.transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
}

func delivery(callbackURL string) Delivery {
	return Delivery{
		URL:       callbackURL,
		EventID:   "evt_0123456789abcdef01234567",
		EventType: "consent.withdrawal",
		Body:      []byte(body),
		Secrets:   Secrets{Current: secretA},
	}
}

// status returns a handler that sends this status and nothing else.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// text returns the message of err, or nothing for nil.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// raw starts a receiver that writes its responses to the TLS connection itself.
func raw(t testing.TB, respond func(net.Conn)) (string, *Client) {
	t.Helper()
	server, c := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}

		defer conn.Close()

		respond(conn)
	})

	return server.URL, c
}

// names is a name server in the process. Each question for an IPv4 address gets the next answer, and every question
// after the last answer gets the last one.
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

// serve speaks DNS over a stream: each message follows its length.
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

		length := binary.BigEndian.AppendUint16(nil, uint16(len(packed)))
		if _, err := conn.Write(append(length, packed...)); err != nil {
			return
		}
	}
}
