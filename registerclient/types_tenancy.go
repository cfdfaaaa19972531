package registerclient

import "time"

// ChangeOfTenancyRequest is the DCC's report that the occupants of a meter point have changed.
type ChangeOfTenancyRequest struct {
	MPxN            string `json:"mpxn"`
	EffectiveDate   Date   `json:"effective-date"`
	SourceReference string `json:"source-reference"`
}

// ChangeOfTenancyResponse says which records and Data Users a change of tenancy affects.
type ChangeOfTenancyResponse struct {
	Response        ResponseMetadata `json:"response"`
	MPxN            string           `json:"mpxn"`
	EffectiveDate   Date             `json:"effective-date"`
	SourceReference string           `json:"source-reference"`
	// ActiveRecordsAffected counts the access records that were active when the change was reported.
	ActiveRecordsAffected int `json:"active-records-affected"`
	// DataUsersNotified are the DUIDs that the event tenancy.change is sent to.
	DataUsersNotified []string `json:"data-users-notified"`
}

// ChangeOfTenancy is a report as an administrator sees it.
type ChangeOfTenancy struct {
	COT             string    `json:"cot"`
	MPxN            string    `json:"mpxn"`
	EffectiveDate   Date      `json:"effective-date"`
	SourceReference string    `json:"source-reference"`
	CreatedAt       time.Time `json:"created-at"`
	// WithdrawnAt is when an administrator withdrew the report; null if none did.
	WithdrawnAt *time.Time `json:"withdrawn-at"`
	// DisputedAt is when a person of the earlier household said to live there still; null if none did.
	DisputedAt *time.Time `json:"disputed-at"`
	// UpheldAt is when an administrator decided the dispute for the report; null if none did.
	UpheldAt *time.Time `json:"upheld-at"`
}

// ListChangesOfTenancyResponse lists the reports for a meter point, latest effective date first.
type ListChangesOfTenancyResponse struct {
	Response         ResponseMetadata  `json:"response"`
	ChangesOfTenancy []ChangeOfTenancy `json:"changes-of-tenancy"`
}

// WithdrawChangeOfTenancyResponse is the withdrawn report.
type WithdrawChangeOfTenancyResponse struct {
	Response        ResponseMetadata `json:"response"`
	ChangeOfTenancy ChangeOfTenancy  `json:"change-of-tenancy"`
}

// UpholdChangeOfTenancyResponse is the upheld report.
type UpholdChangeOfTenancyResponse struct {
	Response        ResponseMetadata `json:"response"`
	ChangeOfTenancy ChangeOfTenancy  `json:"change-of-tenancy"`
}
