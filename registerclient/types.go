package registerclient

import "time"

// The enumerations of the register's API. Their values are the wire's; the portal turns each into
// words in handlers/labels.go and never shows a customer one of them.
type (
	// AccessState says whether an organisation can read a meter point's data now.
	AccessState string
	// LegalBasis is the ground in UK GDPR that a controller claims.
	LegalBasis string
	// DataType is one kind of meter data.
	DataType string
	// ArrangementType says how several controllers share the responsibility.
	ArrangementType string
	// ControllerRole is one controller's part in an arrangement.
	ControllerRole string
	// Method is a way in which a customer proves presence.
	Method string
	// ReidentificationStatus is how far a re-identification has come.
	ReidentificationStatus string
	// Role is what an account may do.
	Role string
	// RevokeReason is why an access record was ended.
	RevokeReason string
	// RevokedBy says who ended an access record.
	RevokedBy string
	// Date is a calendar day, YYYY-MM-DD.
	Date string
)

const (
	StateActive     AccessState = "ACTIVE"
	StateExpired    AccessState = "EXPIRED"
	StateRevoked    AccessState = "REVOKED"
	StateDiscovered AccessState = "DISCOVERED"

	BasisConsent             LegalBasis = "uk-consent"
	BasisExplicitConsent     LegalBasis = "uk-explicit-consent"
	BasisLegitimateInterests LegalBasis = "uk-legitimate-interests"
	BasisPublicTask          LegalBasis = "uk-public-task"
	BasisLegalObligation     LegalBasis = "uk-legal-obligation"
	BasisContract            LegalBasis = "uk-contract"

	HalfHourlyConsumption DataType = "HH-CONSUMPTION"
	HalfHourlyExport      DataType = "HH-EXPORT"
	MonthlyConsumption    DataType = "MTH-CONSUMPTION"
	MonthlyExport         DataType = "MTH-EXPORT"
	AnnualConsumption     DataType = "ANNUAL-CONSUMPTION"
	AnnualExport          DataType = "ANNUAL-EXPORT"
	TariffImport          DataType = "TARIFF-IMPORT"
	TariffExport          DataType = "TARIFF-EXPORT"

	ArrangementSole  ArrangementType = "sole"
	ArrangementJoint ArrangementType = "joint"
	ArrangementGroup ArrangementType = "group"

	ControllerSole   ControllerRole = "sole"
	ControllerLead   ControllerRole = "lead"
	ControllerJoint  ControllerRole = "joint"
	ControllerMember ControllerRole = "member"

	MethodMagicLink       Method = "magic-link"
	MethodPasskeyAssert   Method = "passkey-assert"
	MethodPasskeyRegister Method = "passkey-register"

	StatusPending   ReidentificationStatus = "pending"
	StatusConfirmed ReidentificationStatus = "confirmed"
	StatusExpired   ReidentificationStatus = "expired"

	RoleDataUser     Role = "data_user"
	RoleDataProvider Role = "data_provider"
	RoleDCC          Role = "dcc"
	RoleAdmin        Role = "admin"
	RolePortal       Role = "portal"

	ReasonCustomerRequest          RevokeReason = "customer-request"
	ReasonContractEnded            RevokeReason = "contract-ended"
	ReasonLIALapsed                RevokeReason = "lia-lapsed"
	ReasonStatutoryAuthorityLapsed RevokeReason = "statutory-authority-lapsed"
	ReasonDataNoLongerRequired     RevokeReason = "data-no-longer-required"
	ReasonOther                    RevokeReason = "other"

	RevokedByCustomer     RevokedBy = "customer"
	RevokedByOrganisation RevokedBy = "organisation"
)

// Consent reports whether the customer gave the permission, and can therefore take it back.
func (b LegalBasis) Consent() bool { return b == BasisConsent || b == BasisExplicitConsent }

// ResponseMetadata opens every JSON answer of the register but the bearer token's.
type ResponseMetadata struct {
	// Resource is the path that answered, /v1 included.
	Resource string `json:"resource"`
	// Timestamp is when it answered, UTC, whole seconds.
	Timestamp time.Time `json:"timestamp"`
	// TransactionID finds the answer in the register's log: tid_ and 24 hex digits.
	TransactionID string `json:"transaction-id"`
}

