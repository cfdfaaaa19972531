package register

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web/address"
	"central.consent/dar/register/api"
	"central.consent/dar/register/edge"
	"central.consent/dar/register/id"
	"central.consent/dar/register/mail"
	"central.consent/dar/register/passkey"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// Options is what a register works on. Every field without a default is required.
type Options struct {
	Store *store.Store
	// Keys seals e-mail addresses and evidence.
	Keys *rules.Keyring
	// Stub confirms every challenge at once and asks no customer. It is for demonstrations, and refused unless
	// PublicURL is a loopback address.
	Stub bool
	// RelaxedAdministration lets administrators read without a reason and act without a second administrator. It is for
	// demonstrations.
	RelaxedAdministration bool
	// SeparateAdministration serves the operations of administrators by Administration alone, on a listener of its
	// own.
	SeparateAdministration bool
	// PublicURL is the address of the register for browsers: https://id.central.consent, without a slash at the end.
	PublicURL string
	// APIHosts are further names by which programs reach the API, with a port unless it is the scheme's default:
	// register.internal:5002. The identity pages answer to the host of PublicURL alone.
	APIHosts []string
	// Mail sends letters; nil if there is no mail server. Letters are given up then.
	Mail *mail.Sender
	// Address returns the network address of a client, for limits; nil for the peer of the connection.
	Address func(*http.Request) string
	// SecretCost is the cost of hashing an account's secret; zero for rules.DefaultSecretCost.
	SecretCost rules.SecretCost
	// ContactLettersPerHour bounds the letters about imported contacts; zero for rules.DefaultContactLettersPerHour.
	ContactLettersPerHour int
	// Clock is time.Now if nil.
	Clock func() time.Time
	// Logger is slog.Default if nil.
	Logger *slog.Logger
}

// check fills in the defaults and returns the public URL and every mistake.
func (o *Options) check() (public *url.URL, mistakes []error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Address == nil {
		o.Address = echo.ExtractIPDirect()
	}
	if o.Store == nil {
		mistakes = append(mistakes, errors.New("a store is required"))
	}
	if o.Keys == nil {
		mistakes = append(mistakes, errors.New("a keyring is required"))
	}

	mistakes = append(mistakes, edge.CheckHosts(o.APIHosts)...)
	public, err := url.Parse(o.PublicURL)
	if err != nil || !address.IsOrigin(o.PublicURL) {
		// The message does not quote it: it may hold a password.
		return nil, append(mistakes, errors.New("the public URL must be http or https and a host, "+
			"with nothing after it: no path, slash, query or fragment, and no user before it"))
	}

	local := address.IsLoopback(public.Hostname())
	if public.Scheme != "https" && !local {
		mistakes = append(mistakes, fmt.Errorf(
			"the public URL %q must be https: only a loopback address may do without", o.PublicURL))
	}
	if o.Stub && !local {
		mistakes = append(mistakes, fmt.Errorf("stubbed re-identification confirms anybody: "+
			"it is refused for %q, which is not a loopback address", o.PublicURL))
	}

	return public, mistakes
}

// newRules returns the rules. Local is true if the public URL is a loopback address.
func (o *Options) newRules(passkeys *passkey.RelyingParty, local bool) *rules.Rules {
	return rules.New(rules.Options{
		Store:                 o.Store,
		Keys:                  o.Keys,
		Passkeys:              passkeys,
		Pages:                 id.URLs(o.PublicURL),
		APIURL:                o.PublicURL + api.BasePath,
		Local:                 local,
		Stub:                  o.Stub,
		Relaxed:               o.RelaxedAdministration,
		SecretCost:            o.SecretCost,
		ContactLettersPerHour: o.ContactLettersPerHour,
		Clock:                 o.Clock,
	})
}
