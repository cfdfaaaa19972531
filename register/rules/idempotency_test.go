package rules_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// once makes a request with an Idempotency-Key, and returns an error without keeping the response if fault is not nil.
func (h *house) once(t testing.TB, request rules.IdempotentRequest, fault error) error {
	t.Helper()

	return h.store.Transact(t.Context(), func(tx *store.Tx) error {
		if err := h.ClaimKey(t.Context(), tx, request); err != nil {
			return err
		}
		if fault != nil {
			return fault
		}

		return h.KeepResponse(t.Context(), tx, request, rules.Response{
			Status: 201, Location: "/v1/things/1", Body: map[string]string{"secret": "whsec_1"},
		})
	})
}

// A repeated request finds the response of the first for 24 hours. Another request with the key is refused.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		first := rules.IdempotentRequest{AccountID: "owner", Key: "k1", Hash: []byte("POST /things {}")}
		if used := must(h.IsKeyUsed(t.Context(), "owner", "k1"))(t); used {
			t.Error("the key counts as used before the first request")
		}
		if err := h.once(t, first, nil); err != nil {
			t.Fatal(err)
		}

		h.clock.Add(24*time.Hour - time.Second)
		if err := h.once(t, first, nil); !errors.Is(err, rules.ErrRepeated) {
			t.Errorf("repeated: %v", err)
		}

		kept := must(h.FindResponse(t.Context(), first))(t)
		if kept.Status != 201 || kept.Location != "/v1/things/1" || string(kept.Body) != `{"secret":"whsec_1"}` {
			t.Errorf("kept %+v", kept)
		}

		other := first
		other.Hash = []byte("POST /things []")
		_, err := h.FindResponse(t.Context(), other)
		expectRefusal(t, "another request", err, "unprocessable VAL001 Idempotency-Key")

		foreign := first
		foreign.AccountID = "portal"
		if err := h.once(t, foreign, nil); err != nil {
			t.Errorf("the same key of another account: %v", err)
		}
		if used := must(h.IsKeyUsed(t.Context(), "owner", "k1"))(t); !used {
			t.Error("the key counts as unused before its time")
		}

		h.clock.Add(time.Second)
		if used := must(h.IsKeyUsed(t.Context(), "owner", "k1"))(t); used {
			t.Error("the key counts as used after 24 hours")
		}
		if err := h.once(t, other, nil); err != nil {
			t.Errorf("after 24 hours: %v", err)
		}
	})
}

// A request that fails leaves its key free.
func TestFailedRequestLeavesKeyFree(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	request := rules.IdempotentRequest{AccountID: "owner", Key: "k1", Hash: []byte("POST /things {}")}
	if err := h.once(t, request, errors.New("fault")); err == nil {
		t.Fatal("no error")
	}
	if err := h.once(t, request, nil); err != nil {
		t.Errorf("the next try: %v", err)
	}
}

// A kept response may hold a secret: it is stored sealed, and for its own key only.
func TestKeptResponseIsSealed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	request := rules.IdempotentRequest{AccountID: "owner", Key: "k1", Hash: []byte("x")}
	if err := h.once(t, request, nil); err != nil {
		t.Fatal(err)
	}

	row := must(h.store.FindIdempotencyKey(t.Context(), "owner", "k1"))(t)
	if strings.Contains(string(row.SealedResponse), "whsec") {
		t.Errorf("stored %q", row.SealedResponse)
	}

	moved := request
	moved.Key = "k2"
	h.change(t, func(tx *store.Tx) error {
		if err := h.ClaimKey(t.Context(), tx, moved); err != nil {
			return err
		}

		row.Key = moved.Key

		return tx.SaveResponse(t.Context(), row)
	})
	_, err := h.FindResponse(t.Context(), moved)
	expectRefusal(t, "in the place of another key", err, "internal SRV001")
}
