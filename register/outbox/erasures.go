package outbox

import (
	"context"
	"log/slog"
	"time"
)

// cleaning is what a worker remembers of the erasures of which it cleans the database. Only one sweep runs at a time.
type cleaning struct {
	// cleanedAt is when this worker last cleaned the files, and took how long that took.
	cleanedAt time.Time
	took      time.Duration
	// isLogClean is true if the log was truncated after erasures erasures.
	isLogClean bool
	erasures   int
}

// CleanErased removes from the files what was erased: at once from the log, as soon as no reader holds it, and at most
// once an hour from the rest of the files.
func (w *Worker) CleanErased(ctx context.Context) error {
	erasures, err := w.Store.CountErasures(ctx)
	if err != nil {
		return err
	}

	needed, err := w.Store.NeedsCleaning(ctx)
	if err != nil {
		return err
	}

	now := w.Clock()
	if needed && now.Sub(w.cleaning.cleanedAt) >= max(cleaningInterval, cleaningShare*w.cleaning.took) {
		began := time.Now()
		if err := w.Store.Clean(ctx); err != nil {
			return err
		}

		took := time.Since(began)
		w.Logger.InfoContext(ctx, "database cleaned of what was erased",
			slog.Int64("duration-ms", took.Milliseconds()))
		w.cleaning = cleaning{cleanedAt: now, took: took}
	}

	if w.cleaning.isLogClean && w.cleaning.erasures == erasures {
		return nil
	}

	w.cleaning.isLogClean, err = w.Store.TruncateLog(ctx)
	w.cleaning.erasures = erasures

	return err
}
