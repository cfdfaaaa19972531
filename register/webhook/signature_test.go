package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// vector is one of webhook-vectors.json. Sender holds what the register knows and the receiver does not.
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

	var checked int
	for _, v := range file.Vectors {
		if v.Sender == nil {
			continue
		}

		checked++

		var at int64
		fmt.Sscan(v.Headers["webhook-timestamp"], &at)
		now := time.Unix(at, 0)
		d := Delivery{
			EventID:   v.Headers["webhook-id"],
			EventType: v.Headers["X-DAR-Event"],
			QueuedAt:  now,
			Body:      []byte(v.Body),
			Secrets:   Secrets{Current: v.Sender.Current, Previous: v.Sender.Previous},
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

	if checked < 8 {
		t.Errorf("only %d vectors", checked)
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
		secret      string
		both        bool
	}{
		{"queued before, sent at once", before, rotated, secretA, true},
		{"queued before, sent as the grace period ends", before, until.Add(-time.Nanosecond), secretA, true},
		{"queued before, sent when it has ended", before, until, secretB, false},
		{"queued with the rotation", after, rotated, secretB, true},
		{"queued after, sent as the grace period ends", after, until.Add(-time.Nanosecond), secretB, true},
		{"queued after, sent when it has ended", after, until, secretB, false},
	} {
		header, err := sign(Delivery{
			EventID: "evt_1", Body: []byte(body), QueuedAt: test.queued,
			Secrets: Secrets{Current: secretB, Previous: secretA, RotatedAt: rotated, PreviousUntil: until},
		}, test.now)
		if err != nil {
			t.Fatal(err)
		}

		only := Secrets{Current: test.secret}
		if got := header.Get("X-DAR-Signature"); got != only.darSignature([]byte(body), test.queued, test.now) {
			t.Errorf("%s: X-DAR-Signature uses the other secret", test.name)
		}
		if got := strings.Count(header.Get("webhook-signature"), " ") == 1; got != test.both {
			t.Errorf("%s: %s", test.name, header.Get("webhook-signature"))
		}
	}
}

// TestStandardWebhooksLibraryVerifies holds the signature against a library of Standard Webhooks, with either secret
// while both are valid. The library reads the system clock.
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
	rotatedAt := func(at time.Time) Secrets {
		return Secrets{Current: current, Previous: previous, RotatedAt: at, PreviousUntil: at.Add(15 * time.Minute)}
	}

	for _, test := range []struct {
		name    string
		secrets Secrets
		good    []string
		bad     []string
	}{
		{"never rotated", Secrets{Current: current}, []string{current}, []string{previous, stranger}},
		{"in the grace period", rotatedAt(now), []string{current, previous}, []string{stranger}},
		{"after the grace period", rotatedAt(now.Add(-time.Hour)), []string{current}, []string{previous, stranger}},
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
				t.Errorf("%s: a changed body is accepted", test.name)
			}
		}

		for _, secret := range test.bad {
			if verify(secret, g.body) == nil {
				t.Errorf("%s: an invalid secret is accepted", test.name)
			}
		}
	}
}

func TestMalformedSecretSendsNothing(t *testing.T) {
	t.Parallel()

	var requests atomic.Int32
	server, c := receive(t, func(http.ResponseWriter, *http.Request) { requests.Add(1) })
	for _, secrets := range []Secrets{
		{},
		{Current: "whsec_"},
		{Current: "whsec_0011"},
		{Current: strings.TrimPrefix(secretA, "whsec_")},
		{Current: "whsec_" + strings.Repeat("!", 64)},
		{Current: secretA, Previous: "x", PreviousUntil: time.Now().Add(time.Hour)},
	} {
		d := delivery(server.URL)
		d.Secrets = secrets
		if code, err := c.Post(t.Context(), d); code != 0 || text(err) != "signing secret is malformed" {
			t.Errorf("%d, %v", code, err)
		}
	}

	if requests.Load() != 0 {
		t.Error("a request was sent")
	}
}
