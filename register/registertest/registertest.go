// Package registertest starts a real register for tests, with its own database and its own clock, served over HTTP on
// a free port. Every response is checked against the register's OpenAPI document.
package registertest

import (
	"bytes"
	"context"
	"encoding/base64"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// MeterPoint is the meter point of the demonstration and of the samples.
const MeterPoint = "2312345678901"

// Key seals what registers under test store. Its id is "test".
var Key = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))

// fraction is what the clock of a register is ahead of the clock of its test. It is below a second, so that a time
// which reaches the wire in other than whole seconds fails the check of the response.
const fraction = 250 * time.Millisecond

// SecretCost is the lowest cost of hashing an account's secret, so that tests need not wait.
var SecretCost = rules.SecretCost{Memory: 64, Passes: 1}

// Register is a register under test.
type Register struct {
	// URL is the base of the API, /v1 included.
	URL   string
	Clock *Clock
	// DB is the register's database and Store the register's access to it, for states that no operation can create.
	DB    *migrations.DB
	Store *store.Store
	// Log is everything that the register has logged.
	Log *Log

	service *register.Register
}

// New starts a register that stops when the test ends.
func New(t testing.TB, opts ...Option) *Register {
	t.Helper()

	var o options
	for _, opt := range opts {
		opt(&o)
	}

	r := &Register{Clock: &Clock{now: time.Date(2026, time.June, 1, 9, 0, 0, 0, time.UTC)}, Log: &Log{}}
	if o.shared != nil {
		r.Clock = o.shared.Clock
		r.DB = o.shared.DB
		r.Log = o.shared.Log
	} else {
		r.DB = o.database.Open(t, migrations.Register)
	}
	r.Store = store.New(r.DB.Write, r.DB.Read)

	keys, err := rules.NewKeyring(o.keyring())
	if err != nil {
		t.Fatal(err)
	}

	r.service, err = register.New(register.Options{
		Store:      r.Store,
		Keys:       keys,
		Stub:       !o.live,
		Mail:       o.sender(t),
		PublicURL:  PublicURL,
		SecretCost: SecretCost,
		Clock:      r.Now,
		Logger:     slog.New(slog.NewJSONHandler(r.Log, nil)),

		RelaxedAdministration: o.relaxed,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.service.Rules.SealAudit(t.Context()); err != nil {
		t.Fatal(err)
	}

	if _, err := r.service.Rules.FoldAccountNames(t.Context()); err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(CheckAnswers(t, register.OpenAPI, r.service))
	t.Cleanup(server.Close)
	r.URL = server.URL + "/v1"

	return r
}

// Now returns the time of the register: a fraction of a second ahead of the clock of its test.
func (r *Register) Now() time.Time { return r.Clock.Now().Add(fraction) }

// WorkOff runs every job of the outbox that is due now.
func (r *Register) WorkOff(t testing.TB) {
	t.Helper()

	if err := r.service.Worker.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Work runs the register's worker until ctx ends.
func (r *Register) Work(ctx context.Context) { r.service.Worker.Run(ctx) }

// CleanErased cleans the database of what was erased, as the worker's sweep does.
func (r *Register) CleanErased(t testing.TB) {
	t.Helper()

	if err := r.service.Worker.CleanErased(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// AnnounceExpiries announces the records that expire soon, as the worker's sweep does.
func (r *Register) AnnounceExpiries(t testing.TB) {
	t.Helper()

	if err := r.service.Rules.AnnounceExpiries(t.Context()); err != nil {
		t.Error(err)
	}
}

// WriteContactLetters writes the letters about contacts that are due, as the worker's sweep does.
func (r *Register) WriteContactLetters(t testing.TB) {
	t.Helper()

	if _, err := r.service.Rules.WriteContactLetters(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// ForgetLimits empties every rate limit.
func (r *Register) ForgetLimits(t testing.TB) {
	t.Helper()

	// No limit counts an event for as long as a year.
	later := r.Clock.Now().AddDate(1, 0, 0)
	r.transact(t, func(tx *store.Tx) error { return tx.DeleteStaleLimits(t.Context(), later) })
}

// transact runs a change in a transaction, and fails the test if it fails.
func (r *Register) transact(t testing.TB, change func(*store.Tx) error) {
	t.Helper()

	if err := r.Store.Transact(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}
