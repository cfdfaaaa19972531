package passkey

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// BeginAssertion asks for any passkey of this relying party, within life. It lists no credentials, so it does not
// reveal which exist.
func (r *RelyingParty) BeginAssertion(life time.Duration) (Ceremony, error) {
	options, session, err := r.web.BeginDiscoverableLogin()
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}

	options.Response.Timeout = int(life.Milliseconds())

	return newCeremony(options.Response, session)
}

// FinishAssertion checks the response to BeginAssertion. find returns the passkey with an id and a user handle, and
// false if it accepts none. The result is that passkey with the counter and the flags of this use. The caller
// refuses a counter that has not increased (store.Tx.UseCredential).
func (r *RelyingParty) FinishAssertion(
	ceremony Ceremony,
	response []byte,
	find func(id, userHandle []byte) (Passkey, bool),
) (Passkey, error) {
	session, err := ceremony.session()
	if err != nil {
		return Passkey{}, err
	}

	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return Passkey{}, refused(err)
	}
	if err = r.checkOrigin(parsed.Response.CollectedClientData); err != nil {
		return Passkey{}, err
	}

	var used Passkey
	findUser := func(id, userHandle []byte) (webauthn.User, error) {
		found, ok := find(id, userHandle)
		if !ok {
			return nil, errors.New("no such passkey")
		}

		used = found

		return user{handle: found.UserHandle, passkey: &found}, nil
	}
	if _, _, err = r.web.ValidatePasskeyLogin(findUser, session, parsed); err != nil {
		return Passkey{}, refused(err)
	}

	used.SignCount = parsed.Response.AuthenticatorData.Counter
	used.Flags = uint8(parsed.Response.AuthenticatorData.Flags)

	return used, nil
}
