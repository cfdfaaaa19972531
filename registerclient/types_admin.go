package registerclient

import "time"

// StatsResponse counts accounts, access records and webhooks. Its members are in snake case, as published.
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

// FlatRecord is an access record as an administrator sees it.
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

// SearchRecordsResponse is a page of the access records that were found, newest first.
type SearchRecordsResponse struct {
	Response ResponseMetadata `json:"response"`
	Records  []FlatRecord     `json:"records"`
	// Total is exact up to 10,000; if there are more, it is 10,000 and TotalIsAtLeast is true.
	Total          int    `json:"total"`
	TotalIsAtLeast bool   `json:"total-is-at-least,omitzero"`
	NextCursor     string `json:"next-cursor,omitzero"`
}

// AuditEvent is one row of the audit log. Its members are in snake case, as published.
type AuditEvent struct {
	EventID string `json:"event_id"`
	// AccountID is the account that acted; empty if the register acted by itself.
	AccountID string         `json:"account_id"`
	EventType string         `json:"event_type"`
	AK        string         `json:"ak"`
	MPxN      string         `json:"mpxn"`
	Detail    map[string]any `json:"detail"`
	Timestamp time.Time      `json:"timestamp"`
}

// AuditResponse is a page of the audit log, newest first.
type AuditResponse struct {
	Response ResponseMetadata `json:"response"`
	Events   []AuditEvent     `json:"events"`
	// Total is exact up to 10,000; if there are more, it is 10,000 and TotalIsAtLeast is true.
	Total          int    `json:"total"`
	TotalIsAtLeast bool   `json:"total-is-at-least,omitzero"`
	NextCursor     string `json:"next-cursor,omitzero"`
}
