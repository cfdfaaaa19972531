package rules

import (
	"context"
	"errors"
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
	k.date("first-seen", in.FirstSeen)
	k.date("last-seen", in.LastSeen)
	// In no time zone is today later than tomorrow in UTC.
	if tomorrow := registerclient.Date(now.AddDate(0, 0, 1).Format(time.DateOnly)); in.FirstSeen > tomorrow {
		k.Add("first-seen", "must not lie in the future.")
	} else if in.LastSeen < in.FirstSeen {
		k.Add("last-seen", "must not come before first-seen.")
	}

	k.dataTypes("data-types-observed", in.DataTypesObserved)
	k.required("source-reference", in.SourceReference, 255)
	if in.SupersededBy != nil {
		k.Add("superseded-by", "is set by the register.")
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

// ReportSighting stores a sighting and returns its key. The first sighting of an organisation at a meter point makes a
// row; a later one refreshes it, and created is false. A sighting of an organisation that has an active access record
// at the meter point is stored as superseded and not listed (docs/decisions.md, Claiming).
func (r *Rules) ReportSighting(
	ctx context.Context, tx *store.Tx, accountID string, sighting NewSighting,
) (ak string, created bool, err error) {
	row := sighting.row
	record, err := tx.FindActiveRecord(ctx, row.MPxN, row.OrganisationReference, row.CreatedAt)
	switch {
	case err == nil:
		row.SupersededBy = &record
	case !errors.Is(err, store.ErrNotFound):
		return "", false, err
	}

	ak, err = tx.UpsertDiscoveredAccess(ctx, row)
	if err != nil {
		return "", false, err
	}

	tx.Audit(r.auditEvent(accountID, auditDiscoveredReported, row.MPxN, ak, nil))

	return ak, ak == row.AK, nil
}
