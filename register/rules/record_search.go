package rules

import (
	"context"
	"strings"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// RecordQuery is what an administrator searches for: an access key or a meter point. The zero value matches every
// access record.
type RecordQuery struct{ ak, mpxn string }

// ParseRecordQuery returns the query that an administrator typed; nil means that there is none. It returns an *Error of
// KindInvalid if the text is neither an access key nor a meter point number.
func ParseRecordQuery(text *string) (RecordQuery, error) {
	if text == nil {
		return RecordQuery{}, nil
	}

	trimmed := strings.TrimSpace(*text)
	if patternAK.MatchString(trimmed) {
		return RecordQuery{ak: trimmed}, nil
	}

	mpxn, err := ParseMPxN("q", trimmed)
	if err != nil {
		return RecordQuery{}, Invalid("q", "must be an access key or a meter point number.")
	}

	return RecordQuery{mpxn: mpxn}, nil
}

// SearchRecords returns to an administrator a page of the access records of all accounts, the newest first. The audit
// log gets a row for each record shown, so that its customer can be told who read it.
func (r *Rules) SearchRecords(
	ctx context.Context, administrator string, query RecordQuery, filter RecordFilter, page store.Page,
) (RecordPage[registerclient.FlatRecord], error) {
	none := RecordPage[registerclient.FlatRecord]{}
	now := r.Now()
	matching := filter.rows("", query.mpxn, now)
	matching.AK = query.ak
	rows, total, err := r.store.ListRecords(ctx, matching, page)
	if err != nil {
		return none, err
	}

	rows, last := cutPage(rows, page, positionOfRecord)
	records := make([]registerclient.FlatRecord, len(rows))
	for i, row := range rows {
		if records[i], err = flatRecordOf(row, now); err != nil {
			return none, err
		}
	}

	aks := make([]string, len(rows))
	for i, row := range rows {
		aks[i] = row.AK
	}

	err = r.auditRecords(ctx, shownRecords{
		action: actionReadRecords,
		parameters: map[string]string{
			"ak": query.ak, "mpxn": query.mpxn, "state": string(filter.state), "legal-basis": string(filter.basis),
		},
		aks:   aks,
		looks: r.looksOf(administrator, store.LookAdministrator, rows),
		after: page.After,
		next:  last,
	}, r.searchEvents(ctx, administrator, query, rows))
	if err != nil {
		return none, err
	}

	return RecordPage[registerclient.FlatRecord]{Records: records, Total: total, Last: last}, nil
}

// searchEvents returns the rows of the audit log for a search: one for each record found, or one for the search itself.
func (r *Rules) searchEvents(
	ctx context.Context, administrator string, query RecordQuery, rows []store.ListedRecord,
) []store.AuditEvent {
	if len(rows) == 0 {
		return []store.AuditEvent{r.lookEvent(ctx, administrator, query.mpxn, query.ak,
			map[string]any{"at": "records", "found": 0})}
	}

	events := make([]store.AuditEvent, len(rows))
	for i, row := range rows {
		events[i] = r.lookEvent(ctx, administrator, row.MPxN, row.AK, map[string]any{"at": "records"})
	}

	return events
}