// ErrorResponse is the body of every refusal.
type ErrorResponse struct {
	Response ResponseMetadata `json:"response"`
	Errors   []ErrorDetail    `json:"errors"`
}

// ErrorDetail is one thing that was wrong.
type ErrorDetail struct {
	Code    string `json:"error-code"`
	Message string `json:"message"`
	// Field is the path of the member or parameter at fault, as pii-principal.mpxn. An addition to the
	// published shape; empty where no single field is at fault.
	Field string `json:"field,omitzero"`
}

// BearerToken is the answer to a request for a token.
type BearerToken struct {
	Token string `json:"bearer-token"`
	// Expires is the token's life in seconds.
	Expires int `json:"expires"`
}

// UKAddress is a postal address; alone in the API its members are in camel case.
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

// PrincipalVerification is the evidence that a Data User gathered before it relied on a customer's word.
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

// CreateIdentityRecordResponse names the new identity record.
type CreateIdentityRecordResponse struct {
	Response                    ResponseMetadata `json:"response"`
	IR                          string           `json:"ir"`
	PasskeyRegistrationRedirect *PasskeyRedirect `json:"passkey-registration-redirect"`
}

// IdentityRecord is what its own Data User reads back. The e-mail address never returns.
type IdentityRecord struct {
	IR                    string                     `json:"ir"`
	CreatedAt             time.Time                  `json:"created-at"`
	PIIPrincipal          *PIIPrincipal              `json:"pii-principal"`
	ExpressedBy           *string                    `json:"expressed-by"`
	PrincipalVerification *PrincipalVerification     `json:"principal-verification"`
	HasEmail              bool                       `json:"has-email"`
	Credentials           []PasskeyCredentialSummary `json:"credentials"`
	AnonymisedAt          *time.Time                 `json:"anonymised-at"`
}

// PasskeyCredentialSummary names one passkey; its public key never leaves the register.
type PasskeyCredentialSummary struct {
	CredentialID string    `json:"credential-id"`
	RegisteredAt time.Time `json:"registered-at"`
	Transports   []string  `json:"transports"`
}

// LookupIdentityRecordsResponse lists the caller's own identity records.
type LookupIdentityRecordsResponse struct {
	Response        ResponseMetadata `json:"response"`
	IdentityRecords []IdentityRecord `json:"identity-records"`
}

// IdentityExistsResponse says whether anybody at a meter point can be asked to confirm, and how.
type IdentityExistsResponse struct {
	Response         ResponseMetadata `json:"response"`
	MPxN             string           `json:"mpxn"`
	Exists           bool             `json:"exists"`
	AvailableMethods []Method         `json:"available-methods"`
}

// ReidentifyRequest starts a re-identification of whoever lives at a meter point.
type ReidentifyRequest struct {
	MPxN             string  `json:"mpxn"`
	Method           Method  `json:"method"`
	RedirectURL      *string `json:"redirect-url,omitzero"`
	PasskeyReturnURL *string `json:"passkey-return-url,omitzero"`
	// MatchCode asks for a code that the customer types on the register's page, so that a stranger's
	// challenge is not confirmed by one hurried click. With a passkey and a return URL nobody types it: the way back
	// brings a completion code (see CompleteReidentificationRequest), and the challenge is pending until then.
	MatchCode bool `json:"match-code,omitzero"`
	// Language is "en" or "cy", in which the customer is written to and shown the register's pages; both where it is empty.
	Language string `json:"language,omitzero"`
}

// ReidentifyResponse carries exactly one of MagicLink and Passkey.
type ReidentifyResponse struct {
	Response  ResponseMetadata `json:"response"`
	Method    Method           `json:"method"`
	MagicLink *MagicLink       `json:"magic-link"`
	Passkey   *PasskeyRedirect `json:"passkey"`
	// MatchCode is four characters to show on the page that started the challenge and nowhere else.
	MatchCode string `json:"match-code,omitzero"`
}

// TokenRef is the token of whichever method was started: a secret of the account that started it.
func (r ReidentifyResponse) TokenRef() string {
	if r.MagicLink != nil {
		return r.MagicLink.TokenRef
	}
	if r.Passkey != nil {
		return r.Passkey.TokenRef
	}

	return ""
}

