package register

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// submitDiscoveredAccess is POST /discovered-access: the DCC saw an organisation read a meter point. The
// first report of an organisation makes a record, a later one refreshes it.
func (s *Register) submitDiscoveredAccess(c echo.Context) error {
	var in registerclient.DiscoveredAccess
	if err := knownQuery(c); err != nil {
		return err
	}
	if err := decode(c, &in); err != nil {
		return err
	}

	now := s.now()
	if in.LastSeen == "" {
		in.LastSeen = registerclient.Date(now.Format(time.DateOnly))
	}

	var k checks
	mpxn, err := meterPoint("mpxn", in.MPxN)
	if err != nil {
		k.wrong = append(k.wrong, refusals(err)...)
	}

	k.required("organisation-name", in.OrganisationName, 255)
	k.required("organisation-reference", in.OrganisationReference, 255)
	k.date("first-seen", in.FirstSeen)
	k.date("last-seen", in.LastSeen)
	// A day further on than any clock on earth may be ahead of ours.
	if tomorrow := registerclient.Date(now.AddDate(0, 0, 1).Format(time.DateOnly)); in.FirstSeen > tomorrow {
		k.add("first-seen", "must not lie in the future.")
	} else if in.LastSeen < in.FirstSeen {
		k.add("last-seen", "must not come before first-seen.")
	}

	k.dataTypes("data-types-observed", in.DataTypesObserved)
	k.required("source-reference", in.SourceReference, 255)
	if in.SupersededBy != nil {
		k.add("superseded-by", "is set by the register.")
	}
	if err := k.err(); err != nil {
		return err
	}

	types := make([]string, len(in.DataTypesObserved))
	for i, t := range in.DataTypesObserved {
		types[i] = string(t)
	}

	row := store.DiscoveredAccess{
		AK: newID(
			"ak",
		),
		MPxN:                  mpxn,
		OrganisationName:      in.OrganisationName,
		OrganisationReference: in.OrganisationReference,
		FirstSeen:             string(in.FirstSeen),
		LastSeen:              string(in.LastSeen),
		DataTypes:             store.JSON[[]string]{V: types},
		SourceReference:       in.SourceReference,
		CreatedAt:             store.Millis(now),
	}
	account := caller(c).AccountID
	return s.post(c, func(ctx context.Context, tx *store.Tx) (answer, error) {
		// An organisation that has registered already is not one without a record: its sighting is kept, and
		// not listed (docs/decisions.md, Claiming).
		claim, err := tx.FindActiveRecord(ctx, mpxn, in.OrganisationReference, row.CreatedAt)
		if err == nil {
			row.SupersededBy = &claim
		} else if !errors.Is(err, store.ErrNotFound) {
			return answer{}, err
		}

		ak, err := tx.UpsertDiscoveredAccess(ctx, row)
		if err != nil {
			return answer{}, err
		}

		status := http.StatusOK
		if ak == row.AK {
			status = http.StatusCreated
		}

		tx.Audit(s.event(account, auditDiscoveredReported, mpxn, ak, nil))
		return answer{
			status,
			"",
			registerclient.SubmitDiscoveredAccessResponse{
				Response: s.metadata(c),
				AK:       ak,
				State:    registerclient.StateDiscovered,
			},
		}, nil
	})
}
