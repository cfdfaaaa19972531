package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// keyed posts with an Idempotency-Key.
func keyed(t testing.TB, address, authorization, key, body string) reply {
	t.Helper()

	return sendWith(t, http.MethodPost, address, http.Header{
		"Authorization":   {authorization},
		"Content-Type":    {"application/json"},
		"Idempotency-Key": {key},
	}, []byte(body))
}

const newWebhook = `{"callback-url":"https://example.com/events","alert-email":"a@example.com"}`

// A POST is idempotent with an Idempotency-Key: a repetition within a day gets the stored response and changes nothing.
// Another request with the key is refused. A key belongs to its account.
func TestRepeatedPost(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		token := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
		first := keyed(t, r.URL+"/webhooks", token, "k1", newWebhook)
		expect(t, first, http.StatusCreated, "")
		again := keyed(t, r.URL+"/webhooks", token, "k1", newWebhook)
		expect(t, again, http.StatusCreated, "")
		if again.text != first.text {
			t.Errorf("the repetition got %q, the first %q: not the same bytes", again.text, first.text)
		}
		if again.body["signing-secret"] != first.body["signing-secret"] ||
			again.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("the repetition got %v, the first %v", again.body, first.body)
		}
		if first.header.Get("Idempotency-Replayed") != "" || again.header.Get("Idempotency-Replayed") != "true" {
			t.Error("Idempotency-Replayed does not mark the repetition only")
		}

		a := keyed(t, r.URL+"/webhooks", token, "k1", strings.Replace(newWebhook, "/events", "/others", 1))
		expect(t, a, http.StatusUnprocessableEntity, "VAL001")
		if a.fields() != "Idempotency-Key" {
			t.Errorf("the errors name %q", a.fields())
		}

		a = keyed(t, r.URL+"/identity-records/reidentify", token, "k1", newWebhook)
		expect(t, a, http.StatusBadRequest, "VAL001")

		// Another account's key is another key. A day later the key is free.
		other := bearer(t, r, "octopusflux", registerclient.RoleDataUser)
		expect(t, keyed(t, r.URL+"/webhooks", other, "k1", newWebhook), http.StatusCreated, "")
		r.Clock.Add(24 * time.Hour)
		a = keyed(t, r.URL+"/webhooks", renew(t, r, "bright_energy"), "k1", newWebhook)
		expect(t, a, http.StatusConflict, "CON001")
	})
}

// A refused POST leaves its key unused. A malformed key is refused.
func TestRefusedPostLeavesItsKeyUnused(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	token := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	expect(t, keyed(t, r.URL+"/webhooks", token, "k1", `{}`), http.StatusBadRequest, "VAL001")
	expect(t, keyed(t, r.URL+"/webhooks", token, "k1", newWebhook), http.StatusCreated, "")
	for _, key := range []string{"with space", strings.Repeat("k", 256), "é"} {
		a := keyed(t, r.URL+"/webhooks", token, key, newWebhook)
		if a.status != http.StatusBadRequest || a.fields() != "Idempotency-Key" {
			t.Errorf("key %q: %d %q", key, a.status, a.fields())
		}
	}
}

// Of concurrent POSTs with one key, on two replicas, one makes the change, and all get its response.
func TestConcurrentPosts(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		replica := registertest.New(t, registertest.ReplicaOf(r))
		token := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
		const person = `{"mpxn":"2312345678901","move-in-date":"2022-06-30"}`
		const body = `{"pii-principal":` + person + `,"expressed-by":"data-subject"}`
		var posts sync.WaitGroup
		var mu sync.Mutex
		irs := map[any]bool{}
		for i := range 20 {
			base := []string{r.URL, replica.URL}[i%2]
			posts.Go(func() {
				a := keyed(t, base+"/identity-records", token, "once", body)
				mu.Lock()
				defer mu.Unlock()
				if a.status != http.StatusCreated {
					t.Errorf("%d %v", a.status, a.body)
				}

				irs[a.body["ir"]] = true
			})
		}

		posts.Wait()
		found := get(t, r.URL+"/identity-records?mpxn=2312345678901", token).body["identity-records"].([]any)
		if len(irs) != 1 || len(found) != 1 {
			t.Errorf("%d keys, %d records, want 1 and 1", len(irs), len(found))
		}
	})
}