// MagicLink tells where a link was mailed, and until when it can be clicked.
type MagicLink struct {
	// DispatchedTo is masked: c*****r@example.com.
	DispatchedTo string    `json:"dispatched-to"`
	ExpiresAt    time.Time `json:"expires-at"`
	TokenRef     string    `json:"token-ref"`
	RedirectURL  *string   `json:"redirect-url"`
}

// PasskeyRedirect is a one-use page of the register's id origin.
type PasskeyRedirect struct {
	RedirectURL string    `json:"redirect-url"`
	TokenRef    string    `json:"token-ref"`
	ExpiresAt   time.Time `json:"expires-at"`
	ReturnURL   *string   `json:"return-url"`
}

// ReidentifyStatusResponse is what polling answers.
type ReidentifyStatusResponse struct {
	Response    ResponseMetadata       `json:"response"`
	Method      Method                 `json:"method"`
	Status      ReidentificationStatus `json:"status"`
	ConfirmedAt *time.Time             `json:"confirmed-at"`
	// Reason is "declined" where the customer said that it was not them who asked, and "wrong-code" where the match
	// code was typed wrong three times; otherwise empty.
	Reason string `json:"reason,omitzero"`
}

// AccessRecord is one organisation's claim to read a meter point's data.
type AccessRecord struct {
	RecordMetadata RecordMetadata `json:"record-metadata"`
	Notice         *Notice        `json:"notice"`
	Processing     Processing     `json:"processing"`
	AccessEvent    AccessEvent    `json:"access-event"`
	// ReidentificationToken stands in for RecordMetadata.IdentityRecordRef where another Data User
	// holds the identity record. Accepted on creation, never stored or returned.
	ReidentificationToken *string `json:"reidentification-token,omitzero"`
}

// RecordMetadata says whose record it is.
type RecordMetadata struct {
	SchemaVersion         string                `json:"schema-version"`
	RecordIdentifier      string                `json:"record-identifier,omitzero"`
	CreatedAt             *time.Time            `json:"created-at,omitzero"`
	ControllerArrangement ControllerArrangement `json:"controller-arrangement"`
	// IdentityRecordRef is for the record's owner only; null for everybody else.
	IdentityRecordRef *string `json:"identity-record-ref"`
}

// ControllerArrangement lists every organisation that is responsible.
type ControllerArrangement struct {
	ArrangementType ArrangementType `json:"arrangement-type"`
	Art26Reference  *string         `json:"art26-reference,omitzero"`
	Controllers     []Controller    `json:"controllers"`
}

// Lead is the sole or lead controller: the name that stands for the record. Nil where there is none.
func (a ControllerArrangement) Lead() *Controller {
	for i, c := range a.Controllers {
		if c.Role == ControllerSole || c.Role == ControllerLead {
			return &a.Controllers[i]
		}
	}

	return nil
}

// Controller is one responsible organisation.
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

// StorageConditions says where the data is kept (ISO 3166-1 alpha-2) and for how long (ISO 8601 duration).
type StorageConditions struct {
	Location        string `json:"location"`
	RetentionPeriod string `json:"retention-period"`
}

// Notice is what the customer was shown: one notice for all controllers, or one for each.
type Notice struct {
	SharedNotice *NoticeDetail      `json:"shared-notice,omitzero"`
	Notices      []ControllerNotice `json:"notices,omitzero"`
}

// NoticeDetail is one version of a privacy notice.
type NoticeDetail struct {
	TermsURL       string `json:"terms-url"`
	NoticeVersion  string `json:"notice-version"`
	NoticeLanguage string `json:"notice-language,omitzero"`
}

// ControllerNotice is the notice of the controller that it names.
type ControllerNotice struct {
	ControllerName string `json:"controller-name"`
	TermsURL       string `json:"terms-url"`
	NoticeVersion  string `json:"notice-version"`
	NoticeLanguage string `json:"notice-language,omitzero"`
}

