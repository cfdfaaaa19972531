package register

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// reportChangeOfTenancy is POST /cot-events: the DCC says that the people at a meter point have changed. Nothing is
// revoked; those who have access are told.
func (s *Register) reportChangeOfTenancy(c echo.Context) error {
	var in registerclient.ChangeOfTenancyRequest
	if err := knownQuery(c); err != nil {
		return err
	}
	if err := decode(c, &in); err != nil {
		return err
	}

	var k checks
	mpxn, err := meterPoint("mpxn", in.MPxN)
	if err != nil {
		k.wrong = append(k.wrong, refusals(err)...)
	}

	k.date("effective-date", in.EffectiveDate)
	k.required("source-reference", in.SourceReference, 255)
	if err := k.err(); err != nil {
		return err
	}

	account, now := caller(c).AccountID, s.now()
	change := store.TenancyChange{
		COT: newID(
			"cot",
		),
		AccountID:       account,
		MPxN:            mpxn,
		EffectiveDate:   string(in.EffectiveDate),
		SourceReference: in.SourceReference,
		Notified:        store.JSON[[]string]{V: []string{}},
		CreatedAt:       store.Millis(now),
	}
	return s.post(c, func(ctx context.Context, tx *store.Tx) (answer, error) {
		status := http.StatusCreated
		reported := change
		first, err := tx.InsertTenancyChange(ctx, change)
		if err != nil {
			return answer{}, err
		}

		if first {
			reported.Affected, reported.Notified.V, err = s.announceTenancyChange(ctx, tx, change, now)
		} else {
			status = http.StatusOK
			reported, err = tx.FindReportedTenancyChange(ctx, mpxn, change.EffectiveDate, change.SourceReference)
		}

		if err != nil {
			return answer{}, err
		}
		if first {
			tx.Audit(
				s.event(
					account,
					auditTenancyReported,
					mpxn,
					"",
					map[string]any{"cot": change.COT, "effective-date": change.EffectiveDate},
				),
			)
		}

		return answer{status: status, body: registerclient.ChangeOfTenancyResponse{
			Response: s.metadata(c), MPxN: mpxn, EffectiveDate: in.EffectiveDate, SourceReference: in.SourceReference,
			ActiveRecordsAffected: reported.Affected, DataUsersNotified: reported.Notified.V,
		}}, nil
	})
}

// announceTenancyChange tells each Data User that has an active record at the meter point, of its own records
// alone. It answers how many records are active, and the DUIDs of those that are told.
func (s *Register) announceTenancyChange(
	ctx context.Context,
	tx *store.Tx,
	change store.TenancyChange,
	now time.Time,
) (affected int, notified []string, err error) {
	active, err := tx.ListActiveRecords(ctx, change.MPxN, now)
	if err != nil {
		return 0, nil, err
	}

	notified = []string{}
	for rest := active; len(rest) > 0; {
		owner := rest[0]
		aks := []string{}
		for len(rest) > 0 && rest[0].AccountID == owner.AccountID {
			aks, rest = append(aks, rest[0].AK), rest[1:]
		}

		told, err := s.announce(
			ctx,
			tx,
			owner.AccountID,
			registerclient.EventTenancyChange,
			aks,
			registerclient.TenancyChangePayload{
				MPxN:            change.MPxN,
				EffectiveDate:   registerclient.Date(change.EffectiveDate),
				AffectedAKs:     aks,
				SourceReference: &change.SourceReference,
			},
		)
		if err != nil {
			return 0, nil, err
		}
		if told {
			notified = append(notified, owner.DUID)
		}
	}

	return len(active), notified, tx.SetTenancyResult(ctx, change.COT, len(active), notified)
}

