package rules

import (
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// restartDays is for how many days after a customer's stop a new record of the account is marked as started again.
const restartDays = 90

// restartsOf returns, by the keys of access records of a meter point, when the customer stopped access of the same
// account before it registered the record; of several stops the latest. That a stop came before is stored with the
// registration. Which stops a household may learn of is computed at each reading, because a change of tenancy that is
// reported or withdrawn later changes it.
func restartsOf(rows []store.ListedRecord, present household) (map[string]*time.Time, error) {
	stops := map[string][]time.Time{} // by account
	for _, row := range rows {
		byCustomer := row.RevokedBy != nil && *row.RevokedBy == string(registerclient.RevokedByCustomer)
		if !byCustomer || row.RevokedAt == nil {
			continue
		}

		first, err := registrationOf(row)
		if err != nil {
			return nil, err
		}

		if stop := row.RevokedAt.Time(); present.showsEnd(first, stop) {
			stops[row.AccountID] = append(stops[row.AccountID], stop)
		}
	}

	restarts := map[string]*time.Time{}
	for _, row := range rows {
		restarts[row.AK] = restartOf(row.AccessRecord, stops[row.AccountID])
	}

	return restarts, nil
}

// restartOf returns the latest of the stops that came at most restartDays before the registration of an access record;
// nil if there is none. A record of access that was over when it was registered starts nothing.
func restartOf(record store.AccessRecord, stops []time.Time) *time.Time {
	if record.StoppedBefore == nil || record.EndedAtRegistration {
		return nil
	}

	var last *time.Time
	for _, stop := range stops {
		before := !stop.After(record.StoppedBefore.Time())
		recent := !record.CreatedAt.Time().After(stop.AddDate(0, 0, restartDays))
		if before && recent && (last == nil || stop.After(*last)) {
			last = &stop
		}
	}

	return last
}
