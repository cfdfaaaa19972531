// Package passkey is what the register knows of Web Authentication (https://www.w3.org/TR/webauthn-3/): it says what a
// browser has to sign, and reads what comes back. It keeps nothing: the caller keeps each ceremony, and sees to it that
// it is used once. The signatures themselves are checked by go-webauthn.
package passkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ErrRefused is every answer of a browser that is not taken; it wraps why, which is for the log alone.
var ErrRefused = errors.New("the passkey is refused")

// Passkey is one as it is kept.
type Passkey struct {
	ID, UserHandle []byte
	// PublicKey is in COSE form.
	PublicKey []byte
	// AAGUID is the make of the authenticator; zeros where it does not tell.
	AAGUID []byte
	// SignCount and Flags are of the authenticator data (Web Authentication, 6.1), as they came last.
	SignCount uint32
	Flags     uint8
	// Transports are the ways in which the browser reached the authenticator: internal, hybrid, usb, nfc, ble.
	Transports []string
	// Elsewhere says that the browser had it made by another device than its own.
	Elsewhere bool
}

// Ceremony is one question to a browser.
type Ceremony struct {
	// Challenge is what is to be signed, as it comes back: 32 random bytes in base64url.
	Challenge string
	// Options is what navigator.credentials wants, as JSON, with bytes in base64url.
	Options json.RawMessage
	// Session is what Finish wants back, as JSON. The challenge is not in it.
	Session string
}

// RelyingParty asks on behalf of one origin, and takes answers that were given there and nowhere else.
type RelyingParty struct {
	web    *webauthn.WebAuthn
	origin string
}

// New returns the relying party of an origin: scheme, host and, where it is not the scheme's own, port. Its id is the host. On an IP address there are no passkeys, for browsers want a name; the register can then be tried out without.
func New(origin, displayName string) (*RelyingParty, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return nil, fmt.Errorf("origin of passkeys: %w", err)
	}

	// As browsers write it, for what they sign is compared letter by letter.
	origin = strings.ToLower(
		u.Scheme + "://" + strings.TrimSuffix(u.Host, map[string]string{"https": ":443", "http": ":80"}[u.Scheme]),
	)
	host := strings.ToLower(u.Hostname())
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		host = "localhost" // which browsers refuse on the pages of an address
	}

	web, err := webauthn.New(&webauthn.Config{
		RPID:                  host,
		RPDisplayName:         displayName,
		RPOrigins:             []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey:        protocol.ResidentKeyRequirementRequired,
			RequireResidentKey: new(true),
			UserVerification:   protocol.VerificationRequired,
		},
		// Some password managers tell of extensions that nobody asked for. None is looked at.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("origin of passkeys: %w", err)
	}

	return &RelyingParty{web, origin}, nil
}

// BeginAssertion asks for any passkey of this relying party, within life. It names none, so that it tells nobody which
// there are.
func (r *RelyingParty) BeginAssertion(life time.Duration) (Ceremony, error) {
	options, session, err := r.web.BeginDiscoverableLogin()
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}

	options.Response.Timeout = int(life.Milliseconds())
	return ceremony(options.Response, session)
}

// BeginEnrolment asks to make a passkey within life, on no authenticator that has one of these. Name is what the
// authenticator shows for it.
func (r *RelyingParty) BeginEnrolment(
	userHandle []byte,
	name string,
	has []Passkey,
	life time.Duration,
) (Ceremony, error) {
	exclusions := make([]protocol.CredentialDescriptor, len(has))
	for i, passkey := range has {
		exclusions[i] = protocol.CredentialDescriptor{
			Type:         protocol.PublicKeyCredentialType,
			CredentialID: passkey.ID,
			Transport:    transports(passkey.Transports),
		}
	}

	options, session, err := r.web.BeginRegistration(
		user{handle: userHandle, name: name},
		webauthn.WithExclusions(exclusions),
	)
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask to make a passkey: %w", err)
	}

	options.Response.Timeout = int(life.Milliseconds())
	return ceremony(options.Response, session)
}

func ceremony(options any, session *webauthn.SessionData) (Ceremony, error) {
	c := Ceremony{Challenge: session.Challenge}
	session.Challenge = ""
	kept, err := json.Marshal(session)
	if err != nil {
		return Ceremony{}, fmt.Errorf("write a ceremony: %w", err)
	}

	c.Session = string(kept)
	if c.Options, err = json.Marshal(options); err != nil {
		return Ceremony{}, fmt.Errorf("write a ceremony: %w", err)
	}

	return c, nil
}

// ChallengeOf is the challenge that an answer says it was given to; empty where it cannot be read.
func ChallengeOf(answer []byte) string {
	var in struct {
		Response struct {
			ClientData protocol.URLEncodedBase64 `json:"clientDataJSON"`
		} `json:"response"`
	}
	var data protocol.CollectedClientData
	if json.Unmarshal(answer, &in) != nil || json.Unmarshal(in.Response.ClientData, &data) != nil {
		return ""
	}

	return data.Challenge
}

