package registerclient

// The enumerations of the register's API. Their values are those of the wire. The portal translates each one into
// words (handlers/labels.go) and never shows a value to a customer.

// AccessState says whether an organisation can read the data of a meter point now.
type AccessState string

// The states of an access record.
const (
	StateActive     AccessState = "ACTIVE"
	StateExpired    AccessState = "EXPIRED"
	StateRevoked    AccessState = "REVOKED"
	StateDiscovered AccessState = "DISCOVERED"
)

// LegalBasis is the legal basis under UK GDPR that a controller claims.
type LegalBasis string

// The legal bases.
const (
	BasisConsent             LegalBasis = "uk-consent"
	BasisExplicitConsent     LegalBasis = "uk-explicit-consent"
	BasisLegitimateInterests LegalBasis = "uk-legitimate-interests"
	BasisPublicTask          LegalBasis = "uk-public-task"
	BasisLegalObligation     LegalBasis = "uk-legal-obligation"
	BasisContract            LegalBasis = "uk-contract"
)

// Consent reports whether the customer gave the permission, and can therefore withdraw it.
func (b LegalBasis) Consent() bool { return b == BasisConsent || b == BasisExplicitConsent }

// DataType is a kind of meter data.
type DataType string

// The kinds of meter data.
const (
	HalfHourlyConsumption DataType = "HH-CONSUMPTION"
	HalfHourlyExport      DataType = "HH-EXPORT"
	MonthlyConsumption    DataType = "MTH-CONSUMPTION"
	MonthlyExport         DataType = "MTH-EXPORT"
	AnnualConsumption     DataType = "ANNUAL-CONSUMPTION"
	AnnualExport          DataType = "ANNUAL-EXPORT"
	TariffImport          DataType = "TARIFF-IMPORT"
	TariffExport          DataType = "TARIFF-EXPORT"
)

// ArrangementType says how controllers share the responsibility.
type ArrangementType string

// The arrangements of controllers.
const (
	ArrangementSole  ArrangementType = "sole"
	ArrangementJoint ArrangementType = "joint"
	ArrangementGroup ArrangementType = "group"
)

// ControllerRole is the part of a controller in an arrangement.
type ControllerRole string

// The roles of controllers.
const (
	ControllerSole   ControllerRole = "sole"
	ControllerLead   ControllerRole = "lead"
	ControllerJoint  ControllerRole = "joint"
	ControllerMember ControllerRole = "member"
)

// Method is a way for a customer to confirm who they are.
type Method string

// The methods of re-identification.
const (
	MethodMagicLink       Method = "magic-link"
	MethodPasskeyAssert   Method = "passkey-assert"
	MethodPasskeyRegister Method = "passkey-register"
)

// ReidentificationStatus is the status of a re-identification.
type ReidentificationStatus string

// The statuses of a re-identification. A challenge that the customer declines becomes expired.
const (
	StatusPending   ReidentificationStatus = "pending"
	StatusConfirmed ReidentificationStatus = "confirmed"
	StatusExpired   ReidentificationStatus = "expired"
)

// Role says what an account may do.
type Role string

// The roles of accounts.
const (
	RoleDataUser     Role = "data_user"
	RoleDataProvider Role = "data_provider"
	RoleDCC          Role = "dcc"
	RoleAdmin        Role = "admin"
	RolePortal       Role = "portal"
)

// DataUserStatus is the status of the account that registered an access record.
type DataUserStatus string

// The statuses of a Data User. A suspended or terminated one can do nothing at the register; its records are listed as
// they were. Whether its access to the meter ended with it is not known to the register.
const (
	DataUserActive     DataUserStatus = "active"
	DataUserSuspended  DataUserStatus = "suspended"
	DataUserTerminated DataUserStatus = "terminated"
)

// RevokeReason says why an access record was revoked.
type RevokeReason string

// The reasons of a withdrawal.
const (
	ReasonCustomerRequest          RevokeReason = "customer-request"
	ReasonContractEnded            RevokeReason = "contract-ended"
	ReasonLIALapsed                RevokeReason = "lia-lapsed"
	ReasonStatutoryAuthorityLapsed RevokeReason = "statutory-authority-lapsed"
	ReasonDataNoLongerRequired     RevokeReason = "data-no-longer-required"
	ReasonOther                    RevokeReason = "other"
)

// RevokedBy says who revoked an access record.
type RevokedBy string

// The parties that can revoke an access record.
const (
	RevokedByCustomer     RevokedBy = "customer"
	RevokedByOrganisation RevokedBy = "organisation"
)

// NoticeStatus is the delivery status of a withdrawal: whether the organisation's system has accepted the event.
type NoticeStatus string

// The delivery statuses of a withdrawal.
const (
	// NoticeNone means that no event was sent: the organisation has no webhook for it, or the record is not withdrawn.
	NoticeNone NoticeStatus = "none"
	// NoticePending means that the event will be attempted until it is delivered or given up.
	NoticePending NoticeStatus = "pending"
	// NoticeDelivered means that the organisation's system has accepted the event.
	NoticeDelivered NoticeStatus = "delivered"
	// NoticeUndelivered means that the event was given up after the last attempt.
	NoticeUndelivered NoticeStatus = "undelivered"
)

// DeliveryStatus is the status of the delivery of one event to one webhook.
type DeliveryStatus string

// The statuses of a delivery.
const (
	// DeliveryQueued means that the event waits for its first or its next attempt.
	DeliveryQueued DeliveryStatus = "queued"
	// DeliveryDelivered means that the endpoint responded with 2xx.
	DeliveryDelivered DeliveryStatus = "delivered"
	// DeliveryUndelivered means that the event was given up after the last attempt. It can be sent again.
	DeliveryUndelivered DeliveryStatus = "undelivered"
)

// Date is a calendar date, YYYY-MM-DD.
type Date string
