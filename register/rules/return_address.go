package rules

import (
	"fmt"
	"maps"
	"net/url"

	"central.consent/dar/register/store"
)

// The query parameters with which a customer returns to the account that asked.
const (
	linkTokenParameter    = "dar-reid-token"
	passkeyTokenParameter = "dar-passkey-token"
	completionParameter   = "dar-completion-code"
	actionParameter       = "dar-action"
)

// LinkReturn returns the address to which a customer goes back after a mailed link, with the token.
func (r *Rules) LinkReturn(found store.Reidentification) (string, error) {
	return r.returnAddress(found, linkTokenParameter, nil)
}

// CancelledReturn returns the address to which a customer goes back without a passkey; empty if the account that asks
// gave none.
func CancelledReturn(found store.Reidentification) string {
	if found.RedirectURL == nil {
		return ""
	}

	return withQuery(*found.RedirectURL, map[string]string{actionParameter: "cancelled"})
}

// returnAddress returns the address that the account gave, with the token in the parameter and more parameters.
func (r *Rules) returnAddress(
	found store.Reidentification, tokenParameter string, more map[string]string,
) (string, error) {
	token, err := r.keys.open(found.KeyID, found.SealedToken, placeOfToken(found.Challenge))
	if err != nil {
		return "", fmt.Errorf("open a token: %w", err)
	}

	query := map[string]string{tokenParameter: string(token)}
	maps.Copy(query, more)

	return withQuery(*found.RedirectURL, query), nil
}

// withQuery adds parameters to an address, which may have a query already.
func withQuery(address string, parameters map[string]string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return address // cannot happen: it was checked when it was registered
	}

	query := parsed.Query()
	for name, value := range parameters {
		query.Set(name, value)
	}
	parsed.RawQuery = query.Encode()

	return parsed.String()
}
