package rules

import (
	"context"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// stopDays is how many working days after the end of its access an organisation may still be seen: what was asked for
// before may still be on its way (docs/decisions.md, Claiming).
const stopDays = 2

// claim is what an access record says about the readings of its organisation at a meter point.
type claim struct {
	ak        string
	accountID string
	dataTypes []string
	// end is nil if the access is active.
	end *accessEnd
	// endIsHidden says that the reader of the list must not learn of the end.
	endIsHidden bool
}

// accessEnd is the end of an access.
type accessEnd struct {
	at time.Time
	// by is who revoked the record; empty if it expired.
	by registerclient.RevokedBy
}

// allows reports whether an organisation may still be seen on a day: its access is active, or ended at most stopDays
// before.
func (c claim) allows(day string) bool { return c.end == nil || day <= c.end.lastDay() }

// lastDay returns the last day on which an organisation may still be seen after the end. Days are London's.
func (e accessEnd) lastDay() string {
	day, err := time.Parse(time.DateOnly, store.LondonDay(e.at, 0))
	if err != nil {
		return ""
	}

	return addWorkingDays(day, stopDays).Format(time.DateOnly)
}

// judgement is how a sighting is shown. It is found out at each reading and never stored.
type judgement struct {
	// isCovered says that the organisation's records explain everything that it was seen to read: the sighting is then
	// not listed.
	isCovered bool
	// stop is the claim after the end of which the organisation was last seen. It is nil if the sighting is covered, or
	// if the organisation was not seen after an end.
	stop *claim
}

// judgeSighting judges what an organisation was last seen to read, by the claims of the same organisation at the same
// meter point. A claim covers nothing beyond its own data types, and nothing that was seen more than stopDays after its
// end. If the organisation was seen after several ends, the latest one counts.
func judgeSighting(lastSeen string, observed []string, claims []claim) judgement {
	var allowed []string
	for _, c := range claims {
		if c.allows(lastSeen) {
			allowed = append(allowed, c.dataTypes...)
		}
	}

	isUnexplained := func(dataType string) bool { return !slices.Contains(allowed, dataType) }
	if len(allowed) > 0 && !slices.ContainsFunc(observed, isUnexplained) {
		return judgement{isCovered: true}
	}

	var verdict judgement
	for i, c := range claims {
		if c.allows(lastSeen) || c.endIsHidden {
			continue
		}
		if verdict.stop == nil || c.end.at.After(verdict.stop.end.at) {
			verdict.stop = &claims[i]
		}
	}

	return verdict
}

// claimOf returns what an access record says to a household about the readings of its organisation.
func claimOf(row store.ListedRecord, present household, now time.Time) (claim, error) {
	record, err := decodeAccessRecord(row.Record)
	if err != nil {
		return claim{}, err
	}

	first, err := registrationOf(row)
	if err != nil {
		return claim{}, err
	}

	end := endOf(row.AccessRecord, now)

	return claim{
		ak:          row.AK,
		accountID:   row.AccountID,
		dataTypes:   stringsOf(record.Processing.DataTypes),
		end:         end,
		endIsHidden: end != nil && !present.showsEnd(first, end.at),
	}, nil
}

// endOf returns the end of an access record; nil if it is active. A record that was registered as revoked ended with
// its expiry if that is earlier.
func endOf(record store.AccessRecord, now time.Time) *accessEnd {
	if record.ActiveAt(now) {
		return nil
	}

	end := accessEnd{at: record.CreatedAt.Time()}
	if record.RevokedAt != nil {
		end.at = record.RevokedAt.Time()
	}
	if record.RevokedBy != nil {
		end.by = registerclient.RevokedBy(*record.RevokedBy)
	}
	if record.Expiry != nil && (record.RevokedAt == nil || record.Expiry.Time().Before(end.at)) {
		end = accessEnd{at: record.Expiry.Time()}
	}

	return &end
}

// judgedSighting is a sighting that the reader of a list sees.
type judgedSighting struct {
	store.DiscoveredAccess
	// stop is the end that the organisation was seen after; nil if it was not.
	stop *accessEnd
}

// judgeSightings returns the sightings of a meter point that its present household sees, judged by all access records
// of the meter point.
func judgeSightings(
	sightings []store.DiscoveredAccess, rows []store.ListedRecord, present household, now time.Time,
) ([]judgedSighting, error) {
	var shown []judgedSighting
	for _, sighting := range sightings {
		if !present.showsSighting(sighting.CreatedAt.Time(), sighting.LastSeen) {
			continue
		}

		claims, err := claimsOn(sighting, rows, present, now)
		if err != nil {
			return nil, err
		}

		verdict := judgeSighting(sighting.LastSeen, sighting.DataTypes.V, claims)
		if verdict.isCovered {
			continue
		}

		judged := judgedSighting{DiscoveredAccess: sighting}
		if verdict.stop != nil {
			judged.stop = verdict.stop.end
		}
		shown = append(shown, judged)
	}

	return shown, nil
}

// claimsOn returns the claims of the organisation that was seen. It is known by the reference on its accounts, never by
// the meter point alone.
func claimsOn(
	sighting store.DiscoveredAccess, rows []store.ListedRecord, present household, now time.Time,
) ([]claim, error) {
	var claims []claim
	for _, row := range rows {
		if row.OrganisationReference == nil || *row.OrganisationReference != sighting.OrganisationReference {
			continue
		}

		found, err := claimOf(row, present, now)
		if err != nil {
			return nil, err
		}
		claims = append(claims, found)
	}

	return claims, nil
}

// announceAfterStop tells each account of the organisation that was seen that it was seen after its access ended. An
// account is told of the end of its own records only, and of nothing if it has none.
func (r *Rules) announceAfterStop(ctx context.Context, tx *store.Tx, sighting store.DiscoveredAccess) error {
	rows, err := tx.ListRecordsOfOrganisation(ctx, sighting.MPxN, sighting.OrganisationReference)
	if err != nil {
		return err
	}

	claims, err := claimsOn(sighting, rows, household{}, r.Now())
	if err != nil || judgeSighting(sighting.LastSeen, sighting.DataTypes.V, claims).stop == nil {
		return err
	}

	own := map[string][]claim{}
	var accounts []string
	for _, c := range claims {
		if own[c.accountID] == nil {
			accounts = append(accounts, c.accountID)
		}
		own[c.accountID] = append(own[c.accountID], c)
	}

	for _, accountID := range accounts {
		stop := judgeSighting(sighting.LastSeen, sighting.DataTypes.V, own[accountID]).stop
		if stop == nil {
			continue
		}

		_, err := r.announce(ctx, tx, accountID, registerclient.EventAccessAfterStop, []string{stop.ak},
			registerclient.AccessAfterStopPayload{
				MPxN:      sighting.MPxN,
				LastSeen:  registerclient.Date(sighting.LastSeen),
				EndedAt:   wholeSeconds(stop.end.at),
				DataTypes: dataTypesOf(sighting.DataTypes.V),
			})
		if err != nil {
			return err
		}
	}

	return nil
}
