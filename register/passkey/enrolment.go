package passkey

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// knownTransports are the transports of the specification (Web Authentication, 5.8.4).
var knownTransports = []string{"usb", "nfc", "ble", "smart-card", "hybrid", "internal"}

// BeginEnrolment asks for a new passkey within life, on an authenticator without an existing one. The
// authenticator shows name for it.
func (r *RelyingParty) BeginEnrolment(
	userHandle []byte,
	name string,
	existing []Passkey,
	life time.Duration,
) (Ceremony, error) {
	exclusions := make([]protocol.CredentialDescriptor, len(existing))
	for i, passkey := range existing {
		exclusions[i] = protocol.CredentialDescriptor{
			Type:         protocol.PublicKeyCredentialType,
			CredentialID: passkey.ID,
			Transport:    transports(passkey.Transports),
		}
	}

	owner := user{handle: userHandle, name: name}
	options, session, err := r.web.BeginRegistration(owner, webauthn.WithExclusions(exclusions))
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask to create a passkey: %w", err)
	}

	options.Response.Timeout = int(life.Milliseconds())

	return newCeremony(options.Response, session)
}

// FinishEnrolment checks the response to BeginEnrolment and returns the new passkey.
func (r *RelyingParty) FinishEnrolment(ceremony Ceremony, response []byte) (Passkey, error) {
	session, err := ceremony.session()
	if err != nil {
		return Passkey{}, err
	}

	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return Passkey{}, refused(err)
	}
	if err = r.checkOrigin(parsed.Response.CollectedClientData); err != nil {
		return Passkey{}, err
	}

	created, err := r.web.CreateCredential(user{handle: session.UserID}, session, parsed)
	if err != nil {
		return Passkey{}, refused(err)
	}

	return Passkey{
		ID:         created.ID,
		UserHandle: session.UserID,
		PublicKey:  created.PublicKey,
		AAGUID:     created.Authenticator.AAGUID,
		SignCount:  created.Authenticator.SignCount,
		Flags:      uint8(created.Flags.ProtocolValue()),
		Transports: transportNames(created.Transport),
		Elsewhere:  created.Authenticator.Attachment == protocol.CrossPlatform,
	}, nil
}

// transportNames returns the known transports, each once. The browser reports the list, and nothing signs it.
func transportNames(reported []protocol.AuthenticatorTransport) []string {
	names := []string{}
	for _, transport := range reported {
		name := string(transport)
		if slices.Contains(knownTransports, name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}

	return names
}

func transports(names []string) []protocol.AuthenticatorTransport {
	list := make([]protocol.AuthenticatorTransport, len(names))
	for i, name := range names {
		list[i] = protocol.AuthenticatorTransport(name)
	}

	return list
}
