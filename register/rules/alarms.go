package rules

import (
	"context"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// What raises an alarm about an account (docs/decisions.md, Which person). An alarm stops nothing.
const (
	// More than these objections in a period, and more than one in lettersPerObjection letters of that period.
	objectionsUnalarming = 3
	lettersPerObjection  = 1000
	objectionPeriod      = 30 * 24 * time.Hour

	// More than these first contacts in a day.
	firstContactsUnalarming = 1000
)

// RaiseAlarms raises the alarms that are due, one for each account, kind and day in London, and returns those that it
// raised.
func (r *Rules) RaiseAlarms(ctx context.Context) ([]registerclient.Alarm, error) {
	now := r.Now()
	day := store.LondonDay(now, 0)
	objected, err := r.objectedAccounts(ctx, now, day)
	if err != nil {
		return nil, err
	}

	first, err := r.store.ListFirstAccounts(ctx, store.LondonMidnight(day), firstContactsUnalarming, day)
	if err != nil {
		return nil, err
	}

	var raised []registerclient.Alarm
	for kind, accounts := range map[string][]string{
		store.AlarmObjections:    objected,
		store.AlarmFirstContacts: first,
	} {
		for _, account := range accounts {
			alarm := store.Alarm{
				ID: NewID("alm"), AccountID: account, Kind: kind, Day: day, RaisedAt: store.Millis(now),
			}
			inserted, err := r.raise(ctx, alarm)
			if err != nil {
				return raised, err
			}
			if inserted {
				raised = append(raised, alarmOf(alarm))
			}
		}
	}

	return raised, nil
}

// objectedAccounts returns the accounts with more objections than is usual.
func (r *Rules) objectedAccounts(ctx context.Context, now time.Time, day string) ([]string, error) {
	since := now.Add(-objectionPeriod)
	found, err := r.store.ListObjections(ctx, since, objectionsUnalarming, day)
	if err != nil {
		return nil, err
	}

	var accounts []string
	for _, objections := range found {
		enough := objections.Count * lettersPerObjection
		letters, err := r.store.CountAdditions(ctx, objections.AccountID, since, enough)
		if err != nil {
			return nil, err
		}
		if letters < enough {
			accounts = append(accounts, objections.AccountID)
		}
	}

	return accounts, nil
}

// raise stores an alarm. It returns false if another replica has raised it.
func (r *Rules) raise(ctx context.Context, alarm store.Alarm) (inserted bool, err error) {
	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		inserted, err = tx.InsertAlarm(ctx, alarm)
		if err == nil && inserted {
			tx.Audit(r.auditEvent("", auditAlarmRaised, "", "", map[string]any{
				"alarm": alarm.ID, "account-id": alarm.AccountID, "kind": alarm.Kind,
			}))
		}

		return err
	})

	return inserted, err
}

// ListAlarms returns a page of the alarms, the newest first, the position after it, and how many there are.
func (r *Rules) ListAlarms(
	ctx context.Context, page store.Page,
) (alarms []registerclient.Alarm, next *store.Position, total store.Total, err error) {
	rows, total, err := r.store.ListAlarms(ctx, page)
	if err != nil {
		return nil, nil, store.Total{}, err
	}

	rows, next = cutPage(rows, page, func(row store.Alarm) store.Position {
		return store.Position{At: row.RaisedAt, Seq: row.Seq}
	})
	alarms = make([]registerclient.Alarm, len(rows))
	for i, row := range rows {
		alarms[i] = alarmOf(row)
	}

	return alarms, next, total, nil
}

// alarmOf returns an alarm as an administrator sees it.
func alarmOf(row store.Alarm) registerclient.Alarm {
	return registerclient.Alarm{
		Alarm:     row.ID,
		AccountID: row.AccountID,
		Kind:      registerclient.AlarmKind(row.Kind),
		Day:       registerclient.Date(row.Day),
		RaisedAt:  wireTime(row.RaisedAt),
	}
}
