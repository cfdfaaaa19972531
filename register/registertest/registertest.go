// Package registertest starts a real register for tests: its own database, its own clock, HTTP on a free
// port, and every answer checked against the register's OpenAPI document.
package registertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/mail"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// MeterPoint is the demonstration's, and the samples'.
const MeterPoint = "2312345678901"

// Key is the one that registers under test seal with, under the id "test".
var Key = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))

// SecretCost is the lowest cost of hashing an account's secret, so that tests need not wait.
var SecretCost = rules.SecretCost{Memory: 64, Passes: 1}

// Register is a register under test.
type Register struct {
	// URL is its base, /v1 included.
	URL   string
	Clock *Clock
	// DB is its database, for what no operation can arrange.
	DB *migrations.DB
	// Log is all that it has logged.
	Log *Log

	service *register.Register
}

type options struct {
	database Database
	live     bool
	mail     *mail.Sender
	mailURL  string
	shared   *Register
	keys     string
}

// Option alters a register under test.
type Option func(*options)

// On puts the register on this kind of database; SQLite without it.
func On(d Database) Option { return func(o *options) { o.database = d } }

// HoldConfirmations makes every challenge wait for Confirm or Decline. Without it each is confirmed at once.
func HoldConfirmations() Option { return func(o *options) { o.live = true } }

// WithMail gives the register a mail server.
func WithMail(sender *mail.Sender) Option { return func(o *options) { o.mail = sender } }

// WithMailServer is WithMail for whoever knows a server's address alone, as catcher.Catcher.URL tells it.
func WithMailServer(address string) Option { return func(o *options) { o.mailURL = address } }

// WithKeys gives the register these keys, as REGISTER_KEYS has them.
func WithKeys(keys string) Option { return func(o *options) { o.keys = keys } }

// ReplicaOf makes the register another process on the same database and clock.
func ReplicaOf(r *Register) Option { return func(o *options) { o.shared = r } }

// New starts a register, which ends with the test.
func New(t testing.TB, opts ...Option) *Register {
	t.Helper()
	var o options
	for _, opt := range opts {
		opt(&o)
	}

	r := &Register{Clock: &Clock{now: time.Date(2026, time.June, 1, 9, 0, 0, 0, time.UTC)}, Log: &Log{}}
	if o.shared != nil {
		r.Clock, r.DB, r.Log = o.shared.Clock, o.shared.DB, o.shared.Log
	} else {
		r.DB = o.database.Open(t, migrations.Register)
	}

	if o.mailURL != "" {
		sender, err := mail.NewSender(mail.Options{URL: o.mailURL})
		if err != nil {
			t.Fatal(err)
		}

		t.Cleanup(func() { sender.Close() })
		o.mail = sender
	}

	if o.keys == "" {
		o.keys = "test:" + Key
	}

	keys, err := rules.NewKeyring(o.keys)
	if err != nil {
		t.Fatal(err)
	}

	r.service, err = register.New(register.Options{
		Store: store.New(r.DB.Write, r.DB.Read), Keys: keys, Stub: !o.live, Mail: o.mail,
		PublicURL: PublicURL, Clock: r.Clock.Now, Logger: slog.New(slog.NewJSONHandler(r.Log, nil)),
		SecretCost: SecretCost,
	})
	if err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(CheckAnswers(t, register.OpenAPI, r.service))
	t.Cleanup(server.Close)
	r.URL = server.URL + "/v1"

	return r
}

