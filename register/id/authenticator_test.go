package id_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"

	"github.com/descope/virtualwebauthn"

	"central.consent/dar/register/registertest"
)

// device is an authenticator with one credential.
type device struct {
	party virtualwebauthn.RelyingParty
	auth  virtualwebauthn.Authenticator
	held  virtualwebauthn.Credential
}

func newDevice() *device {
	d := &device{
		party: virtualwebauthn.RelyingParty{
			ID:     "localhost",
			Name:   "Central Access Register",
			Origin: registertest.PublicURL,
		},
		auth: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{
			BackupEligible: true,
			BackupState:    true,
		}),
	}
	// The library drops a leading zero of a coordinate, and such a key is malformed: 77 bytes is the length of a good
	// one.
	for d.held.Key == nil || len(d.held.Key.AttestationData()) != 77 {
		d.held = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}

	return d
}

// create returns the device's response to the options of an enrolment.
func (d *device) create(t *testing.T, options string) string {
	t.Helper()
	parsed, err := virtualwebauthn.ParseAttestationOptions(options)
	if err != nil {
		t.Fatal(err)
	}

	d.auth.Options.UserHandle = []byte(parsed.UserID)

	return virtualwebauthn.CreateAttestationResponse(d.party, d.auth, d.held, *parsed)
}

// assert returns the device's response to the options of an assertion.
func (d *device) assert(t *testing.T, options string) string {
	t.Helper()
	parsed, err := virtualwebauthn.ParseAssertionOptions(options)
	if err != nil {
		t.Fatal(err)
	}

	return virtualwebauthn.CreateAssertionResponse(d.party, d.auth, d.held, *parsed)
}

// sign returns an assertion with client data, flags and a signature counter of the test's choice.
func (d *device) sign(t *testing.T, clientData map[string]any, flags byte, counter uint32) string {
	t.Helper()
	data, err := json.Marshal(clientData)
	if err != nil {
		t.Fatal(err)
	}

	party := sha256.Sum256([]byte(d.party.ID))
	authenticator := append(party[:], flags, byte(counter>>24), byte(counter>>16), byte(counter>>8), byte(counter))
	hash := sha256.Sum256(data)
	digest := sha256.Sum256(append(slices.Clone(authenticator), hash[:]...))
	signature, err := d.held.Key.Sign(digest[:])
	if err != nil {
		t.Fatal(err)
	}

	text := base64.RawURLEncoding.EncodeToString
	response, _ := json.Marshal(map[string]any{
		"id":    text(d.held.ID),
		"rawId": text(d.held.ID),
		"type":  "public-key",
		"response": map[string]any{
			"clientDataJSON":    text(data),
			"authenticatorData": text(authenticator),
			"signature":         text(signature),
			"userHandle":        text(d.auth.Options.UserHandle),
		},
	})

	return string(response)
}
