package registertest

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// accounts counts the accounts that were given an id.
var accounts atomic.Int64

// Client returns a client with a new account of this role.
func (r *Register) Client(t testing.TB, role registerclient.Role) *registerclient.Client {
	t.Helper()

	return r.ClientOf(t, registerclient.CreateAccountRequest{Role: role})
}

// ClientOf returns a client with a new account. Members of in that are empty get a value. It may have a reserved name.
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

	in.ReservedName = true

	_, secret, err := r.service.Rules.AddAccount(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if secret == "" {
		secret = in.SecretKey
	}

	return r.ClientWith(t, in.AccountID, secret)
}

// Reason is what the administrators' clients of tests give for what they read, unless a test gives another.
const Reason = "A test."

// reasoned sends Reason with every administrator's request that gives none.
type reasoned struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t reasoned) RoundTrip(request *http.Request) (*http.Response, error) {
	if strings.Contains(request.URL.Path, "/admin/") && request.Header.Get("X-DAR-Reason") == "" {
		request = request.Clone(request.Context())
		request.Header.Set("X-DAR-Reason", Reason)
	}

	return t.RoundTripper.RoundTrip(request)
}

// newTransport returns the transport of a client, as registerclient makes it.
func newTransport() http.RoundTripper {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64

	return reasoned{transport}
}

// ClientWith returns a client with an existing account. An administrator's gives Reason for what it reads.
func (r *Register) ClientWith(t testing.TB, accountID, secret string) *registerclient.Client {
	t.Helper()

	client, err := registerclient.New(registerclient.Options{
		BaseURL:   r.URL,
		AccountID: accountID,
		SecretKey: secret,
		HTTP:      &http.Client{Transport: newTransport()},
		Clock:     r.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}

	return client
}

// Suspend suspends an account.
func (r *Register) Suspend(t testing.TB, accountID string) {
	t.Helper()

	r.transact(t, func(tx *store.Tx) error {
		ok, err := tx.SuspendAccount(t.Context(), accountID, "misconduct", r.Clock.Now())
		if err == nil && !ok {
			err = fmt.Errorf("the account %s is not active", accountID)
		}

		return err
	})
}
