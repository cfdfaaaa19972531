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
func keyed(t testing.TB, url, authorization, key, body string) answer {
	t.Helper()
	return sendWith(t, http.MethodPost, url, http.Header{
		"Authorization": {authorization}, "Content-Type": {"application/json"}, "Idempotency-Key": {key},
	}, []byte(body))
}

const newWebhook = `{"callback-url":"https://example.com/events","alert-email":"a@example.com"}`

func TestARepeatedPostWithItsKeyAnswersTheSameAndChangesNothing(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		token := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
		first := keyed(t, r.URL+"/webhooks", token, "k1", newWebhook)
		expect(t, first, http.StatusCreated, "")
		again := keyed(t, r.URL+"/webhooks", token, "k1", newWebhook)
		expect(t, again, http.StatusCreated, "")
		if again.body["signing-secret"] != first.body["signing-secret"] ||
			again.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("the repetition answers %v, the first %v", again.body, first.body)
		}
		if first.header.Get("Idempotency-Replayed") != "" || again.header.Get("Idempotency-Replayed") != "true" {
			t.Error("the repetition does not say that it is one")
		}

		a := keyed(t, r.URL+"/webhooks", token, "k1", strings.Replace(newWebhook, "/events", "/others", 1))
		expect(t, a, http.StatusUnprocessableEntity, "VAL001")
		if a.fields() != "Idempotency-Key" {
			t.Errorf("fields %q", a.fields())
		}

		expect(
			t,
			keyed(t, r.URL+"/identity-records/reidentify", token, "k1", newWebhook),
			http.StatusBadRequest,
			"VAL001",
		)
		// Another account's key is another key, and a day later it is free.
		other := bearer(t, r, "octopusflux", registerclient.RoleDataUser)
		expect(t, keyed(t, r.URL+"/webhooks", other, "k1", newWebhook), http.StatusCreated, "")
		r.Clock.Add(24 * time.Hour)
		expect(
			t,
			keyed(t, r.URL+"/webhooks", renew(t, r, "bright_energy"), "k1", newWebhook),
			http.StatusConflict,
			"CON001",
		)
	})
}

func TestARefusedPostLeavesItsKeyUnused(t *testing.T) {
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

func TestOfManyPostsWithOneKeyAtOnceOneChangesAnything(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		replica := registertest.New(t, registertest.ReplicaOf(r))
		token := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
		var all sync.WaitGroup
		var mu sync.Mutex
		irs := map[any]bool{}
		for i := range 20 {
			url := r.URL
			if i%2 == 1 {
				url = replica.URL
			}

			all.Go(func() {
				a := keyed(
					t,
					url+"/identity-records",
					token,
					"once",
					`{"pii-principal":{"mpxn":"2312345678901","move-in-date":"2022-06-30"},"expressed-by":"data-subject"}`,
				)
				mu.Lock()
				defer mu.Unlock()
				if a.status != http.StatusCreated {
					t.Errorf("%d %v", a.status, a.body)
				}

				irs[a.body["ir"]] = true
			})
		}

		all.Wait()
		found := get(t, r.URL+"/identity-records?mpxn=2312345678901", token).body["identity-records"].([]any)
		if len(irs) != 1 || len(found) != 1 {
			t.Errorf("%d answers, %d records", len(irs), len(found))
		}
	})
}
