package register_test

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"testing"
	"time"

	"central.consent/dar/register"
	"central.consent/dar/register/store"
)

// serviceOn is a register on this store, reached without HTTP.
func serviceOn(t testing.TB, kept *store.Store, clock func() time.Time) *register.Register {
	t.Helper()
	keys := must(register.NewKeyring("test:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))))(t)
	return must(register.New(register.Options{
		Store: kept, Keys: keys, Reidentification: register.Live{}, PublicURL: "http://localhost:5001", Clock: clock, Log: slog.New(slog.DiscardHandler),
	}))(t)
}
