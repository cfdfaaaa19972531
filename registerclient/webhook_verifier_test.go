package registerclient

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// webhookVectors is testdata/webhook-vectors.json, which tests in other languages use as well.
type webhookVectors struct {
	Vectors []webhookVector `json:"vectors"`
}

type webhookVector struct {
	Name    string            `json:"name"`
	Secrets []string          `json:"secrets"`
	Now     int64             `json:"now"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Result  string            `json:"result"`
}

var webhookResults = map[string]error{
	"accepted": nil, "bad-signature": ErrSignature, "bad-timestamp": ErrTimestamp, "bad-event": ErrEvent,
}

func (v webhookVector) header() http.Header {
	header := http.Header{}
	for name, value := range v.Headers {
		header.Set(name, value)
	}

	return header
}

func readWebhookVectors(t testing.TB) []webhookVector {
	t.Helper()
	var file webhookVectors
	if err := json.Unmarshal(testdata(t, "webhook-vectors.json"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) == 0 {
		t.Fatal("there are no vectors")
	}

	return file.Vectors
}

func newVerifier(t testing.TB, secrets ...string) *WebhookVerifier {
	t.Helper()
	v, err := NewWebhookVerifier(secrets...)
	if err != nil {
		t.Fatal(err)
	}

	return v
}

func TestWebhookVectors(t *testing.T) {
	t.Parallel()
	var seen []string
	for _, vector := range readWebhookVectors(t) {
		t.Run(vector.Name, func(t *testing.T) {
			want, ok := webhookResults[vector.Result]
			if !ok {
				t.Fatalf("unknown result %q", vector.Result)
			}

			seen = append(seen, vector.Result)
			verifier := newVerifier(t, vector.Secrets...)
			event, err := verifier.Verify(vector.header(), []byte(vector.Body), time.Unix(vector.Now, 0))
			if !errors.Is(err, want) || (event == nil) != (err != nil) {
				t.Fatalf("%+v, %v; want %s", event, err, vector.Result)
			}

			if err != nil {
				for _, secret := range append(vector.Secrets, "2312345678901", vector.Headers["webhook-signature"]) {
					if secret != "" && strings.Contains(err.Error(), secret) {
						t.Errorf("%q shows %s", err, secret)
					}
				}
			}
		})
	}

	for result := range webhookResults {
		if !slices.Contains(seen, result) {
			t.Errorf("no vector is %s", result)
		}
	}
}

const (
	webhookSecret = "whsec_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	webhookAt     = 1777813389
)

// signWebhook signs with webhookSecret, without the code under test.
func signWebhook(id, timestamp, body string) http.Header {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(webhookSecret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, body)
	header := http.Header{}
	header.Set("webhook-id", id)
	header.Set("webhook-timestamp", timestamp)
	header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))

	return header
}

func TestVerifyRefusesSignedRequests(t *testing.T) {
	t.Parallel()
	const (
		id   = "evt_1"
		good = `{"event-id":"evt_1","event-type":"x","occurred-at":"2026-05-03T13:03:09Z","wid":"wid_1","payload":null}`
	)
	at := strconv.Itoa(webhookAt)
	for _, test := range []struct {
		name, timestamp, body string
		want                  error
	}{
		{"good", at, good, nil},
		{"time is empty", "", good, ErrTimestamp},
		{"time is no number", "now", good, ErrTimestamp},
		{"time is a fraction", at + ".0", good, ErrTimestamp},
		{"time in milliseconds", at + "000", good, ErrTimestamp},
		{"time is the least number", "-9223372036854775808", good, ErrTimestamp},
		{"time is the greatest number", "9223372036854775807", good, ErrTimestamp},
		{"time is no 64-bit number", "9223372036854775808", good, ErrTimestamp},
		{"body is empty", at, "", ErrEvent},
		{"body is null", at, "null", ErrEvent},
		{"body is a list", at, "[" + good + "]", ErrEvent},
		{"something after the event", at, good + good, ErrEvent},
		{"no type", at, strings.Replace(good, `"x"`, `""`, 1), ErrEvent},
		{"no subscription", at, strings.Replace(good, `"wid"`, `"w"`, 1), ErrEvent},
		{"no time of occurrence", at, strings.Replace(good, `"occurred-at"`, `"at"`, 1), ErrEvent},
		{"no id", at, strings.Replace(good, `"event-id"`, `"id"`, 1), ErrEvent},
	} {
		header := signWebhook(id, test.timestamp, test.body)
		_, err := newVerifier(t, webhookSecret).Verify(header, []byte(test.body), time.Unix(webhookAt, 0))
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestNewWebhookVerifierRefuses(t *testing.T) {
	t.Parallel()
	for name, secrets := range map[string][]string{
		"none":                   nil,
		"empty":                  {""},
		"the prefix alone":       {"whsec_"},
		"no prefix":              {strings.TrimPrefix(webhookSecret, "whsec_")},
		"too short":              {"whsec_00112233445566778899aabbccddee"},
		"no base64":              {"whsec_00112233445566778899aabbccddeeff0011223344556677.899aabbccddeeff"},
		"an account's secret":    {"portal-secret-demo"},
		"the second of two":      {webhookSecret, "portal-secret-demo"},
		"prefix in other letter": {"WHSEC_" + strings.TrimPrefix(webhookSecret, "whsec_")},
	} {
		v, err := NewWebhookVerifier(secrets...)
		if err == nil || v != nil || strings.Contains(err.Error(), "portal-secret-demo") {
			t.Errorf("%s: %v", name, err)
		}
	}

	header := signWebhook("evt_1", "1777813389", "{}")
	_, err := new(WebhookVerifier).Verify(header, []byte("{}"), time.Unix(webhookAt, 0))
	if !errors.Is(err, ErrSignature) {
		t.Errorf("a verifier without secrets: %v", err)
	}
}

func TestVerifierPrintsNoSecret(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, "whsec_"+base64.StdEncoding.EncodeToString([]byte("canary-canary-canary-canary")))
	for _, printed := range []string{fmt.Sprintf("%v %+v %#v", v, v, v), fmt.Sprintf("%+v %#v", *v, *v)} {
		if strings.Contains(printed, "canary") || strings.Contains(printed, "63616e617279") ||
			strings.Contains(printed, "99 97 110 97 114 121") {
			t.Error(printed)
		}
	}
}

func TestReadRequestBoundsTheBody(t *testing.T) {
	t.Parallel()
	post := func(body io.Reader) error {
		request := httptest.NewRequest(http.MethodPost, "/", body)
		_, err := newVerifier(t, webhookSecret).ReadRequest(request, time.Unix(webhookAt, 0))

		return err
	}
	if err := post(strings.NewReader(strings.Repeat(" ", maxEvent))); !errors.Is(err, ErrSignature) {
		t.Errorf("as long as allowed: %v", err)
	}
	if err := post(strings.NewReader(strings.Repeat(" ", maxEvent+1))); !errors.Is(err, ErrTooLong) {
		t.Errorf("too long: %v", err)
	}
	if err := post(endless{}); !errors.Is(err, ErrTooLong) {
		t.Errorf("endless: %v", err)
	}
	if err := post(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("unexpected end: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// FuzzVerify compares the verifier with a plain implementation of the rule.
func FuzzVerify(f *testing.F) {
	for _, vector := range readWebhookVectors(f) {
		f.Add(
			vector.Headers["webhook-id"],
			vector.Headers["webhook-timestamp"],
			vector.Headers["webhook-signature"],
			[]byte(vector.Body),
			vector.Now,
		)
	}

	verifier := newVerifier(f, webhookSecret)
	f.Fuzz(func(t *testing.T, id, timestamp, signature string, body []byte, now int64) {
		// No clock is 70,000 years wrong.
		now %= 1 << 41
		header := http.Header{}
		header.Set("webhook-id", id)
		header.Set("webhook-timestamp", timestamp)
		header.Set("webhook-signature", signature)
		event, err := verifier.Verify(header, body, time.Unix(now, 0))

		want := signWebhook(id, timestamp, string(body)).Get("webhook-signature")
		signed := id != "" && slices.Contains(strings.Split(signature, " "), want)
		at, notNumber := strconv.ParseInt(timestamp, 10, 64)
		fresh := notNumber == nil && at >= now-300 && at <= now+300
		switch {
		case !signed && !errors.Is(err, ErrSignature), signed && !fresh && !errors.Is(err, ErrTimestamp):
			t.Fatalf("%v, signed %t, fresh %t", err, signed, fresh)
		case signed && fresh && err != nil && !errors.Is(err, ErrEvent):
			t.Fatal(err)
		case err == nil && (event.EventID != id || event.EventType == ""):
			t.Fatalf("%+v for %q", event, id)
		}

		if err == nil {
			// A receiver may call any of them, and none may panic.
			event.ConsentExpiring()
			event.ConsentWithdrawal()
			event.TenancyChange()
		}

		// A valid signature is never refused as ErrSignature, with any content and time.
		_, err = verifier.Verify(signWebhook(id, timestamp, string(body)), body, time.Unix(now, 0))
		if id != "" && errors.Is(err, ErrSignature) {
			t.Fatalf("signed, and %v", err)
		}
	})
}
