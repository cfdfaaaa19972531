package web

import (
	"testing"
	"time"
)

func TestNewCookie(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		life   time.Duration
		secure bool
		want   string
	}{
		{time.Hour, true, "__Host-dar=v; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"},
		{time.Hour, false, "dar=v; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"},
		{0, true, "__Host-dar=v; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{-time.Millisecond, true, "__Host-dar=v; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
	} {
		if got := NewCookie("dar", "v", test.life, test.secure).String(); got != test.want {
			t.Errorf("%v, secure %v: %s", test.life, test.secure, got)
		}
	}
}
