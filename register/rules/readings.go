package rules

import (
	"context"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// RecordPage is one page of a list of access records.
type RecordPage[T any] struct {
	Records []T
	// Total is how many records the filter accepts, on all pages together.
	Total int
	// Last is the position of the last record if another page follows.
	Last *store.Position
}

func positionOfRecord(row store.ListedRecord) store.Position {
	return store.Position{At: row.CreatedAt, Key: row.AK}
}

// ListOwnAtMeterPoint returns a page of the access records of a Data User at a meter point, the newest first within
// each class of the list. It returns an *Error of KindForbidden if the Data User never registered one there.
func (r *Rules) ListOwnAtMeterPoint(
	ctx context.Context, accountID, mpxn string, filter RecordFilter, page store.Page,
) (RecordPage[registerclient.AccessRecordSummary], error) {
	none := RecordPage[registerclient.AccessRecordSummary]{}
	registered, err := r.store.HasAccessRecord(ctx, accountID, mpxn)
	if err != nil {
		return none, err
	}
	if !registered {
		return none, &Error{
			Kind:    KindForbidden,
			Code:    CodeMeterPointRefused,
			Message: "This account has no access record for this meter point.",
		}
	}

	now := r.Now()
	rows, total, err := r.store.ListRecords(ctx, filter.rows(accountID, mpxn, now), page)
	if err != nil {
		return none, err
	}

	rows, last := cutPage(rows, page, positionOfRecord)
	summaries, err := recordSummaries(rows, nil, RecordFilter{}, accountID, now)
	if err != nil {
		return none, err
	}

	err = r.recordAudit(ctx, r.auditEvent(accountID, auditRecordsRead, mpxn, "", map[string]any{"records": len(rows)}))
	if err != nil {
		return none, err
	}

	return RecordPage[registerclient.AccessRecordSummary]{Records: summaries, Total: total, Last: last}, nil
}

// ListOwn returns a page of the access records of a Data User at all meter points, the newest first.
func (r *Rules) ListOwn(
	ctx context.Context, accountID string, filter RecordFilter, page store.Page,
) (RecordPage[registerclient.OwnRecord], error) {
	none := RecordPage[registerclient.OwnRecord]{}
	now := r.Now()
	rows, total, err := r.store.ListRecords(ctx, filter.rows(accountID, "", now), page)
	if err != nil {
		return none, err
	}

	rows, last := cutPage(rows, page, positionOfRecord)
	records := make([]registerclient.OwnRecord, len(rows))
	for i, row := range rows {
		summary, err := summaryOfRecord(row, accountID, now)
		if err != nil {
			return none, err
		}

		records[i] = registerclient.OwnRecord{
			AccessRecordSummary: summary,
			MPxN:                row.MPxN,
			DUID:                row.DUID,
			CreatedAt:           row.CreatedAt.Time(),
		}
	}

	if err := r.recordAudit(ctx, r.readingsOf(accountID, rows)...); err != nil {
		return none, err
	}

	return RecordPage[registerclient.OwnRecord]{Records: records, Total: total, Last: last}, nil
}

// readingsOf returns the rows of the audit log for records that were read: one row a meter point.
func (r *Rules) readingsOf(accountID string, rows []store.ListedRecord) []store.AuditEvent {
	var events []store.AuditEvent
	noted := map[string]bool{}
	for _, row := range rows {
		if noted[row.MPxN] {
			continue
		}

		noted[row.MPxN] = true
		events = append(events, r.auditEvent(accountID, auditRecordsRead, row.MPxN, "", nil))
	}

	return events
}

// CustomerList is what the customer behind a token sees of a meter point.
type CustomerList struct {
	Records []registerclient.AccessRecordSummary
	// LeftOut says what the list leaves out, because one Data User has too many records.
	LeftOut []registerclient.LeftOutRecords
}

// ReadWithToken returns everything that the customer behind a confirmed token may see of a meter point, and consumes
// the token in the same transaction: a reading that fails does not use it up. It returns an *Error of KindForbidden if
// the token is missing or does not open the meter point, of KindConflict if it was consumed before.
func (r *Rules) ReadWithToken(
	ctx context.Context, accountID, mpxn string, filter RecordFilter, token string,
) (CustomerList, error) {
	if token == "" {
		return CustomerList{}, forbiddenToken("is required: the customer has to confirm first.")
	}

	var list CustomerList
	hash := HashToken(token)
	now := r.Now()
	err := r.store.Transact(ctx, func(tx *store.Tx) error {
		consumed, err := tx.ConsumeReidentification(ctx, hash, accountID, mpxn, now.Add(-tokenLife), now)
		if err != nil {
			return err
		}
		if !consumed {
			return r.tokenRefusal(ctx, tx, token, accountID, mpxn)
		}

		grant, err := tx.FindReidentification(ctx, hash, accountID)
		if err != nil {
			return err
		}
		limited, err := r.isLimitedNow(ctx, tx, grant)
		if err != nil {
			return err
		}
		if limited {
			return forbiddenToken("does not open this meter point.")
		}

		if list, err = r.readMeterPoint(ctx, tx, grant, filter, now); err != nil {
			return err
		}

		aks := make([]string, len(list.Records))
		for i, record := range list.Records {
			aks[i] = record.AK
		}

		tx.Audit(r.auditEvent(accountID, auditRecordsRead, mpxn, "", map[string]any{"records": len(aks)}))
		if err := tx.InsertReading(ctx, hash, aks); err != nil {
			return err
		}

		return r.tellOfReading(ctx, tx, grant)
	})

	return list, err
}

// readMeterPoint returns the access records and sightings that the household of a token's customer may see.
func (r *Rules) readMeterPoint(
	ctx context.Context, tx *store.Tx, grant store.Reidentification, filter RecordFilter, now time.Time,
) (CustomerList, error) {
	rows, err := tx.ListAccessRecords(ctx, grant.MPxN)
	if err != nil {
		return CustomerList{}, err
	}

	present, err := r.householdOf(ctx, tx, grant)
	if err != nil {
		return CustomerList{}, err
	}

	found, err := tx.ListDiscoveredAccess(ctx, grant.MPxN)
	if err != nil {
		return CustomerList{}, err
	}

	sightings, err := judgeSightings(found, rows, present, now)
	if err != nil {
		return CustomerList{}, err
	}

	restarts, err := restartsOf(rows, present)
	if err != nil {
		return CustomerList{}, err
	}

	rows, earlier, err := visibleToHousehold(rows, present, now)
	if err != nil {
		return CustomerList{}, err
	}

	rows, leftOut := shortenList(
		filter.acceptedRows(rows, now),
		func(row store.ListedRecord) bool { return row.ActiveAt(now) },
	)
	records, err := recordSummaries(rows, sightings, filter, grant.AccountID, now)
	if err != nil {
		return CustomerList{}, err
	}

	for i := range records {
		record := &records[i]
		record.StartedAgain = restarts[record.AK]
		if earlier[record.AK] {
			record.EarlierOccupant = true
			record.Amendments = slices.DeleteFunc(record.Amendments, func(amendment registerclient.Amendment) bool {
				return !present.showsAmendment(amendment.AmendedAt)
			})
		}
	}

	return CustomerList{Records: records, LeftOut: leftOut}, nil
}