// Processing says what is read, and on what ground.
type Processing struct {
	LegalBasis   LegalBasis  `json:"legal-basis"`
	Purpose      string      `json:"purpose"`
	DataTypes    []DataType  `json:"data-types"`
	Jurisdiction string      `json:"jurisdiction,omitzero"`
	DataSource   string      `json:"data-source,omitzero"`
	Recipients   []Recipient `json:"recipients,omitzero"`
}

// Recipient is somebody to whom a controller passes the data on.
type Recipient struct {
	Name       string `json:"name"`
	Role       string `json:"role"`
	PrivacyURL string `json:"privacy-url,omitzero"`
}

// AccessEvent says since when, until when, and how consent was given.
type AccessEvent struct {
	State        AccessState `json:"state"`
	RegisteredAt time.Time   `json:"registered-at"`
	// Expiry is nil where no end was set.
	Expiry              *time.Time `json:"expiry"`
	ControllerReference string     `json:"controller-reference,omitzero"`
	Consent             *Consent   `json:"consent,omitzero"`
	RevokedAt           *time.Time `json:"revoked-at,omitzero"`
}

// Consent is how agreement was expressed.
type Consent struct {
	ConsentType string `json:"consent-type"`
	Method      string `json:"method,omitzero"`
}

// RegisterAccessResponse names a new or replaced access record.
type RegisterAccessResponse struct {
	Response    ResponseMetadata `json:"response"`
	AccessToken AccessToken      `json:"access-token"`
}

// AccessToken is an access record's key and its end.
type AccessToken struct {
	Key    string     `json:"key"`
	Expiry *time.Time `json:"expiry"`
}

// VerifyAccessResponse is the public reading of one record, without anything personal.
type VerifyAccessResponse struct {
	Response     ResponseMetadata `json:"response"`
	AccessRecord AccessRecord     `json:"access-record"`
	DUID         string           `json:"duid"`
}

// RevokeAccessResponse says when a record ended.
type RevokeAccessResponse struct {
	Response  ResponseMetadata `json:"response"`
	AK        string           `json:"ak"`
	RevokedAt time.Time        `json:"revoked-at"`
}

// NoticeStatus says what became of the notice that a permission has been withdrawn.
type NoticeStatus string

const (
	// NoticeNone is where none was sent: the organisation has no endpoint for it, or the record has not been withdrawn.
	NoticeNone NoticeStatus = "none"
	// NoticePending is on its way, and tried again until it arrives or is given up.
	NoticePending NoticeStatus = "pending"
	// NoticeDelivered was accepted by the organisation's system.
	NoticeDelivered NoticeStatus = "delivered"
	// NoticeUndelivered was given up after the last attempt.
	NoticeUndelivered NoticeStatus = "undelivered"
)

// NoticeResponse tells what became of the notice of one withdrawal. An addition to the published API.
type NoticeResponse struct {
	Response ResponseMetadata `json:"response"`
	AK       string           `json:"ak"`
	Status   NoticeStatus     `json:"status"`
	// At is when it was accepted or given up; null before, and where there is none.
	At *time.Time `json:"at"`
}

// AccessRecordSummary is one row of a meter point's list. From RegisteredAt on, the members are
// additions to the published shape that a portal needs to answer since when, until when and by whom.
type AccessRecordSummary struct {
	AK                 string            `json:"ak"`
	LeadControllerName *string           `json:"lead-controller-name"`
	ArrangementType    *ArrangementType  `json:"arrangement-type"`
	ControllerCount    *int              `json:"controller-count"`
	RecordMetadata     *RecordMetadata   `json:"record-metadata"`
	LegalBasis         *LegalBasis       `json:"legal-basis"`
	Purpose            *string           `json:"purpose"`
	DataTypes          []DataType        `json:"data-types"`
	State              AccessState       `json:"state"`
	Expiry             *time.Time        `json:"expiry"`
	DiscoveredAccess   *DiscoveredAccess `json:"discovered-access"`

	RegisteredAt *time.Time `json:"registered-at"`
	RevokedAt    *time.Time `json:"revoked-at"`
	RevokedBy    *RevokedBy `json:"revoked-by"`
	Notice       *Notice    `json:"notice"`
	// DataUserName is the display name of the account that registered the record and is told when it
	// ends; null for a discovered record.
	DataUserName *string `json:"data-user-name"`
	// EarlierOccupant says that somebody who lived there before gave it, and that it is still active.
	EarlierOccupant bool `json:"earlier-occupant,omitzero"`
	// Amendments are what the record said before its owner changed it, the oldest first; absent where it never did.
	Amendments []Amendment `json:"amendments,omitempty"`
}

