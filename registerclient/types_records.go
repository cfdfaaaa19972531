package registerclient

import "time"

// AccessRecord is an organisation's claim to read the data of a meter point.
type AccessRecord struct {
	RecordMetadata RecordMetadata `json:"record-metadata"`
	Notice         *Notice        `json:"notice"`
	Processing     Processing     `json:"processing"`
	AccessEvent    AccessEvent    `json:"access-event"`
	// ReidentificationToken replaces RecordMetadata.IdentityRecordRef if another Data User holds the identity record.
	// It is accepted on creation, and never stored or returned.
	ReidentificationToken *string `json:"reidentification-token,omitzero"`
}

// RecordMetadata identifies a record and its controllers.
type RecordMetadata struct {
	SchemaVersion         string                `json:"schema-version"`
	RecordIdentifier      string                `json:"record-identifier,omitzero"`
	CreatedAt             *time.Time            `json:"created-at,omitzero"`
	ControllerArrangement ControllerArrangement `json:"controller-arrangement"`
	// IdentityRecordRef is null for callers other than the owner of the record.
	IdentityRecordRef *string `json:"identity-record-ref"`
}

// ControllerArrangement lists the organisations that are responsible.
type ControllerArrangement struct {
	ArrangementType ArrangementType `json:"arrangement-type"`
	Art26Reference  *string         `json:"art26-reference,omitzero"`
	Controllers     []Controller    `json:"controllers"`
}

// Lead returns the sole or lead controller, which gives the record its name; nil if there is none.
func (a ControllerArrangement) Lead() *Controller {
	for i, c := range a.Controllers {
		if c.Role == ControllerSole || c.Role == ControllerLead {
			return &a.Controllers[i]
		}
	}

	return nil
}

// Controller is a responsible organisation.
type Controller struct {
	Name               string             `json:"name"`
	Role               ControllerRole     `json:"role"`
	ContactURL         string             `json:"contact-url"`
	Address            *UKAddress         `json:"address,omitzero"`
	PrivacyRightsURL   string             `json:"privacy-rights-url,omitzero"`
	LIAReference       *string            `json:"lia-reference,omitzero"`
	StatutoryReference *string            `json:"statutory-reference,omitzero"`
	StorageConditions  *StorageConditions `json:"storage-conditions,omitzero"`
}

// StorageConditions says in which country the data is kept (ISO 3166-1 alpha-2) and how long (ISO 8601 duration).
type StorageConditions struct {
	Location        string `json:"location"`
	RetentionPeriod string `json:"retention-period"`
}

// Notice is the privacy notice that the customer was shown: one for all controllers, or one for each.
type Notice struct {
	SharedNotice *NoticeDetail      `json:"shared-notice,omitzero"`
	Notices      []ControllerNotice `json:"notices,omitzero"`
}

// NoticeDetail is a version of a privacy notice.
type NoticeDetail struct {
	TermsURL       string `json:"terms-url"`
	NoticeVersion  string `json:"notice-version"`
	NoticeLanguage string `json:"notice-language,omitzero"`
}

// ControllerNotice is the privacy notice of one controller.
type ControllerNotice struct {
	ControllerName string `json:"controller-name"`
	TermsURL       string `json:"terms-url"`
	NoticeVersion  string `json:"notice-version"`
	NoticeLanguage string `json:"notice-language,omitzero"`
}

// Processing says which data is read, for what purpose and on which legal basis.
type Processing struct {
	LegalBasis   LegalBasis  `json:"legal-basis"`
	Purpose      string      `json:"purpose"`
	DataTypes    []DataType  `json:"data-types"`
	Jurisdiction string      `json:"jurisdiction,omitzero"`
	DataSource   string      `json:"data-source,omitzero"`
	Recipients   []Recipient `json:"recipients,omitzero"`
}

// Recipient is an organisation that receives the data from a controller.
type Recipient struct {
	Name       string `json:"name"`
	Role       string `json:"role"`
	PrivacyURL string `json:"privacy-url,omitzero"`
}

// AccessEvent says when access begins and ends, and how consent was given.
type AccessEvent struct {
	State        AccessState `json:"state"`
	RegisteredAt time.Time   `json:"registered-at"`
	// Expiry is nil if the record does not expire.
	Expiry              *time.Time `json:"expiry"`
	ControllerReference string     `json:"controller-reference,omitzero"`
	Consent             *Consent   `json:"consent,omitzero"`
	RevokedAt           *time.Time `json:"revoked-at,omitzero"`
}

// Consent says how the customer gave consent.
type Consent struct {
	ConsentType string `json:"consent-type"`
	Method      string `json:"method,omitzero"`
}

// RegisterAccessResponse holds the key of a new or replaced access record.
type RegisterAccessResponse struct {
	Response    ResponseMetadata `json:"response"`
	AccessToken AccessToken      `json:"access-token"`
}

// AccessToken is the key and the expiry of an access record.
type AccessToken struct {
	Key    string     `json:"key"`
	Expiry *time.Time `json:"expiry"`
}

// VerifyAccessResponse is an access record as the public reads it, without personal data.
type VerifyAccessResponse struct {
	Response     ResponseMetadata `json:"response"`
	AccessRecord AccessRecord     `json:"access-record"`
	DUID         string           `json:"duid"`
	// DataUserStatus is the status of the account that registered the record; empty for a discovered record. It is an
	// addition to the published API.
	DataUserStatus DataUserStatus `json:"data-user-status"`
}

// RevokeAccessResponse says when a record was revoked.
type RevokeAccessResponse struct {
	Response  ResponseMetadata `json:"response"`
	AK        string           `json:"ak"`
	RevokedAt time.Time        `json:"revoked-at"`
}

// NoticeResponse is the delivery status of a withdrawal. It is an addition to the published API.
type NoticeResponse struct {
	Response ResponseMetadata `json:"response"`
	AK       string           `json:"ak"`
	Status   NoticeStatus     `json:"status"`
	// At is when the event was accepted or given up; null before that, and if there is no event.
	At *time.Time `json:"at"`
}
