package mail

import (
	"crypto/rsa"
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	gomail "github.com/wneessen/go-mail"
)

// DKIM says how letters are signed (RFC 6376), so that a receiver knows them from forgeries. The public key stands in
// DNS, as a TXT record of Selector._domainkey.Domain.
type DKIM struct {
	Domain   string
	Selector string
	// Key is the private key in PEM: RSA of 2048 bits or more (RFC 8301), or Ed25519 (RFC 8463), in PKCS #8; RSA also
	// in PKCS #1.
	Key string
}

// signed are the headers that nobody may change on the way. Each is also signed as absent once more than it is
// there, so that nobody may add a second one.
var signed = []string{
	"From",
	"To",
	"Subject",
	"Date",
	"Message-ID",
	"MIME-Version",
	"Content-Type",
	"Content-Language",
	"Auto-Submitted",
}

// signing checks what is set. From's domain must be the signing one or below it: else the signature says nothing about
// the sender that people see (RFC 7489, alignment). That go-mail could sign too is no help: v0.8.1 breaks a list of
// headers that is longer than a line after signing it unbroken, so that the signature does not hold.
func (d *DKIM) signing(from string) (*dkim.SignOptions, error) {
	var mistakes []error
	if !domainForm.MatchString(d.Domain) {
		mistakes = append(mistakes, errors.New("DKIM: Domain is missing or is no domain"))
	} else if from := strings.ToLower(from); from != "" && from != strings.ToLower(d.Domain) && !strings.HasSuffix(from, "."+strings.ToLower(d.Domain)) {
		mistakes = append(mistakes, errors.New("DKIM: From's domain is neither Domain nor below it"))
	}

	if !domainForm.MatchString(d.Selector) {
		mistakes = append(mistakes, errors.New("DKIM: Selector is missing or cannot be part of a domain"))
	}

	key, err := gomail.PrivKeyFromPEM([]byte(d.Key))
	if err != nil {
		mistakes = append(mistakes, errors.New("DKIM: Key is not an RSA or Ed25519 private key in PEM"))
	} else if rsaKey, ok := key.(*rsa.PrivateKey); ok && rsaKey.N.BitLen() < 2048 {
		mistakes = append(mistakes, errors.New("DKIM: Key is an RSA key of fewer than 2048 bits"))
	}

	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}

	return &dkim.SignOptions{
		Domain: d.Domain, Selector: d.Selector, Signer: key, HeaderKeys: slices.Concat(signed, signed),
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	}, nil
}