// Amendment is what an access record said until its owner replaced it, at AmendedAt. What it has said since stands in the
// next amendment, or in the record itself.
type Amendment struct {
	AmendedAt          time.Time  `json:"amended-at"`
	LeadControllerName string     `json:"lead-controller-name"`
	LegalBasis         LegalBasis `json:"legal-basis"`
	Purpose            string     `json:"purpose"`
	DataTypes          []DataType `json:"data-types"`
	Expiry             *time.Time `json:"expiry"`
}

// ListAccessRecordsResponse is everything that a caller may see of one meter point.
type ListAccessRecordsResponse struct {
	Response      ResponseMetadata      `json:"response"`
	MPxN          string                `json:"mpxn"`
	AccessRecords []AccessRecordSummary `json:"access-records"`
	// NextCursor is where the next page begins; empty on the last one, and always for a portal, which reads
	// everything at once.
	NextCursor string `json:"next-cursor,omitzero"`
}

// OwnRecord is one row of a Data User's own list, or of an administrator's: a summary, and which meter point it
// is for and whose.
type OwnRecord struct {
	AccessRecordSummary
	MPxN string `json:"mpxn"`
	DUID string `json:"duid"`
	// CreatedAt is when the register got the record.
	CreatedAt time.Time `json:"created-at"`
}

// ListRecordsResponse is a page of the calling Data User's own access records, the newest first.
type ListRecordsResponse struct {
	Response ResponseMetadata `json:"response"`
	Records  []OwnRecord      `json:"records"`
	// Total is how many records the filter lets through, on all pages.
	Total int `json:"total"`
	// NextCursor is where the next page begins; empty on the last one.
	NextCursor string `json:"next-cursor,omitzero"`
}

// ImportLine is one line of a bulk: an access record, and the identity record that it rests on where there is
// none yet. Exactly one of IdentityRecord and the access record's identity-record-ref is given.
type ImportLine struct {
	// ImportReference is the sender's own and names this line among all that its account ever imports: a line
	// that is sent again changes nothing. At most 255 characters.
	ImportReference string                       `json:"import-reference"`
	IdentityRecord  *CreateIdentityRecordRequest `json:"identity-record,omitzero"`
	AccessRecord    AccessRecord                 `json:"access-record"`
}

// ImportResponse says what became of each line of a bulk.
type ImportResponse struct {
	Response ResponseMetadata `json:"response"`
	// Lines is how many were read, blank ones left out. It is the sum of the three below.
	Lines    int `json:"lines"`
	Imported int `json:"imported"`
	// Known lines had been imported before, with the same content.
	Known   int `json:"known"`
	Refused int `json:"refused"`
	// Errors tells of the first thousand mistakes.
	Errors []ImportError `json:"errors"`
}

// ImportError is one thing that is wrong with one line, counted from 1.
type ImportError struct {
	Line int `json:"line"`
	ErrorDetail
}

// DiscoveredAccess is what the DCC saw: an organisation that reads a meter point and did not register.
type DiscoveredAccess struct {
	MPxN             string `json:"mpxn"`
	OrganisationName string `json:"organisation-name"`
	// OrganisationReference is the organisation's Smart Energy Code reference, as SEC-OU-00429.
	OrganisationReference string     `json:"organisation-reference"`
	FirstSeen             Date       `json:"first-seen"`
	LastSeen              Date       `json:"last-seen,omitzero"`
	DataTypesObserved     []DataType `json:"data-types-observed"`
	SourceReference       string     `json:"source-reference"`
	SupersededBy          *string    `json:"superseded-by,omitzero"`
}

// SubmitDiscoveredAccessResponse names the discovered record.
type SubmitDiscoveredAccessResponse struct {
	Response ResponseMetadata `json:"response"`
	AK       string           `json:"ak"`
	State    AccessState      `json:"state"`
}

