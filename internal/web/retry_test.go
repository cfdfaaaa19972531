package web

import (
	"net/http"
	"testing"
	"time"
)

func TestSetRetryAfter(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]string{
		-time.Second:                   "1",
		0:                              "1",
		time.Millisecond:               "1",
		time.Second:                    "1",
		time.Second + time.Millisecond: "2",
		time.Hour:                      "3600",
	} {
		h := http.Header{}
		SetRetryAfter(h, wait)
		if got := h.Get("Retry-After"); got != want {
			t.Errorf("%v: %s, want %s", wait, got, want)
		}
	}
}
