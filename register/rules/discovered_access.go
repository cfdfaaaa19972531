package rules

import (
	"context"
	"errors"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// NewSighting is a sighting that has been checked and not yet stored: the DCC saw an organisation read a meter point.
type NewSighting struct{ row store.DiscoveredAccess }

// PrepareSighting checks a sighting; it was last seen today if it does not say when. It returns Errors if the sighting
// is wrong.
func (r *Rules) PrepareSighting(in registerclient.DiscoveredAccess) (NewSighting, error) {
	now := r.Now()
	if in.LastSeen == "" {
		in.LastSeen = registerclient.Date(store.LondonDay(now, 0))
	}

	var k Checks
	mpxn, err := ParseMPxN("mpxn", in.MPxN)
	k.Merge(err)
	k.required("organisation-name", in.OrganisationName, 255)
	k.required("organisation-reference", in.OrganisationReference, 255)
	k.seenDays(in, now)

	k.dataTypes("data-types-observed", in.DataTypesObserved)
	k.required("source-reference", in.SourceReference, 255)
	if in.SupersededBy != nil {
		k.Add("superseded-by", "is not the caller's to set.")
	}
	if err := k.Err(); err != nil {
		return NewSighting{}, err
	}

	return NewSighting{row: store.DiscoveredAccess{
		AK:                    NewID("ak"),
		MPxN:                  mpxn,
		OrganisationName:      in.OrganisationName,
		OrganisationReference: in.OrganisationReference,
		FirstSeen:             string(in.FirstSeen),
		LastSeen:              string(in.LastSeen),
		DataTypes:             store.JSON[[]string]{V: stringsOf(in.DataTypesObserved)},
		SourceReference:       in.SourceReference,
		CreatedAt:             store.Millis(now),
	}}, nil
}

// seenDays checks the days on which an organisation was seen.
func (k *Checks) seenDays(in registerclient.DiscoveredAccess, now time.Time) {
	today := store.LondonDay(now, 0)
	isFirst := k.date("first-seen", in.FirstSeen)
	isLast := k.date("last-seen", in.LastSeen)
	switch {
	case isFirst && string(in.FirstSeen) > today:
		k.Add("first-seen", "must not lie in the future.")
	case isLast && string(in.LastSeen) > today:
		k.Add("last-seen", "must not lie in the future.")
	case isFirst && isLast && in.LastSeen < in.FirstSeen:
		k.Add("last-seen", "must not come before first-seen.")
	}
}

// ReportSighting stores a sighting and returns its key. The first sighting of an organisation at a meter point makes a
// row; a later one refreshes it, and created is false. If the organisation was seen after its access ended, its
// accounts are told, once for each day last seen and for each set of data types (docs/decisions.md, Claiming).
func (r *Rules) ReportSighting(
	ctx context.Context, tx *store.Tx, accountID string, sighting NewSighting,
) (ak string, created bool, err error) {
	row := sighting.row
	if err := tx.HoldMeterPoint(ctx, row.MPxN); err != nil {
		return "", false, err
	}

	before, err := tx.FindSighting(ctx, row.MPxN, row.OrganisationReference)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", false, err
	}

	ak, err = tx.UpsertDiscoveredAccess(ctx, row)
	if err != nil {
		return "", false, err
	}

	tx.Audit(r.auditEvent(accountID, auditDiscoveredReported, row.MPxN, ak, nil))

	isRepeated := before.LastSeen == row.LastSeen && slices.Equal(before.DataTypes.V, row.DataTypes.V)
	if !isRepeated {
		err = r.announceAfterStop(ctx, tx, row)
	}

	return ak, ak == row.AK, err
}
