package rules

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
)

// The subjects of the letters in the outbox.
const (
	// SubjectLink is the letter with a link. It must arrive at most once: of two letters that look alike the customer
	// may open the one that is used up, or believe that a stranger asked.
	SubjectLink = "magic-link"

	// SubjectContact is a letter about who can confirm for a home.
	SubjectContact = "contact"

	subjectPasskey     = "passkey"
	subjectUndelivered = "undelivered"
)

func placeOfJob(id string) string { return "outbox.sealed_body " + id }

// QueuedLetter is the body of a letter's job.
type QueuedLetter struct {
	To      string       `json:"to"`
	Message mail.Message `json:"message"`
	// Challenge is the public name of the challenge whose link the letter has; empty for other letters.
	Challenge string `json:"challenge,omitempty"`
}

// queueLetter queues a letter in the transaction of the change that causes it. After drop the letter is not sent any
// more; nil is never.
func (r *Rules) queueLetter(
	ctx context.Context, tx *store.Tx, subject string, to addressee, drop *time.Time, message mail.Message,
) error {
	return r.queueMail(ctx, tx, NewID("msg"), subject, to, QueuedLetter{Message: message}, drop)
}

// addressee is the recipient of a letter.
type addressee struct {
	address string
	// ir is the identity record of the person, whose key seals the letter; nil if it goes to an organisation.
	ir *string
}

// addressee returns the recipient of a letter to a contact.
func (c contact) addressee() addressee { return addressee{address: c.address, ir: &c.IR} }

// queueMail is queueLetter for a letter whose job has this id. It sets letter.To.
func (r *Rules) queueMail(
	ctx context.Context, tx *store.Tx, id, subject string, to addressee, letter QueuedLetter, drop *time.Time,
) error {
	letter.To = to.address
	body, err := json.Marshal(letter)
	if err != nil {
		return fmt.Errorf("encode a letter: %w", err)
	}

	keyID, sealed, err := r.sealFor(ctx, tx, to.ir, body, placeOfJob(id))
	if err != nil {
		return err
	}

	now := store.Millis(r.clock())

	return tx.InsertJob(ctx, store.Job{
		ID:         id,
		Kind:       store.KindMail,
		Target:     "mail",
		Subject:    subject,
		IR:         to.ir,
		KeyID:      keyID,
		SealedBody: sealed,
		CreatedAt:  now,
		DueAt:      now,
		DropAt:     store.OptionalMillis(drop),
	})
}

// OpenJob returns the body of a job in the outbox: a QueuedLetter or a webhook event, as JSON. It returns ErrErased if
// the person to whom a letter goes has been erased.
func (r *Rules) OpenJob(ctx context.Context, job store.Job) ([]byte, error) {
	return r.openJob(ctx, r.store, job)
}

func (r *Rules) openJob(ctx context.Context, from ownKeyReader, job store.Job) ([]byte, error) {
	body, err := r.openFor(ctx, from, job.IR, job.KeyID, job.SealedBody, placeOfJob(job.ID))
	if err != nil {
		return nil, fmt.Errorf("open a job: %w", err)
	}

	return body, nil
}