// ChangeOfTenancyRequest is the DCC's report that the people at a meter point have changed.
type ChangeOfTenancyRequest struct {
	MPxN            string `json:"mpxn"`
	EffectiveDate   Date   `json:"effective-date"`
	SourceReference string `json:"source-reference"`
}

// ChangeOfTenancyResponse says whom a change of tenancy concerns.
type ChangeOfTenancyResponse struct {
	Response        ResponseMetadata `json:"response"`
	MPxN            string           `json:"mpxn"`
	EffectiveDate   Date             `json:"effective-date"`
	SourceReference string           `json:"source-reference"`
	// ActiveRecordsAffected counts the access records that were active when it was reported.
	ActiveRecordsAffected int `json:"active-records-affected"`
	// DataUsersNotified are the DUIDs to which the event tenancy.change is sent.
	DataUsersNotified []string `json:"data-users-notified"`
}

// ChangeOfTenancy is one report as an administrator sees it.
type ChangeOfTenancy struct {
	COT             string    `json:"cot"`
	MPxN            string    `json:"mpxn"`
	EffectiveDate   Date      `json:"effective-date"`
	SourceReference string    `json:"source-reference"`
	CreatedAt       time.Time `json:"created-at"`
	// WithdrawnAt is when an administrator found it to be false; null where it stands.
	WithdrawnAt *time.Time `json:"withdrawn-at"`
}

// ListChangesOfTenancyResponse lists the reports for one meter point, the latest effective first.
type ListChangesOfTenancyResponse struct {
	Response         ResponseMetadata  `json:"response"`
	ChangesOfTenancy []ChangeOfTenancy `json:"changes-of-tenancy"`
}

// WithdrawChangeOfTenancyResponse is the report that no longer stands.
type WithdrawChangeOfTenancyResponse struct {
	Response        ResponseMetadata `json:"response"`
	ChangeOfTenancy ChangeOfTenancy  `json:"change-of-tenancy"`
}

// DataUser is the directory's entry for a Data User.
type DataUser struct {
	DUID               string     `json:"duid"`
	DisplayName        string     `json:"display-name"`
	Status             string     `json:"status"`
	RegisteredAt       time.Time  `json:"registered-at"`
	SuspendedAt        *time.Time `json:"suspended-at"`
	ContactURL         string     `json:"contact-url"`
	DataTypesSupported []DataType `json:"data-types-supported"`
}

// DataUserResponse is the directory's answer.
type DataUserResponse struct {
	Response ResponseMetadata `json:"response"`
	DataUser DataUser         `json:"data-user"`
}

// RegisterWebhookRequest subscribes the calling Data User to events. NotifyDaysBefore and EventTypes may be left
// out, for 30 days and every event.
type RegisterWebhookRequest struct {
	CallbackURL      string             `json:"callback-url"`
	AlertEmail       string             `json:"alert-email"`
	NotifyDaysBefore *int               `json:"notify-days-before,omitzero"`
	EventTypes       []WebhookEventType `json:"event-types,omitzero"`
}

// UpdateWebhookRequest changes what it names of a subscription, and nothing else.
type UpdateWebhookRequest struct {
	CallbackURL      *string            `json:"callback-url,omitzero"`
	AlertEmail       *string            `json:"alert-email,omitzero"`
	NotifyDaysBefore *int               `json:"notify-days-before,omitzero"`
	EventTypes       []WebhookEventType `json:"event-types,omitzero"`
	// RotateSecret makes a new signing secret; the old one stays valid for 15 minutes.
	RotateSecret bool `json:"rotate-secret,omitzero"`
}

// Webhook is one subscription.
type Webhook struct {
	WID              string             `json:"wid"`
	CallbackURL      string             `json:"callback-url"`
	AlertEmail       string             `json:"alert-email"`
	NotifyDaysBefore int                `json:"notify-days-before"`
	EventTypes       []WebhookEventType `json:"event-types"`
	CreatedAt        time.Time          `json:"created-at"`
	Active           bool               `json:"active"`
	// DUID is the owner's; in an administrator's list alone.
	DUID string `json:"duid,omitzero"`
}

