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
	Total store.Total
	// Last is the position of the last record if another page follows.
	Last *store.Position
	// ChangedThrough is the moment before which the list of changes misses none; nil of every other list.
	ChangedThrough *time.Time
}

// reconciliationOverlap is how long before the first page of a list of changes the next one begins: a change is listed
// once it is committed, with the time at which it began. No request and no line of an import takes as long.
const reconciliationOverlap = 15 * time.Minute

func positionOfRecord(row store.ListedRecord) store.Position {
	return store.Position{At: row.CreatedAt, Seq: row.Seq}
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

	err = r.recordLooks(ctx, r.looksOf(accountID, store.LookOwnRecords, rows),
		r.auditEvent(accountID, auditRecordsRead, mpxn, "", map[string]any{"records": len(rows)}))
	if err != nil {
		return none, err
	}

	return RecordPage[registerclient.AccessRecordSummary]{Records: summaries, Total: total, Last: last}, nil
}

// ListOwn returns a page of the access records of a Data User at all meter points, the newest first. With changedSince
// the one whose last change is the oldest comes first, and the page says from when on the next list of changes must
// begin so that none is missed.
func (r *Rules) ListOwn(
	ctx context.Context, accountID string, filter RecordFilter, page store.Page,
) (RecordPage[registerclient.OwnRecord], error) {
	none := RecordPage[registerclient.OwnRecord]{}
	now := r.Now()
	rows, total, err := r.store.ListRecords(ctx, filter.rows(accountID, "", now), page)
	if err != nil {
		return none, err
	}

	position := positionOfRecord
	var through *time.Time
	if filter.changedSince != nil {
		began := store.Millis(now)
		if page.After != nil && page.After.Began != nil {
			began = *page.After.Began
		}

		through = new(latest(*filter.changedSince, began.Time().Add(-reconciliationOverlap)))
		position = func(row store.ListedRecord) store.Position {
			return store.Position{At: row.ChangedAt, Seq: row.Seq, Began: &began}
		}
	}

	rows, last := cutPage(rows, page, position)
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
			CreatedAt:           wireTime(row.CreatedAt),
			ChangedAt:           wireTime(row.ChangedAt),
		}
		if row.ControllerReference != nil {
			records[i].ControllerReference = *row.ControllerReference
		}
	}

	looks := r.looksOf(accountID, store.LookOwnRecords, rows)
	events := make([]store.AuditEvent, len(looks))
	for i, look := range looks {
		events[i] = r.auditEvent(accountID, auditRecordsRead, look.MPxN, "", nil)
	}
	if err := r.recordLooks(ctx, looks, events...); err != nil {
		return none, err
	}

	return RecordPage[registerclient.OwnRecord]{
		Records: records, Total: total, Last: last, ChangedThrough: through,
	}, nil
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
	return r.readWithToken(ctx, accountID, mpxn, filter, token, func(*store.Tx, CustomerList) error { return nil })
}

// readWithToken is ReadWithToken, and calls keep with the list in the transaction.
func (r *Rules) readWithToken(
	ctx context.Context, accountID, mpxn string, filter RecordFilter, token string,
	keep func(tx *store.Tx, list CustomerList) error,
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

		detail := map[string]any{"records": len(aks)}
		noteAdviser(ctx, detail)
		tx.Audit(r.auditEvent(accountID, auditRecordsRead, mpxn, "", detail))
		if err := tx.InsertLooks(ctx, []store.Look{r.lookWith(ctx, grant)}); err != nil {
			return err
		}
		if err := tx.InsertReading(ctx, hash, aks); err != nil {
			return err
		}
		if err := keep(tx, list); err != nil {
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
		record.StartedAgain = optionalSeconds(restarts[record.AK])
		if earlier[record.AK] {
			record.EarlierOccupant = true
			record.Amendments = slices.DeleteFunc(record.Amendments, func(amendment registerclient.Amendment) bool {
				return !present.showsAmendment(amendment.AmendedAt)
			})
		}
	}

	return CustomerList{Records: records, LeftOut: leftOut}, nil
}
