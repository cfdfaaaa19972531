package passkey

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"central.consent/dar/internal/web/address"
)

// RelyingParty asks on behalf of one origin, and accepts only responses that were made on that origin.
type RelyingParty struct {
	web    *webauthn.WebAuthn
	origin string
}

// New returns the relying party of an origin: scheme, host and, unless it is the default of the scheme, port. Its id is
// the host.
//
// Browsers create no passkeys for an IP address. For a loopback address the id is localhost. Browsers refuse that id on
// the pages of an IP address, so such a register runs without passkeys. Any other address is an error.
func New(origin, displayName string) (*RelyingParty, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return nil, fmt.Errorf("origin of passkeys: %w", err)
	}

	host := strings.ToLower(u.Hostname())
	if address.IsLoopbackIP(host) {
		host = "localhost"
	}

	origin = canonicalOrigin(u)
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
		// Some password managers send the output of extensions that were not requested. No output is used.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("origin of passkeys: %w", err)
	}

	return &RelyingParty{web, origin}, nil
}

// canonicalOrigin writes an origin as browsers do, because the origin that they sign is compared byte for byte.
func canonicalOrigin(u *url.URL) string {
	defaultPorts := map[string]string{"https": ":443", "http": ":80"}
	host := strings.TrimSuffix(u.Host, defaultPorts[u.Scheme])

	return strings.ToLower(u.Scheme + "://" + host)
}

// checkOrigin refuses two things that go-webauthn accepts: another spelling of our origin, although browsers use only
// one, and a response from a frame.
func (r *RelyingParty) checkOrigin(data protocol.CollectedClientData) error {
	if data.Origin != r.origin || data.CrossOrigin || data.TopOrigin != "" {
		return refused(errors.New("the response was made on another origin, or in a frame"))
	}
	return nil
}
