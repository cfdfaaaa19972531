package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

const (
	// endedJobLife is how long an ended delivery is listed.
	endedJobLife = 30 * 24 * time.Hour
	// oldLetterLife is how long a letter about a contact is kept that can no longer be answered.
	oldLetterLife = 400 * 24 * time.Hour
	// alarmYears is how many years an alarm is kept.
	alarmYears = 1
)

// sweep does what falls due by time alone.
func (w *Worker) sweep(ctx context.Context) {
	err := errors.Join(
		w.Rules.AnnounceExpiries(ctx),
		w.deleteOld(ctx),
		w.sealRecords(ctx),
		uncounted(w.Rules.SettleTenancyChanges(ctx)),
		w.counted(ctx, "letters about contacts written", "letters")(w.Rules.WriteContactLetters(ctx)),
		w.counted(ctx, "letters about changed access written", "letters")(w.Rules.WriteAccessLetters(ctx)),
		uncounted(w.Rules.EndWaits(ctx)),
		uncounted(w.Rules.EndRemovals(ctx)),
		w.raiseAlarms(ctx),
		w.logAuditHeads(ctx),
		w.CleanErased(ctx),
	)
	if err != nil && ctx.Err() == nil {
		w.Logger.ErrorContext(ctx, "sweep", slog.Any("error", err))
	}
}

// deleteOld deletes what is of no use any more, in a transaction for each table, so that none waits for another.
func (w *Worker) deleteOld(ctx context.Context) error {
	now := w.Clock()
	ended := now.Add(-endedJobLife)
	old := now.Add(-oldLetterLife)
	lastYear := now.AddDate(-alarmYears, 0, 0)
	unseen := now.Add(-rules.LookLife)
	unrepeated := now.Add(-rules.KeptReadingLife)

	return errors.Join(
		w.Store.Transact(ctx, func(tx *store.Tx) error { return tx.DeleteEndedJobs(ctx, ended) }),
		w.Store.Transact(ctx, func(tx *store.Tx) error { return tx.DeleteStaleLimits(ctx, now) }),
		w.Store.Transact(ctx, func(tx *store.Tx) error { return tx.DeleteOldLetters(ctx, old, now) }),
		w.Store.Transact(ctx, func(tx *store.Tx) error { return tx.DeleteOldAlarms(ctx, lastYear) }),
		w.Store.Transact(ctx, func(tx *store.Tx) error { return tx.DeleteOldLooks(ctx, unseen) }),
		w.Store.Transact(ctx, func(tx *store.Tx) error { return tx.DeleteOldReadings(ctx, unrepeated) }),
		w.Rules.DeleteOldResponses(ctx),
		w.Store.Transact(ctx, func(tx *store.Tx) error { return tx.DeleteOldAccessChanges(ctx, old) }),
	)
}

// sealRecords gives some of the identity records that an older program stored a key of their own.
func (w *Worker) sealRecords(ctx context.Context) error {
	err := w.counted(ctx, "identity records sealed with keys of their own", "rows")(w.Rules.SealRecords(ctx))
	if err != nil {
		return fmt.Errorf("seal identity records with keys of their own: %w", err)
	}

	return nil
}

// counted returns a function that writes to the log how much a step did, if it did anything, and returns its error.
func (w *Worker) counted(ctx context.Context, message, unit string) func(done int, err error) error {
	return func(done int, err error) error {
		if done > 0 {
			w.Logger.InfoContext(ctx, message, slog.Int(unit, done))
		}

		return err
	}
}

// uncounted returns the error of a step whose count the log does not tell.
func uncounted(_ int, err error) error { return err }

// raiseAlarms raises the alarms that are due, and writes them to the program's log.
func (w *Worker) raiseAlarms(ctx context.Context) error {
	raised, err := w.Rules.RaiseAlarms(ctx)
	for _, alarm := range raised {
		w.Logger.ErrorContext(ctx, "alarm",
			slog.String("account", alarm.AccountID), slog.String("kind", string(alarm.Kind)))
	}
	if err != nil {
		return fmt.Errorf("raise alarms: %w", err)
	}

	return nil
}

// logAuditHeads writes the head of each chain of the audit log to the program's own log, which is kept elsewhere: proof
// if the whole database is rewritten.
func (w *Worker) logAuditHeads(ctx context.Context) error {
	heads, err := w.Store.AuditHeads(ctx)
	if err != nil {
		return err
	}

	attributes := make([]any, len(heads))
	for i, head := range heads {
		attributes[i] = slog.String(fmt.Sprint(head.Chain), fmt.Sprintf("%d %x", head.Length, head.Hash))
	}
	w.Logger.InfoContext(ctx, "audit log", slog.Group("heads", attributes...))

	return nil
}
