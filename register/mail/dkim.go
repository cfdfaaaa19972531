package mail

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	gomail "github.com/wneessen/go-mail"
)

// DKIM signs letters (RFC 6376), so that a receiver can tell them from forgeries. The public key is published in DNS,
// in a TXT record of Selector._domainkey.Domain.
type DKIM struct {
	Domain   string
	Selector string
	// Key is the private key in PEM: RSA of at least 2048 bits (RFC 8301) or Ed25519 (RFC 8463), in PKCS #8. RSA may
	// also be in PKCS #1.
	Key string
}

// signedHeaders are the headers that must not change on the way. Each name is signed once more than it occurs, so that
// adding a second one breaks the signature.
var signedHeaders = []string{
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

// signOptions checks the settings. The domain of From must be the signing domain or below it, otherwise the signature
// says nothing about the sender that people see (alignment, RFC 7489).
//
// go-mail can sign too, but v0.8.1 breaks a list of headers longer than a line after it has signed the unbroken one,
// and the signature is invalid.
func (d *DKIM) signOptions(fromDomain string) (*dkim.SignOptions, error) {
	var mistakes []error

	if !domainForm.MatchString(d.Domain) {
		mistakes = append(mistakes, errors.New("DKIM: Domain is missing or is not a domain"))
	} else if fromDomain != "" && !isWithin(fromDomain, d.Domain) {
		mistakes = append(mistakes, errors.New("DKIM: From's domain is neither Domain nor below it"))
	}

	if !domainForm.MatchString(d.Selector) {
		mistakes = append(mistakes, errors.New("DKIM: Selector is missing or cannot be part of a domain"))
	}

	key, err := parseKey(d.Key)
	if err != nil {
		mistakes = append(mistakes, err)
	}

	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}

	return &dkim.SignOptions{
		Domain:                 d.Domain,
		Selector:               d.Selector,
		Signer:                 key,
		HeaderKeys:             slices.Concat(signedHeaders, signedHeaders),
		HeaderCanonicalization: dkim.CanonicalizationRelaxed,
		BodyCanonicalization:   dkim.CanonicalizationRelaxed,
	}, nil
}

// isWithin reports whether domain is parent or below it.
func isWithin(domain, parent string) bool {
	domain = strings.ToLower(domain)
	parent = strings.ToLower(parent)

	return domain == parent || strings.HasSuffix(domain, "."+parent)
}

// parseKey reads a private key in PEM. Its errors do not quote it.
func parseKey(text string) (crypto.Signer, error) {
	key, err := gomail.PrivKeyFromPEM([]byte(text))
	if err != nil {
		return nil, errors.New("DKIM: Key is not an RSA or Ed25519 private key in PEM")
	}
	if rsaKey, ok := key.(*rsa.PrivateKey); ok && rsaKey.N.BitLen() < 2048 {
		return nil, errors.New("DKIM: Key is an RSA key of fewer than 2048 bits")
	}

	return key, nil
}
