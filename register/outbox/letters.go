package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// sendLetter sends a letter to the mail server. The job of a link is marked before the server has the whole letter. If
// the server's reply is lost, or the process is killed, the link is given up and not sent again: errMaybeSent.
func (w *Worker) sendLetter(ctx context.Context, job store.Job, body []byte) error {
	if w.Mail == nil {
		return errNoMailServer
	}

	var queued rules.QueuedLetter
	if err := json.Unmarshal(body, &queued); err != nil {
		return fmt.Errorf("decode a letter: %w", err)
	}

	letter := mail.Letter{ID: job.ID, To: queued.To, Message: queued.Message}
	if job.Subject != rules.SubjectLink {
		return w.Mail.Send(ctx, letter)
	}

	letter.Handing = func(ctx context.Context) error { return w.markHandedOver(ctx, job) }
	err := w.Mail.Send(ctx, letter)
	if mail.Unknown(err) {
		return fmt.Errorf("%w: %w", errMaybeSent, err)
	}

	return err
}

// markHandedOver records that the attempt hands its letter over. It fails if the attempt has lost its lease.
func (w *Worker) markHandedOver(ctx context.Context, job store.Job) error {
	return w.Store.Transact(ctx, func(tx *store.Tx) error {
		marked, err := tx.MarkHandedOver(ctx, job, w.Clock())
		if err == nil && !marked {
			err = errors.New("another attempt has the letter")
		}

		return err
	})
}