// FinishAssertion reads the answer to BeginAssertion. Find is asked for the passkey of an id and a user handle, and
// answers false where it takes none such. What comes back is that passkey with the counter and the flags of this use.
func (r *RelyingParty) FinishAssertion(
	kept Ceremony,
	answer []byte,
	find func(id, userHandle []byte) (Passkey, bool),
) (Passkey, error) {
	session, err := kept.session()
	if err != nil {
		return Passkey{}, err
	}

	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Passkey{}, refused(err)
	}
	if err := r.givenHere(parsed.Response.CollectedClientData); err != nil {
		return Passkey{}, err
	}

	var shown Passkey
	_, _, err = r.web.ValidatePasskeyLogin(func(id, userHandle []byte) (webauthn.User, error) {
		var ok bool
		if shown, ok = find(id, userHandle); !ok {
			return nil, errors.New("no such passkey")
		}
		return user{handle: shown.UserHandle, passkey: &shown}, nil
	}, session, parsed)
	if err != nil {
		return Passkey{}, refused(err)
	}

	shown.SignCount, shown.Flags = parsed.Response.AuthenticatorData.Counter, uint8(
		parsed.Response.AuthenticatorData.Flags,
	)
	return shown, nil
}

// FinishEnrolment reads the answer to BeginEnrolment.
func (r *RelyingParty) FinishEnrolment(kept Ceremony, answer []byte) (Passkey, error) {
	session, err := kept.session()
	if err != nil {
		return Passkey{}, err
	}

	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Passkey{}, refused(err)
	}
	if err := r.givenHere(parsed.Response.CollectedClientData); err != nil {
		return Passkey{}, err
	}

	made, err := r.web.CreateCredential(user{handle: session.UserID}, session, parsed)
	if err != nil {
		return Passkey{}, refused(err)
	}

	passkey := Passkey{
		ID:         made.ID,
		UserHandle: session.UserID,
		PublicKey:  made.PublicKey,
		AAGUID:     made.Authenticator.AAGUID,
		SignCount:  made.Authenticator.SignCount,
		Flags: uint8(
			made.Flags.ProtocolValue(),
		),
		Elsewhere:  made.Authenticator.Attachment == protocol.CrossPlatform,
		Transports: []string{},
	}
	// The list is the browser's own word, so only what the specification knows is kept of it (5.8.4).
	for _, transport := range made.Transport {
		if known := []string{
			"usb",
			"nfc",
			"ble",
			"smart-card",
			"hybrid",
			"internal",
		}; slices.Contains(known, string(transport)) &&
			!slices.Contains(passkey.Transports, string(transport)) {
			passkey.Transports = append(passkey.Transports, string(transport))
		}
	}

	return passkey, nil
}

func (c Ceremony) session() (session webauthn.SessionData, err error) {
	if err := json.Unmarshal([]byte(c.Session), &session); err != nil {
		return session, fmt.Errorf("read a ceremony: %w", err)
	}
	session.Challenge = c.Challenge
	return session, nil
}

// givenHere refuses what go-webauthn would let pass: an origin that is ours but for its spelling, and any frame. Browsers
// write origins in one way.
func (r *RelyingParty) givenHere(data protocol.CollectedClientData) error {
	if data.Origin != r.origin || data.CrossOrigin || data.TopOrigin != "" {
		return refused(errors.New("it was given on another origin, or in a frame"))
	}
	return nil
}

// refused says why, without the values: they are the caller's own text.
func refused(cause error) error {
	why := cause.Error()
	if known, ok := errors.AsType[*protocol.Error](cause); ok {
		why = known.Details
	}
	return fmt.Errorf("%w: %s", ErrRefused, why)
}

func transports(names []string) []protocol.AuthenticatorTransport {
	all := make([]protocol.AuthenticatorTransport, len(names))
	for i, name := range names {
		all[i] = protocol.AuthenticatorTransport(name)
	}
	return all
}

// user is a person as go-webauthn wants one.
type user struct {
	handle  []byte
	name    string
	passkey *Passkey
}

func (u user) WebAuthnID() []byte          { return u.handle }
func (u user) WebAuthnName() string        { return u.name }
func (u user) WebAuthnDisplayName() string { return u.name }
func (u user) WebAuthnCredentials() []webauthn.Credential {
	if u.passkey == nil {
		return nil
	}

	return []webauthn.Credential{
		{
			ID:            u.passkey.ID,
			PublicKey:     u.passkey.PublicKey,
			Flags:         webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(u.passkey.Flags)),
			Authenticator: webauthn.Authenticator{AAGUID: u.passkey.AAGUID, SignCount: u.passkey.SignCount},
		},
	}
}
