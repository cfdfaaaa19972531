package registerclient

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// The bodies are written by hand: a misspelt member is lost on the way in or out, and shows as a difference.
func TestWebhookEventsRoundTrip(t *testing.T) {
	t.Parallel()
	payloads := map[WebhookEventType]func(*WebhookEvent) (any, error){
		EventConsentExpiring:   func(e *WebhookEvent) (any, error) { return e.ConsentExpiring() },
		EventConsentWithdrawal: func(e *WebhookEvent) (any, error) { return e.ConsentWithdrawal() },
		EventTenancyChange:     func(e *WebhookEvent) (any, error) { return e.TenancyChange() },
		EventContactAdded:      func(e *WebhookEvent) (any, error) { return e.ContactAdded() },
	}
	decoded := map[WebhookEventType]bool{}
	for _, vector := range readWebhookVectors(t) {
		var event WebhookEvent
		if vector.Result != "accepted" || json.Unmarshal([]byte(vector.Body), &event) != nil ||
			strings.Contains(vector.Name, "later years") {
			continue
		}

		back, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}

		sameJSON(t, vector.Name, back, []byte(vector.Body))
		for eventType, decodePayload := range payloads {
			payload, err := decodePayload(&event)
			if eventType != event.EventType {
				if !errors.Is(err, ErrEvent) {
					t.Errorf("%s read as %s: %v", event.EventType, eventType, err)
				}

				continue
			}

			decoded[eventType] = true
			if err != nil {
				t.Fatalf("%s: %v", vector.Name, err)
			}

			back, _ := json.Marshal(payload)
			sameJSON(t, vector.Name, back, event.Payload)
		}
	}

	if len(decoded) != len(payloads) {
		t.Errorf("vectors only for %v", decoded)
	}
}

func TestInvalidPayloads(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{``, `null`, `[]`, `"x"`, `{"revoked-at": "2312345678901"}`} {
		_, err := (&WebhookEvent{EventType: EventConsentWithdrawal, Payload: json.RawMessage(raw)}).ConsentWithdrawal()
		if !errors.Is(err, ErrEvent) || strings.Contains(err.Error(), "2312345678901") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