// listChangesOfTenancy is GET /admin/cot-events.
func (s *Register) listChangesOfTenancy(c echo.Context) error {
	if err := knownQuery(c, "mpxn"); err != nil {
		return err
	}

	mpxn, err := meterPoint("mpxn", c.QueryParam("mpxn"))
	if err != nil {
		return err
	}

	ctx := c.Request().Context()
	rows, err := s.store.ListTenancyChanges(ctx, mpxn)
	if err != nil {
		return err
	}

	changes := make([]registerclient.ChangeOfTenancy, len(rows))
	for i, row := range rows {
		changes[i] = changeOfTenancy(row)
	}
	if err := s.audit(
		ctx,
		s.event(caller(c).AccountID, auditAdministratorLooked, mpxn, "", map[string]any{"at": "changes of tenancy"}),
	); err != nil {
		return err
	}

	return c.JSON(
		http.StatusOK,
		registerclient.ListChangesOfTenancyResponse{Response: s.metadata(c), ChangesOfTenancy: changes},
	)
}

func changeOfTenancy(row store.TenancyChange) registerclient.ChangeOfTenancy {
	return registerclient.ChangeOfTenancy{
		COT:             row.COT,
		MPxN:            row.MPxN,
		EffectiveDate:   registerclient.Date(row.EffectiveDate),
		SourceReference: row.SourceReference,
		CreatedAt:       row.CreatedAt.Time(),
		WithdrawnAt:     store.OptionalTime(row.WithdrawnAt),
	}
}

// withdrawChangeOfTenancy is POST /admin/cot-events/{cot}/withdraw: the report was false, and all is as before.
func (s *Register) withdrawChangeOfTenancy(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	cot := c.Param("cot")
	unknown := notFound("There is no such report.")
	if !patternKey.MatchString(cot) {
		return unknown
	}

	return s.post(c, func(ctx context.Context, tx *store.Tx) (answer, error) {
		done, err := tx.WithdrawTenancyChange(ctx, cot, s.now())
		if err != nil {
			return answer{}, err
		}

		change, err := tx.FindTenancyChange(ctx, cot)
		if err != nil {
			return answer{}, missing(err, unknown)
		}
		if done {
			tx.Audit(s.event(caller(c).AccountID, auditTenancyWithdrawn, change.MPxN, "", map[string]any{"cot": cot}))
		}

		return answer{status: http.StatusOK, body: registerclient.WithdrawChangeOfTenancyResponse{
			Response: s.metadata(c), ChangeOfTenancy: changeOfTenancy(change),
		}}, nil
	})
}

// ofOccupant leaves of a meter point's access records those that its present occupant may see: an earlier
// occupant's only while it is active, and those are named (docs/decisions.md, Which person). An empty since means
// that nobody has moved.
func ofOccupant(
	rows []store.ListedRecord,
	since string,
	now time.Time,
) (shown []store.ListedRecord, earlier map[string]bool, err error) {
	earlier = map[string]bool{}
	for _, row := range rows {
		began, err := began(row)
		if err != nil {
			return nil, nil, err
		}

		if began < since {
			if stateOf(row.AccessRecord, now) != registerclient.StateActive {
				continue
			}
			earlier[row.AK] = true
		}

		shown = append(shown, row)
	}

	return shown, earlier, nil
}

// began is the day by which an access record is given to one occupancy or another: when its person moved in, or,
// once that is anonymised, when access was registered.
func began(row store.ListedRecord) (string, error) {
	if row.MoveInDate != nil {
		return *row.MoveInDate, nil
	}

	var record registerclient.AccessRecord
	if err := json.Unmarshal(row.Record, &record); err != nil {
		return "", fmt.Errorf("read an access record: %w", err)
	}

	return record.AccessEvent.RegisteredAt.UTC().Format(time.DateOnly), nil
}

// moved reports whether a token's customer no longer lives at its meter point.
func (s *Register) moved(ctx context.Context, tx *store.Tx, token store.Reidentification) (bool, error) {
	outlived, err := tx.FindOutlived(ctx, token.TokenHash, s.now())
	return outlived.EarlierOccupant, err
}
