package rules

import (
	"context"
	"errors"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
)

const (
	// newContactLife is how long after a contact began to stand the others are told of what it reads.
	newContactLife = 90 * 24 * time.Hour
	// readingLetterInterval is the time between two letters about readings of one account at one meter point.
	readingLetterInterval = 24 * time.Hour
)

// tellOfReading tells the other standing addresses of a reading with an account's token that a contact confirmed which
// has not stood for long. Not of every reading: in a home with an abuser such a letter does harm (docs/decisions.md,
// Which person, 6).
func (r *Rules) tellOfReading(ctx context.Context, tx *store.Tx, grant store.Reidentification) error {
	if grant.Contact == nil || r.stub {
		return nil
	}

	confirmed, err := tx.FindContact(ctx, *grant.Contact)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}

	isNew := r.Now().Before(confirmed.Since.Time().Add(newContactLife))
	if confirmed.State != store.ContactStands || !isNew {
		return nil
	}

	h, err := r.home(ctx, tx, grant.MPxN)
	if err != nil {
		return err
	}

	reader, ok := h.contact(confirmed.ID)
	to := h.toTell(reader)
	if !ok || len(to) == 0 {
		return nil
	}

	wait, err := tx.CountTowards(ctx, store.Limit{
		Bucket: "reading letter " + grant.AccountID + " " + grant.MPxN, Most: 1, Within: readingLetterInterval,
	}, r.clock())
	if err != nil || wait > 0 {
		return err
	}

	return r.writeReading(ctx, tx, h, to, reader, grant)
}

// writeReading writes to addresses that a contact read the list with the authority of a challenge.
func (r *Rules) writeReading(
	ctx context.Context, tx *store.Tx, h home, to []contact, reader contact, grant store.Reidentification,
) error {
	account, err := tx.FindAccount(ctx, grant.AccountID)
	if err != nil {
		return err
	}

	return r.writeLetters(ctx, tx, to, letterDraft{
		kind:      LetterReading,
		about:     &reader,
		accountID: &account.AccountID,
		challenge: &grant.Challenge,
		openUntil: h.now.Add(readingLetterLife),
		message: func(page mail.ReplyPage) mail.Message {
			return mail.ContactReading(mail.ReadingDetails{
				Org:   account.DisplayName,
				Meter: mail.MeterOf(grant.MPxN),
				Reply: page,
				At:    h.now,
			})
		},
	})
}
