package rules

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

var (
	patternAK        = regexp.MustCompile(`^ak_[0-9a-f]{24}$`)
	patternEventType = regexp.MustCompile(`^[a-z-]+(?:\.[a-z-]+)+$`)
)

// Statistics returns how many accounts, records and webhooks the register holds. It holds nothing personal, and the
// caller adds the metadata.
func (r *Rules) Statistics(ctx context.Context) (registerclient.StatsResponse, error) {
	count, err := r.store.CountAll(ctx, store.Millis(r.Now()))
	if err != nil {
		return registerclient.StatsResponse{}, err
	}

	return registerclient.StatsResponse{
		TotalAccounts:  count.Accounts,
		ActiveAccounts: count.ActiveAccounts,
		TotalRecords:   count.Records,
		ActiveRecords:  count.ActiveRecords,
		RevokedRecords: count.RevokedRecords,
		TotalWebhooks:  count.Webhooks,
		ActiveWebhooks: count.ActiveWebhooks,
	}, nil
}

// AuditQuery narrows a reading of the audit log; a nil field does not.
type AuditQuery struct {
	AccountID, EventType, AK, MPxN *string
}

// Check returns Errors if the query is wrong.
func (q AuditQuery) Check() error {
	_, err := q.filter()

	return err
}

// filter checks the query, and returns it as the store takes it.
func (q AuditQuery) filter() (store.AuditFilter, error) {
	var filter store.AuditFilter
	var k Checks
	if q.AccountID != nil {
		filter.AccountID = *q.AccountID
		k.pattern("account_id", filter.AccountID, patternAccount, "is not an account id.")
	}
	if q.EventType != nil {
		filter.EventType = *q.EventType
		k.pattern("event_type", filter.EventType, patternEventType, "is not an event type, as record.revoked.")
		k.text("event_type", filter.EventType, 100)
	}
	if q.AK != nil {
		filter.AK = *q.AK
		k.pattern("ak", filter.AK, patternAK, "is not an access key.")
	}
	if q.MPxN != nil {
		mpxn, err := ParseMPxN("mpxn", *q.MPxN)
		k.Merge(err)
		// A row of the log is never changed: older ones have the number as it was given then.
		filter.MPxNs = spellingsOf(mpxn)
	}

	return filter, k.Err()
}

// ReadAudit returns a page of the audit log, the newest first, the position after it, and how many rows the query
// matches. The reading is audited itself. It returns Errors if the query is wrong.
func (r *Rules) ReadAudit(
	ctx context.Context, accountID string, query AuditQuery, page store.Page,
) (events []registerclient.AuditEvent, next *store.Position, total store.Total, err error) {
	filter, err := query.filter()
	if err != nil {
		return nil, nil, store.Total{}, err
	}

	rows, total, err := r.store.ListAudit(ctx, filter, page)
	if err != nil {
		return nil, nil, store.Total{}, err
	}

	rows, next = cutPage(rows, page, func(row store.AuditEvent) store.Position {
		return store.Position{At: row.At, Seq: row.LogRows, Key: row.EventID}
	})
	events = make([]registerclient.AuditEvent, len(rows))
	for i, row := range rows {
		if events[i], err = auditEventOf(row); err != nil {
			return nil, nil, store.Total{}, err
		}
	}

	detail := map[string]any{"at": "audit"}
	if filter.AccountID != "" {
		detail["account-id"] = filter.AccountID
	}
	if filter.EventType != "" {
		detail["event-type"] = filter.EventType
	}

	mpxn := ""
	if len(filter.MPxNs) > 0 {
		mpxn = filter.MPxNs[0]
	}

	looked := r.lookEvent(ctx, accountID, mpxn, filter.AK, detail)
	err = r.auditRecords(ctx, shownRecords{
		action: actionReadAudit,
		parameters: map[string]string{
			"account_id": filter.AccountID, "event_type": filter.EventType, "ak": filter.AK, "mpxn": mpxn,
		},
		aks:   recordsIn(rows),
		after: page.After,
		next:  next,
	}, []store.AuditEvent{looked})
	if err != nil {
		return nil, nil, store.Total{}, err
	}

	return events, next, total, nil
}

// recordsIn returns the access records that rows of the audit log name, each once.
func recordsIn(rows []store.AuditEvent) []string {
	var aks []string
	for _, row := range rows {
		if row.AK != "" {
			aks = append(aks, row.AK)
		}
	}

	slices.Sort(aks)

	return slices.Compact(aks)
}

// auditEventOf returns a row of the audit log as the API shows it.
func auditEventOf(row store.AuditEvent) (registerclient.AuditEvent, error) {
	event := registerclient.AuditEvent{
		EventID:   row.EventID,
		AccountID: row.AccountID,
		EventType: row.EventType,
		AK:        row.AK,
		MPxN:      row.MPxN,
		Timestamp: wireTime(row.At),
	}
	if err := json.Unmarshal([]byte(row.Detail), &event.Detail); err != nil {
		return registerclient.AuditEvent{}, fmt.Errorf("decode a row of the audit log: %w", err)
	}

	return event, nil
}