// WebhookResponse is a subscription. SigningSecret is set, this once, where the register made it.
type WebhookResponse struct {
	Response      ResponseMetadata `json:"response"`
	Webhook       Webhook          `json:"webhook"`
	SigningSecret string           `json:"signing-secret,omitzero"`
}

// ListWebhooksResponse lists the caller's own subscriptions; in an administrator's list Total is set.
type ListWebhooksResponse struct {
	Response ResponseMetadata `json:"response"`
	Webhooks []Webhook        `json:"webhooks"`
	Total    *int             `json:"total,omitzero"`
}

// DeliveryStatus says what became of one event for one subscription.
type DeliveryStatus string

const (
	// DeliveryQueued waits for its first attempt or for the next one.
	DeliveryQueued DeliveryStatus = "queued"
	// DeliveryDelivered was answered with 2xx.
	DeliveryDelivered DeliveryStatus = "delivered"
	// DeliveryUndelivered was given up after the last attempt. It can be sent again.
	DeliveryUndelivered DeliveryStatus = "undelivered"
)

// Delivery is one event on its way to one subscription.
type Delivery struct {
	EventID   string           `json:"event-id"`
	EventType WebhookEventType `json:"event-type"`
	Status    DeliveryStatus   `json:"status"`
	// Attempts counts those that have begun.
	Attempts  int       `json:"attempts"`
	CreatedAt time.Time `json:"created-at"`
	// NextAttemptAt is null once it is delivered or given up.
	NextAttemptAt *time.Time `json:"next-attempt-at"`
	EndedAt       *time.Time `json:"ended-at"`
	// LastError is why the last attempt failed; null where none has.
	LastError *string `json:"last-error"`
}

// ListDeliveriesResponse is a page of a subscription's deliveries, the newest first.
type ListDeliveriesResponse struct {
	Response   ResponseMetadata `json:"response"`
	Deliveries []Delivery       `json:"deliveries"`
	NextCursor string           `json:"next-cursor,omitzero"`
}

// RedeliverResponse is the delivery, queued again.
type RedeliverResponse struct {
	Response ResponseMetadata `json:"response"`
	Delivery Delivery         `json:"delivery"`
}

// CreateAccountRequest opens an account. SecretKey and DUID may be left out: the register then makes
// them, and answers the secret once.
type CreateAccountRequest struct {
	AccountID   string     `json:"account-id"`
	SecretKey   string     `json:"secret-key,omitzero"`
	DUID        string     `json:"duid,omitzero"`
	DisplayName string     `json:"display-name"`
	Role        Role       `json:"role"`
	ContactURL  string     `json:"contact-url,omitzero"`
	DataTypes   []DataType `json:"data-types,omitzero"`
	// OrganisationReference is the account's Smart Energy Code reference, by which a record that the DCC
	// discovered is matched to it. An addition to the published shape.
	OrganisationReference string `json:"organisation-reference,omitzero"`
	// ReturnURLs are the only addresses to which the register sends a customer back. An addition.
	ReturnURLs []string `json:"return-urls,omitzero"`
}

// Account is an account without its secret.
type Account struct {
	AccountID    string    `json:"account-id"`
	DUID         string    `json:"duid"`
	DisplayName  string    `json:"display-name"`
	Role         Role      `json:"role"`
	Status       string    `json:"status"`
	ContactURL   string    `json:"contact-url"`
	RegisteredAt time.Time `json:"registered-at"`
	// From here on the members are additions to the published shape.
	SuspendedAt           *time.Time `json:"suspended-at"`
	OrganisationReference string     `json:"organisation-reference,omitzero"`
	DataTypes             []DataType `json:"data-types"`
	ReturnURLs            []string   `json:"return-urls"`
}

// AccountResponse is one account.
type AccountResponse struct {
	Response ResponseMetadata `json:"response"`
	Account  Account          `json:"account"`
}

// ListAccountsResponse is every account, the oldest first.
type ListAccountsResponse struct {
	Response ResponseMetadata `json:"response"`
	Accounts []Account        `json:"accounts"`
	Total    int              `json:"total"`
}

// ReplaceReturnURLsRequest is the whole list of addresses to which the register may send a customer back.
type ReplaceReturnURLsRequest struct {
	ReturnURLs []string `json:"return-urls"`
}

