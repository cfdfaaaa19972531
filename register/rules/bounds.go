package rules

import (
	"context"
	"fmt"
	"time"

	"central.consent/dar/register/store"
)

// The bounds of what one account may keep at one meter point (docs/decisions.md, Sharing): otherwise one participant
// could make a customer's list too long to read. What is above a bound stays, and may be replaced and ended.
const (
	// maxActiveRecords is how many access records may be active at once. Imports that run at
	// once see each other's records only once these are committed.
	maxActiveRecords = 20
	// maxIdentityRecords is how many identity records may be kept that are not anonymised.
	maxIdentityRecords = 20
	// erasuresPerMeterPoint is how many identity records may be anonymised within erasureWindow if the account is to
	// create another one: with those that are kept, 50 created in the window.
	erasuresPerMeterPoint = 30
	erasureWindow         = 90 * 24 * time.Hour
	// maxRecordBytes is how many bytes the access records of one account may hold, with their amendments.
	maxRecordBytes = 512 << 10
)

// checkRecordBounds refuses a new access record that was just stored if its account has too much at the meter point.
func checkRecordBounds(ctx context.Context, tx *store.Tx, row store.AccessRecord, now time.Time) error {
	if err := checkRecordBytes(ctx, tx, row); err != nil {
		return err
	}
	if !row.ActiveAt(now) {
		return nil
	}

	active, err := tx.CountActiveRecords(ctx, row.AccountID, []string{row.MPxN}, now)
	if err == nil && active[row.MPxN] > maxActiveRecords {
		err = tooManyActiveRecords()
	}

	return err
}

// checkRecordBytes refuses a record that was just written if its account's records at the meter point hold too much.
func checkRecordBytes(ctx context.Context, tx *store.Tx, row store.AccessRecord) error {
	sizes, err := tx.SumRecordSizes(ctx, row.AccountID, []string{row.MPxN})
	if err == nil && sizes[row.MPxN] > maxRecordBytes {
		err = tooManyRecordBytes()
	}

	return err
}

func tooManyRecordBytes() *Error {
	const kib = maxRecordBytes >> 10

	return conflict(fmt.Sprintf("This account's records at this meter point would hold more than %d KiB.", kib))
}

func tooManyActiveRecords() *Error {
	return conflict(fmt.Sprintf(
		"This account has %d active access records at this meter point: end one first.", maxActiveRecords,
	))
}

func tooManyIdentityRecords() *Error {
	return conflict(fmt.Sprintf(
		"This account has %d identity records at this meter point: anonymise one first.", maxIdentityRecords,
	))
}

func tooManyErasures() *Error {
	return conflict("This account has created and anonymised too many identity records at this meter point.")
}

// checkIdentityBounds refuses another identity record of an account at a meter point, which the transaction holds.
func (r *Rules) checkIdentityBounds(ctx context.Context, tx *store.Tx, accountID, mpxn string) error {
	room, err := r.identityRoomAt(ctx, tx, accountID, []string{mpxn})
	if err != nil {
		return err
	}
	if refusal := room.refusal(mpxn); refusal != nil {
		return refusal
	}

	return nil
}

// identityRoom says where an account may create identity records.
type identityRoom struct {
	// kept is how many it keeps at a meter point.
	kept map[string]int
	// erased are the meter points at which it anonymised too many.
	erased map[string]bool
}

func (r *Rules) identityRoomAt(
	ctx context.Context, tx *store.Tx, accountID string, mpxns []string,
) (identityRoom, error) {
	kept, err := tx.CountIdentityRecords(ctx, accountID, mpxns)
	if err != nil {
		return identityRoom{}, err
	}

	limits := make([]store.Limit, len(mpxns))
	for i, mpxn := range mpxns {
		limits[i] = erasureLimit(accountID, mpxn)
	}

	reached, err := tx.ListReachedLimits(ctx, limits, r.Now())
	if err != nil {
		return identityRoom{}, err
	}

	room := identityRoom{kept: kept, erased: map[string]bool{}}
	for i, mpxn := range mpxns {
		room.erased[mpxn] = reached[limits[i].Bucket]
	}

	return room, nil
}

// refusal returns why another identity record may not be created at a meter point, nil if it may.
func (room identityRoom) refusal(mpxn string) *Error {
	switch {
	case room.kept[mpxn] >= maxIdentityRecords:
		return tooManyIdentityRecords()
	case room.erased[mpxn]:
		return tooManyErasures()
	}

	return nil
}

func erasureLimit(accountID, mpxn string) store.Limit {
	return store.Limit{
		Bucket: "erasures " + accountID + " " + mpxn, Most: erasuresPerMeterPoint + 1, Within: erasureWindow,
	}
}

// countErasure counts the anonymisation of an identity record. One above the limit is not refused: a customer's wish
// to be forgotten always counts.
func (r *Rules) countErasure(ctx context.Context, tx *store.Tx, record store.IdentityRecord) error {
	_, err := tx.CountTowards(ctx, erasureLimit(record.AccountID, *record.MPxN), r.Now())

	return err
}
