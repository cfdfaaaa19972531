package registerclient

import "time"

// AccessRecordSummary is one row of the list of a meter point. The members from RegisteredAt on are additions to the
// published API, with which a portal can tell when access began and ended, and who ended it.
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

	// RegisteredAt is when access began, as the owner first said.
	RegisteredAt *time.Time `json:"registered-at"`
	// RenewedAt is the later registered-at with which the owner last replaced the record; nil if it was not renewed.
	RenewedAt *time.Time `json:"renewed-at,omitzero"`
	// StartedAgain is when the customer stopped access of the same account, at most 90 days before it registered the
	// record; nil without such a stop. Only a portal's list has it.
	StartedAgain *time.Time `json:"started-again,omitzero"`
	RevokedAt    *time.Time `json:"revoked-at"`
	RevokedBy    *RevokedBy `json:"revoked-by"`
	Notice       *Notice    `json:"notice"`
	// Recipients are those that get the data from the organisation, and DataSource is where the meter data comes from,
	// as the owner says; empty if it says nothing.
	Recipients []Recipient `json:"recipients,omitempty"`
	DataSource string      `json:"data-source,omitzero"`
	// DataUserName is the display name of the account that registered the record and gets its events; null for a
	// discovered record.
	DataUserName *string `json:"data-user-name"`
	// RegisteredBy is the display name of that account if it is another organisation than the lead controller: what
	// the record says is then the word of RegisteredBy, not of the lead controller. It is empty otherwise.
	RegisteredBy string `json:"registered-by,omitzero"`
	// DataUserStatus is the status of that account; null for a discovered record. The state of the record does not
	// depend on it.
	DataUserStatus *DataUserStatus `json:"data-user-status"`
	// OrganisationReference is the Smart Energy Code reference of that account, as SEC-OU-00429; empty if it has none.
	OrganisationReference string `json:"organisation-reference,omitzero"`
	// EarlierOccupant says that an earlier occupant gave the permission, and that it is still active.
	EarlierOccupant bool `json:"earlier-occupant,omitzero"`
	// StillSeenAfterStop says of discovered access that the DCC saw the organisation read more than 2 working days
	// after its own access had ended.
	StillSeenAfterStop bool `json:"still-seen-after-stop,omitzero"`
	// EndedAt is when that access ended, and EndedBy who ended it; EndedBy is empty if it expired. Both are set only
	// with StillSeenAfterStop.
	EndedAt *time.Time `json:"ended-at,omitzero"`
	EndedBy RevokedBy  `json:"ended-by,omitzero"`
	// Amendments are the earlier contents of the record, oldest first; absent if its owner never replaced it. The
	// first and the last are kept, and between them those that show how far the access ever went.
	Amendments []Amendment `json:"amendments,omitempty"`
}

// Amendment is the content of an access record until its owner replaced it at AmendedAt. The content after that is the
// next amendment, or the record itself. Each member from RegisteredAt on is present only if that replacement changed
// it.
type Amendment struct {
	AmendedAt          time.Time  `json:"amended-at"`
	LeadControllerName string     `json:"lead-controller-name"`
	LegalBasis         LegalBasis `json:"legal-basis"`
	Purpose            string     `json:"purpose"`
	DataTypes          []DataType `json:"data-types"`
	Expiry             *time.Time `json:"expiry"`

	RegisteredAt *time.Time `json:"registered-at,omitzero"`
	// ControllerArrangement is without addresses. Of references and storage conditions it has those of the lead.
	ControllerArrangement *ControllerArrangement `json:"controller-arrangement,omitzero"`
	// Notices are the privacy notices, Recipients those to whom the data was passed on. Empty, and not nil, means that
	// there were none.
	Notices    []PastNotice `json:"notices,omitzero"`
	Recipients []Recipient  `json:"recipients,omitzero"`
	// DataSource is empty if the record named none.
	DataSource *string `json:"data-source,omitzero"`
}

// PastNotice is a privacy notice that an access record named before it was amended.
type PastNotice struct {
	// ControllerName is empty if the notice spoke for all controllers.
	ControllerName string `json:"controller-name,omitzero"`
	TermsURL       string `json:"terms-url"`
	NoticeVersion  string `json:"notice-version"`
}

// ListAccessRecordsResponse lists what the caller may see of a meter point.
type ListAccessRecordsResponse struct {
	Response      ResponseMetadata      `json:"response"`
	MPxN          string                `json:"mpxn"`
	AccessRecords []AccessRecordSummary `json:"access-records"`
	// LeftOut says how many records of which Data Users a portal's list leaves out; empty if it leaves out none. A
	// list holds at most 100 records of a Data User, the active ones first.
	LeftOut []LeftOutRecords `json:"left-out,omitzero"`
	// ContactsURL is the register's page on which the customer sees and removes the contacts that can open the list.
	// It is in a portal's list only.
	ContactsURL string `json:"contacts-url,omitzero"`
	// NextCursor starts the next page; empty on the last page. A portal gets everything on one page.
	NextCursor string `json:"next-cursor,omitzero"`
}

// LeftOutRecords is how many records of one Data User a list leaves out.
type LeftOutRecords struct {
	DataUserName string `json:"data-user-name"`
	Records      int    `json:"records"`
}

// OwnRecord is one row of the list of all access records of a Data User.
type OwnRecord struct {
	AccessRecordSummary
	MPxN string `json:"mpxn"`
	DUID string `json:"duid"`
	// CreatedAt is when the register received the record.
	CreatedAt time.Time `json:"created-at"`
	// ChangedAt is when the record was registered, replaced or ended, whichever came last. It and ControllerReference,
	// the owner's own reference, are additions to the published API.
	ChangedAt           time.Time `json:"changed-at"`
	ControllerReference string    `json:"controller-reference,omitzero"`
}

// ListRecordsResponse is a page of the calling Data User's own access records, newest first, or as ListOwnRecordsQuery
// says.
type ListRecordsResponse struct {
	Response ResponseMetadata `json:"response"`
	Records  []OwnRecord      `json:"records"`
	// Total is the number of records that match the filter, on all pages. It is exact up to 10,000; if there are more,
	// it is 10,000 and TotalIsAtLeast is true.
	Total          int  `json:"total"`
	TotalIsAtLeast bool `json:"total-is-at-least,omitzero"`
	// NextCursor starts the next page; empty on the last page.
	NextCursor string `json:"next-cursor,omitzero"`
	// ChangedThrough is the ChangedSince of the next list of changes, the same on all pages: what changed before it is
	// in this list. It is nil in every other list.
	ChangedThrough *time.Time `json:"changed-through,omitzero"`
}