// RotateSecretResponse is the account's new secret, this once. The old one is refused from now on.
type RotateSecretResponse struct {
	Response  ResponseMetadata `json:"response"`
	SecretKey string           `json:"secret-key"`
}

// StatsResponse counts what the register holds. Alone in the API its members are in snake case, as published.
type StatsResponse struct {
	Response       ResponseMetadata `json:"response"`
	TotalAccounts  int              `json:"total_accounts"`
	ActiveAccounts int              `json:"active_accounts"`
	TotalRecords   int              `json:"total_records"`
	ActiveRecords  int              `json:"active_records"`
	RevokedRecords int              `json:"revoked_records"`
	TotalWebhooks  int              `json:"total_webhooks"`
	ActiveWebhooks int              `json:"active_webhooks"`
}

// FlatRecord is an access record as an administrator finds it.
type FlatRecord struct {
	AK                 string          `json:"ak"`
	DUID               string          `json:"duid"`
	MPxN               string          `json:"mpxn"`
	State              AccessState     `json:"state"`
	LegalBasis         LegalBasis      `json:"legal-basis"`
	Purpose            string          `json:"purpose"`
	DataTypes          []DataType      `json:"data-types"`
	LeadControllerName string          `json:"lead-controller-name"`
	ArrangementType    ArrangementType `json:"arrangement-type"`
	ControllerCount    int             `json:"controller-count"`
	Expiry             *time.Time      `json:"expiry"`
	CreatedAt          time.Time       `json:"created-at"`
	RevokedAt          *time.Time      `json:"revoked-at"`
}

// SearchRecordsResponse is what an administrator's search found, the newest first.
type SearchRecordsResponse struct {
	Response   ResponseMetadata `json:"response"`
	Records    []FlatRecord     `json:"records"`
	Total      int              `json:"total"`
	NextCursor string           `json:"next-cursor,omitzero"`
}

// AuditEvent is one row of the audit log. Alone with StatsResponse its members are in snake case, as published.
type AuditEvent struct {
	EventID string `json:"event_id"`
	// AccountID is who did it; empty where the register did by itself.
	AccountID string         `json:"account_id"`
	EventType string         `json:"event_type"`
	AK        string         `json:"ak"`
	MPxN      string         `json:"mpxn"`
	Detail    map[string]any `json:"detail"`
	Timestamp time.Time      `json:"timestamp"`
}

// AuditResponse is a page of the audit log, the newest first.
type AuditResponse struct {
	Response   ResponseMetadata `json:"response"`
	Events     []AuditEvent     `json:"events"`
	Total      int              `json:"total"`
	NextCursor string           `json:"next-cursor,omitzero"`
}

// AnonymiseIdentityRecordResponse says since when nothing of the person is held any more.
type AnonymiseIdentityRecordResponse struct {
	Response     ResponseMetadata `json:"response"`
	IR           string           `json:"ir"`
	AnonymisedAt time.Time        `json:"anonymised-at"`
}

// IdentityRecordResponse is one identity record.
type IdentityRecordResponse struct {
	Response       ResponseMetadata `json:"response"`
	IdentityRecord IdentityRecord   `json:"identity-record"`
}

// ReidentifyOwnRequest starts a re-identification of the person of one identity record.
type ReidentifyOwnRequest struct {
	Method           Method  `json:"method"`
	RedirectURL      *string `json:"redirect-url,omitzero"`
	PasskeyReturnURL *string `json:"passkey-return-url,omitzero"`
	// MatchCode and Language as in ReidentifyRequest.
	MatchCode bool   `json:"match-code,omitzero"`
	Language  string `json:"language,omitzero"`
}

// CompleteReidentificationRequest ends a re-identification that was started with a match code and a passkey return
// URL, in the browser that has come back from the passkey.
type CompleteReidentificationRequest struct {
	// CompletionCode came back as the parameter dar-completion-code of the return URL.
	CompletionCode string `json:"completion-code"`
}

// CreateAccountResponse is the new account. SecretKey is set, this once, where the register made it.
type CreateAccountResponse struct {
	Response  ResponseMetadata `json:"response"`
	Account   Account          `json:"account"`
	SecretKey string           `json:"secret-key,omitzero"`
}
