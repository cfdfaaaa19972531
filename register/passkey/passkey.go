// Package passkey implements the relying party of Web Authentication (https://www.w3.org/TR/webauthn-3/): it asks a
// browser to sign (BeginAssertion) or to create a passkey (BeginEnrolment), and checks the response. go-webauthn
// verifies the signatures.
//
// The package stores nothing. The caller stores each ceremony, makes sure that it is used at most once, and refuses a
// signature counter that does not increase.
package passkey

import (
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ErrRefused is wrapped by the error for every response that is not accepted. The text of that error is for the log
// only.
var ErrRefused = errors.New("the passkey is refused")

// Passkey is a credential as the caller stores it.
type Passkey struct {
	ID, UserHandle []byte
	// PublicKey is in COSE form.
	PublicKey []byte
	// AAGUID is the model of the authenticator, or zeros if it does not say.
	AAGUID []byte
	// SignCount and Flags are the last ones of the authenticator data (Web Authentication, 6.1).
	SignCount uint32
	Flags     uint8
	// Transports are the ways in which the browser reaches the authenticator: internal, hybrid, usb, nfc, ble,
	// smart-card.
	Transports []string
	// Elsewhere is true if the passkey was created on another device than the browser's.
	Elsewhere bool
}

// refused wraps ErrRefused with the reason, without the values: the caller of the API wrote them.
func refused(cause error) error {
	reason := cause.Error()
	if protocolError, ok := errors.AsType[*protocol.Error](cause); ok {
		reason = protocolError.Details
	}

	return fmt.Errorf("%w: %s", ErrRefused, reason)
}

// user is a person in the form that go-webauthn needs. It implements webauthn.User.
type user struct {
	handle  []byte
	name    string
	passkey *Passkey
}

// WebAuthnID implements webauthn.User.
func (u user) WebAuthnID() []byte { return u.handle }

// WebAuthnName implements webauthn.User.
func (u user) WebAuthnName() string { return u.name }

// WebAuthnDisplayName implements webauthn.User.
func (u user) WebAuthnDisplayName() string { return u.name }

// WebAuthnCredentials implements webauthn.User.
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
