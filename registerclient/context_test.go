package registerclient

import (
	"strings"
	"testing"
)

func TestUnsafeRequestIDIsNotSent(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, respondEmptyObject)
	c := f.client(t)
	for _, id := range []string{"", "two words", "line\nbreak", strings.Repeat("x", 129), "é"} {
		before := len(f.received())
		if _, err := c.IdentityRecordExists(WithRequestID(t.Context(), id), testMPxN); err != nil {
			t.Fatalf("%q: %v", id, err)
		}
		if got := f.received()[before].header["X-Request-Id"]; got != nil {
			t.Errorf("%q was sent as %q", id, got)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, respondEmptyObject)
	c := f.client(t)

	for _, key := range []string{"", "two words", "line\nbreak", strings.Repeat("x", 256), "\u00e9"} {
		_, err := c.CreateAccessRecord(WithIdempotencyKey(t.Context(), key), AccessRecord{})
		if !isOnly(err, ErrInvalid) || len(f.received()) != 0 {
			t.Errorf("%q: %v and %d requests, want ErrInvalid and none", key, err, len(f.received()))
		}
	}

	for _, key := range []string{"k", strings.Repeat("~", 255)} {
		if _, err := c.CreateAccessRecord(WithIdempotencyKey(t.Context(), key), AccessRecord{}); err != nil {
			t.Fatal(err)
		}

		sent := f.received()
		if got := sent[len(sent)-1].header.Get("Idempotency-Key"); got != key {
			t.Errorf("sent %q, want %q", got, key)
		}
	}

	before := len(f.received())
	ctx := WithIdempotencyKey(t.Context(), "key-1")
	if _, err := c.ReadSelf(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReplaceReturnURLs(ctx, ReplaceReturnURLsRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ImportAccessRecords(ctx, strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	for _, sent := range f.received()[before:] {
		if got := sent.header["Idempotency-Key"]; got != nil {
			t.Errorf("%s %s carries the key", sent.method, sent.target)
		}
	}
}
