package passkey

import (
	"encoding/json"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Ceremony is one request to a browser.
type Ceremony struct {
	// Challenge is what the browser signs and returns: 32 random bytes in base64url.
	Challenge string
	// Options is the argument of navigator.credentials as JSON, with bytes in base64url.
	Options json.RawMessage
	// Session is the state that Finish needs, as JSON. It does not contain the challenge.
	Session string
}

// ChallengeOf returns the challenge that a response names, or "" if the response cannot be read.
func ChallengeOf(response []byte) string {
	var credential struct {
		Response struct {
			ClientData protocol.URLEncodedBase64 `json:"clientDataJSON"`
		} `json:"response"`
	}
	if json.Unmarshal(response, &credential) != nil {
		return ""
	}

	var data protocol.CollectedClientData
	if json.Unmarshal(credential.Response.ClientData, &data) != nil {
		return ""
	}

	return data.Challenge
}

// newCeremony serialises the options and the session of go-webauthn.
func newCeremony(options any, session *webauthn.SessionData) (Ceremony, error) {
	c := Ceremony{Challenge: session.Challenge}
	session.Challenge = ""

	state, err := json.Marshal(session)
	if err != nil {
		return Ceremony{}, fmt.Errorf("write a ceremony: %w", err)
	}

	c.Session = string(state)
	if c.Options, err = json.Marshal(options); err != nil {
		return Ceremony{}, fmt.Errorf("write a ceremony: %w", err)
	}

	return c, nil
}

// session restores the session of go-webauthn.
func (c Ceremony) session() (webauthn.SessionData, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal([]byte(c.Session), &session); err != nil {
		return session, fmt.Errorf("read a ceremony: %w", err)
	}

	session.Challenge = c.Challenge

	return session, nil
}
