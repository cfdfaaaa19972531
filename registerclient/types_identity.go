package registerclient

import "time"

// UKAddress is a postal address. It is the only type in the API with members in camel case.
type UKAddress struct {
	AddressLine1 string  `json:"addressLine1"`
	AddressLine2 *string `json:"addressLine2,omitzero"`
	TownCity     string  `json:"townCity"`
	County       *string `json:"county,omitzero"`
	Postcode     string  `json:"postcode"`
}

// PIIPrincipal is the customer of an identity record: a meter point and the first day of the occupancy.
type PIIPrincipal struct {
	MPxN       string     `json:"mpxn"`
	MoveInDate Date       `json:"move-in-date"`
	Address    *UKAddress `json:"address,omitzero"`
}

// PrincipalVerification is the evidence with which a Data User verified who a customer is.
type PrincipalVerification struct {
	Method          string         `json:"method"`
	VerifiedAt      time.Time      `json:"verified-at"`
	Outcome         string         `json:"outcome"`
	Reference       string         `json:"reference,omitzero"`
	Submitted       string         `json:"submitted,omitzero"`
	VerifiedAgainst string         `json:"verified-against,omitzero"`
	Detail          map[string]any `json:"detail,omitzero"`
}

// CreateIdentityRecordRequest registers one customer of a Data User.
type CreateIdentityRecordRequest struct {
	PIIPrincipal                PIIPrincipal           `json:"pii-principal"`
	ExpressedBy                 string                 `json:"expressed-by"`
	PrincipalVerification       *PrincipalVerification `json:"principal-verification,omitzero"`
	Email                       *string                `json:"email,omitzero"`
	InitiatePasskeyRegistration bool                   `json:"initiate-passkey-registration,omitzero"`
	PasskeyReturnURL            *string                `json:"passkey-return-url,omitzero"`
}

// CreateIdentityRecordResponse holds the key of the new identity record.
type CreateIdentityRecordResponse struct {
	Response                    ResponseMetadata `json:"response"`
	IR                          string           `json:"ir"`
	PasskeyRegistrationRedirect *PasskeyRedirect `json:"passkey-registration-redirect"`
}

// UpdateIdentityRecordRequest changes the members of an identity record that it holds, and no others. At least one is
// required. It is an addition to the published API.
type UpdateIdentityRecordRequest struct {
	// Email becomes the address of the record once it stands; until then the old one stays (ContactStanding).
	Email                 *string                `json:"email,omitzero"`
	PrincipalVerification *PrincipalVerification `json:"principal-verification,omitzero"`
	PIIPrincipal          *PIIPrincipalChange    `json:"pii-principal,omitzero"`
}

// PIIPrincipalChange changes what it holds of the customer of an identity record.
type PIIPrincipalChange struct {
	MoveInDate Date       `json:"move-in-date,omitzero"`
	Address    *UKAddress `json:"address,omitzero"`
}

// The states of a contact.
const (
	// ContactStands is that of a contact that answers the challenges of every account.
	ContactStands = "stands"
	// ContactProvisional is that of a contact that answers only its own Data User so far.
	ContactProvisional = "provisional"
	// ContactSetAside is that of a contact that answers only its own Data User until an administrator restores it.
	ContactSetAside = "set-aside"
)

// ContactStanding is an address or a passkey of an identity record and whether it stands. It is an addition to the
// published API.
type ContactStanding struct {
	Contact string `json:"contact"`
	// Kind is "email" or "passkey".
	Kind string `json:"kind"`
	// CredentialID is that of a passkey; nil for an address.
	CredentialID *string   `json:"credential-id,omitzero"`
	Standing     string    `json:"standing"`
	Since        time.Time `json:"since"`
	// Why is a word for the reason: first, same-address, new, not-me and so on.
	Why string `json:"why"`
	// MayStandAt is when a provisional contact will stand if nothing changes; nil if time alone does not bring that.
	MayStandAt *time.Time `json:"may-stand-at,omitzero"`
}

// IdentityRecord is an identity record as its own Data User reads it. It never holds the email address.
type IdentityRecord struct {
	IR                    string                     `json:"ir"`
	CreatedAt             time.Time                  `json:"created-at"`
	PIIPrincipal          *PIIPrincipal              `json:"pii-principal"`
	ExpressedBy           *string                    `json:"expressed-by"`
	PrincipalVerification *PrincipalVerification     `json:"principal-verification"`
	HasEmail              bool                       `json:"has-email"`
	Credentials           []PasskeyCredentialSummary `json:"credentials"`
	// ContactStanding has one entry for each address and passkey of the record, oldest first.
	ContactStanding []ContactStanding `json:"contact-standing"`
	AnonymisedAt    *time.Time        `json:"anonymised-at"`
}

// PasskeyCredentialSummary describes one passkey. Its public key never leaves the register.
type PasskeyCredentialSummary struct {
	CredentialID string    `json:"credential-id"`
	RegisteredAt time.Time `json:"registered-at"`
	Transports   []string  `json:"transports"`
}

// IdentityRecordResponse is an identity record.
type IdentityRecordResponse struct {
	Response       ResponseMetadata `json:"response"`
	IdentityRecord IdentityRecord   `json:"identity-record"`
}

// LookupIdentityRecordsResponse lists identity records of the caller.
type LookupIdentityRecordsResponse struct {
	Response        ResponseMetadata `json:"response"`
	IdentityRecords []IdentityRecord `json:"identity-records"`
}

// IdentityExistsResponse says whether an occupant of a meter point can be asked to confirm, and how.
type IdentityExistsResponse struct {
	Response         ResponseMetadata `json:"response"`
	MPxN             string           `json:"mpxn"`
	Exists           bool             `json:"exists"`
	AvailableMethods []Method         `json:"available-methods"`
}

// AnonymiseIdentityRecordResponse says when the personal data was erased.
type AnonymiseIdentityRecordResponse struct {
	Response     ResponseMetadata `json:"response"`
	IR           string           `json:"ir"`
	AnonymisedAt time.Time        `json:"anonymised-at"`
}
