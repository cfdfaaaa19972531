package registerclient_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"central.consent/dar/registerclient"
)

// A receiver stores an event before it responds, and processes each event-id only once. This example stores the ids in
// a map; a receiver in production stores them in a table with the id as its key.
func ExampleWebhookVerifier() {
	verifier, err := registerclient.NewWebhookVerifier(
		"whsec_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
	)
	if err != nil {
		log.Fatal(err)
	}

	// A receiver in production uses time.Now.
	now := func() time.Time { return time.Unix(1777813391, 0) }
	seen := map[string]bool{}

	receive := func(w http.ResponseWriter, r *http.Request) {
		event, err := verifier.ReadRequest(r, now())
		if err != nil {
			fmt.Println(err)
			http.Error(w, "not accepted", http.StatusUnauthorized)
			return
		}

		if seen[event.EventID] {
			w.WriteHeader(http.StatusNoContent)
			return
		}

		switch event.EventType {
		case registerclient.EventConsentWithdrawal:
			withdrawal, err := event.ConsentWithdrawal()
			if err != nil {
				http.Error(w, "not understood", http.StatusBadRequest)
				return
			}

			fmt.Println("stop reading under", withdrawal.AK)
		default:
			// Ignore the event, and do not ask for it again.
		}

		seen[event.EventID] = true
		w.WriteHeader(http.StatusNoContent)
	}

	// An event, the same event again, and a forged copy of it.
	const body = `{"event-id":"evt_0123456789abcdef01234567","event-type":"consent.withdrawal",` +
		`"occurred-at":"2026-05-03T13:03:09Z","wid":"wid_0123456789abcdef01234567",` +
		`"payload":{"ak":"ak_0123456789abcdef01234567","mpxn":"2312345678901",` +
		`"duid":"duid_0123456789abcdef01234567","revoked-at":"2026-05-03T13:03:09Z","reason":"customer-request"}}`
	for _, sent := range []string{body, body, strings.Replace(body, "ak_01", "ak_02", 1)} {
		r := httptest.NewRequest(http.MethodPost, "/dar", strings.NewReader(sent))
		r.Header.Set("webhook-id", "evt_0123456789abcdef01234567")
		r.Header.Set("webhook-timestamp", "1777813389")
		r.Header.Set("webhook-signature", "v1,x+mUpSTLJFTyyx/I6jSgKgqOZbHjiI//+hPiI84Boqw=")
		w := httptest.NewRecorder()
		receive(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// stop reading under ak_0123456789abcdef01234567
	// 204
	// 204
	// webhook: not signed with this secret
	// 401
}