// WorkOff does everything that is due in the outbox now.
func (r *Register) WorkOff(t testing.TB) {
	t.Helper()
	if err := r.service.Worker.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Work runs the register's worker until ctx ends.
func (r *Register) Work(ctx context.Context) { r.service.Worker.Run(ctx) }

// AnnounceExpiries looks for what expires soon, as the worker's sweep does.
func (r *Register) AnnounceExpiries(t testing.TB) {
	t.Helper()
	if err := r.service.Rules.AnnounceExpiries(t.Context()); err != nil {
		t.Error(err)
	}
}

// Confirm is the customer's yes to a challenge.
func (r *Register) Confirm(t testing.TB, tokenRef string) {
	t.Helper()
	r.answer(t, "confirmed_at", tokenRef)
}

// Decline is the customer's "this wasn't me".
func (r *Register) Decline(t testing.TB, tokenRef string) {
	t.Helper()
	r.answer(t, "declined_at", tokenRef)
}

func (r *Register) answer(t testing.TB, column, tokenRef string) {
	t.Helper()
	hash := sha256.Sum256([]byte(tokenRef))
	result, err := r.DB.Write.Exec(
		r.DB.Write.Rebind(`UPDATE reidentifications SET `+column+` = ? WHERE token_hash = ?`),
		store.Millis(r.Clock.Now()),
		hash[:],
	)
	if err != nil {
		t.Fatal(err)
	}
	if rows, _ := result.RowsAffected(); rows != 1 {
		t.Fatalf("no challenge with this token")
	}
}

// ShowPasskey is a customer who has shown a passkey, and is on the way back with this completion code.
func (r *Register) ShowPasskey(t testing.TB, tokenRef, completionCode string) {
	t.Helper()
	token := sha256.Sum256([]byte(tokenRef))
	code := sha256.Sum256([]byte(completionCode))
	_, err := r.DB.Write.Exec(
		r.DB.Write.Rebind(
			`UPDATE reidentifications SET confirmed_at = NULL, asserted_at = ?, completion_hash = ? WHERE token_hash = ?`,
		),
		store.Millis(r.Clock.Now()),
		code[:],
		token[:],
	)
	if err != nil {
		t.Fatal(err)
	}
}

// AddPasskey gives an identity record a passkey.
func (r *Register) AddPasskey(t testing.TB, ir string) {
	t.Helper()
	_, err := r.DB.Write.Exec(
		r.DB.Write.Rebind(`INSERT INTO credentials (credential_id, ir, webauthn_id, user_handle, public_key,
		aaguid, sign_count, flags, name, transports, registered_at) VALUES (?, ?, ?, ?, '', '', 0, 0, 'A key', ?, ?)`),
		"cred_"+ir[3:],
		ir,
		[]byte(ir),
		[]byte(ir),
		`["internal"]`,
		store.Millis(r.Clock.Now()),
	)
	if err != nil {
		t.Fatal(err)
	}
}

// ForgetLimits lets everything be done again that was done too often.
func (r *Register) ForgetLimits(t testing.TB) {
	t.Helper()
	if _, err := r.DB.Write.Exec(`DELETE FROM limits`); err != nil {
		t.Fatal(err)
	}
}

// Suspend suspends an account.
func (r *Register) Suspend(t testing.TB, accountID string) {
	t.Helper()
	if _, err := r.DB.Write.Exec(
		r.DB.Write.Rebind(`UPDATE accounts SET status = 'suspended' WHERE account_id = ?`),
		accountID,
	); err != nil {
		t.Fatal(err)
	}
}

// Client is a client with a fresh account of this role.
func (r *Register) Client(t testing.TB, role registerclient.Role) *registerclient.Client {
	t.Helper()
	return r.ClientOf(t, registerclient.CreateAccountRequest{Role: role})
}

var accounts atomic.Int64

// ClientOf is a client with the account that in describes; what is missing of it is made up.
func (r *Register) ClientOf(t testing.TB, in registerclient.CreateAccountRequest) *registerclient.Client {
	t.Helper()
	if in.AccountID == "" {
		in.AccountID = fmt.Sprintf("%s_%d", in.Role, accounts.Add(1))
	}
	if in.DisplayName == "" {
		in.DisplayName = "Example " + string(in.Role)
	}
	if in.ContactURL == "" {
		in.ContactURL = "https://example.org/contact"
	}

	_, secret, err := r.service.Rules.AddAccount(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if secret == "" {
		secret = in.SecretKey
	}

	return r.ClientWith(t, in.AccountID, secret)
}

// ClientWith is a client with an account that is there already.
func (r *Register) ClientWith(t testing.TB, accountID, secret string) *registerclient.Client {
	t.Helper()
	client, err := registerclient.New(
		registerclient.Options{BaseURL: r.URL, AccountID: accountID, SecretKey: secret, Clock: r.Clock.Now},
	)
	if err != nil {
		t.Fatal(err)
	}

	return client
}

// Clock is a clock that tests set.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add moves the clock.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Set sets the clock.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// Log gathers what is logged.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is all that was logged.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
