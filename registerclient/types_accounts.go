package registerclient

import "time"

// StatusCause is why an account is suspended or terminated. It is an addition to the published API.
type StatusCause string

const (
	// CauseFailure is that of a supplier that failed: the contacts of its customers go on standing.
	CauseFailure StatusCause = "failure"
	// CauseMisconduct is every other cause: no contact stands by the word of this account any more.
	CauseMisconduct StatusCause = "misconduct"
)

// Account is an account without its secret.
type Account struct {
	AccountID    string    `json:"account-id"`
	DUID         string    `json:"duid"`
	DisplayName  string    `json:"display-name"`
	Role         Role      `json:"role"`
	Status       string    `json:"status"`
	ContactURL   string    `json:"contact-url"`
	RegisteredAt time.Time `json:"registered-at"`
	// The members from here on are additions to the published API.
	SuspendedAt *time.Time `json:"suspended-at"`
	// StatusCause is why the account is suspended or terminated; nil if it is active.
	StatusCause           *StatusCause `json:"status-cause"`
	OrganisationReference string       `json:"organisation-reference,omitzero"`
	DataTypes             []DataType   `json:"data-types"`
	ReturnURLs            []string     `json:"return-urls"`
}

// StatusChangeRequest says why an account is suspended or terminated. An empty Cause is misconduct.
type StatusChangeRequest struct {
	Cause StatusCause `json:"cause,omitzero"`
}

// AccountResponse is an account.
type AccountResponse struct {
	Response ResponseMetadata `json:"response"`
	Account  Account          `json:"account"`
}

// ReplaceReturnURLsRequest is the whole list of addresses that the register may send a customer back to.
type ReplaceReturnURLsRequest struct {
	ReturnURLs []string `json:"return-urls"`
	// CurrentSecret is the account's secret. A Client fills it in. It is an addition to the published API.
	CurrentSecret string `json:"current-secret,omitzero"`
}

// RotateSecretRequest proves that the caller knows the account's secret. It is an addition to the published API.
type RotateSecretRequest struct {
	CurrentSecret string `json:"current-secret,omitzero"`
}

// RotateSecretResponse is the account's new secret. The old one is refused from now on. SecretKey is empty in the
// response to a repetition with the same Idempotency-Key: the secret is returned only once.
type RotateSecretResponse struct {
	Response  ResponseMetadata `json:"response"`
	SecretKey string           `json:"secret-key,omitzero"`
}

// CreateAccountRequest creates an account. If SecretKey or DUID is omitted, the register makes it; it returns the
// secret once.
type CreateAccountRequest struct {
	AccountID   string     `json:"account-id"`
	SecretKey   string     `json:"secret-key,omitzero"`
	DUID        string     `json:"duid,omitzero"`
	DisplayName string     `json:"display-name"`
	Role        Role       `json:"role"`
	ContactURL  string     `json:"contact-url,omitzero"`
	DataTypes   []DataType `json:"data-types,omitzero"`
	// OrganisationReference is the account's Smart Energy Code reference, by which discovered access is matched to
	// the account. It is an addition to the published API.
	OrganisationReference string `json:"organisation-reference,omitzero"`
	// ReturnURLs are the only addresses that the register sends a customer back to. It is an addition as well.
	ReturnURLs []string `json:"return-urls,omitzero"`
	// ReservedName says that the account is of the organisation that has the reserved name: a regulator, an operator
	// or the register. Without it such a name is refused. It is an addition as well.
	ReservedName bool `json:"reserved-name,omitzero"`
}

// UpdateAccountRequest changes the members of an account that it holds, and no others. At least one is required. It is
// an addition to the published API.
type UpdateAccountRequest struct {
	DisplayName           string     `json:"display-name,omitzero"`
	ContactURL            string     `json:"contact-url,omitzero"`
	OrganisationReference string     `json:"organisation-reference,omitzero"`
	DataTypes             []DataType `json:"data-types,omitzero"`
	// ReservedName says that the account is of the organisation that has this reserved name.
	ReservedName bool `json:"reserved-name,omitzero"`
}

// CreateAccountResponse is the new account. SecretKey is set if the register made it. It is returned only once, and not
// to a repetition with the same Idempotency-Key.
type CreateAccountResponse struct {
	Response  ResponseMetadata `json:"response"`
	Account   Account          `json:"account"`
	SecretKey string           `json:"secret-key,omitzero"`
}

// ListAccountsResponse lists every account, oldest first.
type ListAccountsResponse struct {
	Response ResponseMetadata `json:"response"`
	Accounts []Account        `json:"accounts"`
	// Total is exact up to 10,000; if there are more, it is 10,000 and TotalIsAtLeast is true.
	Total          int  `json:"total"`
	TotalIsAtLeast bool `json:"total-is-at-least,omitzero"`
}

// DataUser is the entry of a Data User in the directory.
type DataUser struct {
	DUID               string     `json:"duid"`
	DisplayName        string     `json:"display-name"`
	Status             string     `json:"status"`
	RegisteredAt       time.Time  `json:"registered-at"`
	SuspendedAt        *time.Time `json:"suspended-at"`
	ContactURL         string     `json:"contact-url"`
	DataTypesSupported []DataType `json:"data-types-supported"`
}

// DataUserResponse is one entry of the directory.
type DataUserResponse struct {
	Response ResponseMetadata `json:"response"`
	DataUser DataUser         `json:"data-user"`
}
