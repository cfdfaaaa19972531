package registertest

import (
	"cmp"
	"testing"

	"central.consent/dar/register/mail"
)

// options are what the Options of a register under test set.
type options struct {
	database Database
	live     bool
	mail     *mail.Sender
	mailURL  string
	shared   *Register
	keys     string
	relaxed  bool
}

// Option changes a register under test.
type Option func(*options)

// On selects the kind of database. It defaults to SQLite.
func On(d Database) Option { return func(o *options) { o.database = d } }

// HoldConfirmations keeps every challenge open until Confirm or Decline. Without it the register confirms each at once.
func HoldConfirmations() Option { return func(o *options) { o.live = true } }

// WithMail gives the register a mail server.
func WithMail(sender *mail.Sender) Option { return func(o *options) { o.mail = sender } }

// WithMailServer gives the register a mail server by its URL, as catcher.Catcher.URL returns it.
func WithMailServer(address string) Option { return func(o *options) { o.mailURL = address } }

// WithKeys gives the register these keys, in the form of REGISTER_KEYS.
func WithKeys(keys string) Option { return func(o *options) { o.keys = keys } }

// Relaxed lets administrators read without a reason and act without a second administrator.
func Relaxed() Option { return func(o *options) { o.relaxed = true } }

// ReplicaOf makes the register another process on the same database and clock.
func ReplicaOf(r *Register) Option { return func(o *options) { o.shared = r } }

// keyring returns the keys of the register.
func (o options) keyring() string { return cmp.Or(o.keys, "test:"+Key) }

// sender returns the register's sender of mail, or nil.
func (o options) sender(t testing.TB) *mail.Sender {
	t.Helper()

	if o.mailURL == "" {
		return o.mail
	}

	sender, err := mail.NewSender(mail.Options{URL: o.mailURL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sender.Close() })

	return sender
}
