package rules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"central.consent/dar/register/store"
)

// holdHomeOf holds the meter point of a letter whose end decides about contacts. Two letters of one round that end at
// once must see each other.
func (r *Rules) holdHomeOf(ctx context.Context, tx *store.Tx, job store.Job, end JobEnd) error {
	switch {
	case job.Subject == SubjectContact:
		letter, err := tx.FindLetterByJob(ctx, job.ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}

		return tx.HoldMeterPoint(ctx, letter.MPxN)
	case job.Subject == SubjectLink && end.Refused:
		_, found, err := r.linkOf(ctx, tx, job)
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, ErrErased) {
			return nil
		}
		if err != nil {
			return err
		}

		return tx.HoldMeterPoint(ctx, found.MPxN)
	}

	return nil
}

// contactLetterEnded does what follows from the end of a letter that can be answered. A letter that the mail server
// refused for good counts as told: a mailbox that does not exist must not keep a contact waiting. One that was given
// up is queued again for the next day.
func (r *Rules) contactLetterEnded(ctx context.Context, tx *store.Tx, job store.Job, end JobEnd) error {
	letter, err := tx.FindLetterByJob(ctx, job.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil // nobody can answer it
	}
	if err != nil {
		return err
	}

	now := r.Now()
	switch {
	case end.Refused:
		if err := tx.MarkBounced(ctx, letter.Recipient, now); err != nil {
			return err
		}
	case end.Outcome == store.OutcomeDropped:
		return nil
	case end.Outcome != store.OutcomeDelivered:
		return r.postponeLetter(ctx, tx, job, letter)
	}

	if err := tx.EndLetterDelivery(ctx, letter.Letter, end.Refused, now); err != nil {
		return err
	}

	return r.contactTold(ctx, tx, letter)
}

// postponeLetter queues a letter again for the next day. What waits for its answer waits a day longer.
func (r *Rules) postponeLetter(ctx context.Context, tx *store.Tx, job store.Job, letter store.ContactLetter) error {
	tomorrow := r.Now().Add(letterDay)
	queued, err := tx.RequeueJob(ctx, job, tomorrow)
	if err != nil || !queued {
		return err
	}
	if LetterKind(letter.Kind) != LetterRemoval {
		return tx.PostponeLetter(ctx, letter.Letter, tomorrow, letterDay)
	}
	if err := tx.PostponeLetter(ctx, letter.Letter, tomorrow, 0); err != nil {
		return err
	}

	return tx.PostponeRemoval(ctx, *letter.Contact, letterDay)
}

// removalTold lets a removal wait whose letter arrived more than a day late: its reader has the time that the letter
// would have given.
func (r *Rules) removalTold(ctx context.Context, tx *store.Tx, letter store.ContactLetter) error {
	at, err := tx.FindRemoval(ctx, *letter.Contact)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}

	late := r.Now().Add(RemovalWait).Sub(at.Time())
	if late <= letterDay {
		return nil
	}

	return tx.PostponeRemoval(ctx, *letter.Contact, late)
}

// contactTold begins the wait of a contact when all letters of a round have arrived or were refused, and gives the
// reader of a late letter about a removal its time.
func (r *Rules) contactTold(ctx context.Context, tx *store.Tx, letter store.ContactLetter) error {
	switch LetterKind(letter.Kind) {
	case LetterAddition:
	case LetterRemoval:
		return r.removalTold(ctx, tx, letter)
	default:
		return nil
	}

	underway, err := tx.HasLetterUnderway(ctx, *letter.Contact, letter.Round)
	if err != nil || underway {
		return err
	}

	h, err := r.home(ctx, tx, letter.MPxN)
	if err != nil {
		return err
	}

	c, ok := h.contact(*letter.Contact)
	if !ok || c.State != store.ContactProvisional || c.ToldAt != nil {
		return nil
	}

	return r.markTold(ctx, tx, h, c, c.LetterDueAt)
}

// linkOf returns the body of a job that mails a link, and the challenge of the link.
func (r *Rules) linkOf(ctx context.Context, tx *store.Tx, job store.Job) (QueuedLetter, store.Reidentification, error) {
	body, err := r.openJob(ctx, tx, job)
	if err != nil {
		return QueuedLetter{}, store.Reidentification{}, err
	}

	var queued QueuedLetter
	if err := json.Unmarshal(body, &queued); err != nil {
		return QueuedLetter{}, store.Reidentification{}, fmt.Errorf("decode a letter: %w", err)
	}

	found, err := tx.FindChallenge(ctx, queued.Challenge)

	return queued, found, err
}

// linkBounced marks the address that a link could not be sent to, and sends the same link to the next one while the
// challenge is open (docs/decisions.md, Which person, 5). A challenge of the Data User that registered the address
// goes to no other.
func (r *Rules) linkBounced(ctx context.Context, tx *store.Tx, job store.Job) error {
	queued, found, err := r.linkOf(ctx, tx, job)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, ErrErased) {
		return nil // it was started more than a day ago, or has no recipient any more
	}
	if err != nil || found.Contact == nil {
		return err
	}

	if err := r.markAddressBounced(ctx, tx, found, queued.To); err != nil || found.OwnRecord {
		return err
	}

	h, err := r.home(ctx, tx, found.MPxN)
	if err != nil {
		return err
	}

	addresses := h.addresses()
	if len(addresses) == 0 || addresses[0].BouncedAt != nil {
		return nil
	}

	next := addresses[0]
	redirected, err := tx.RedirectChallenge(ctx, found.Challenge, next.ID, next.IR, h.now)
	if err != nil || !redirected {
		return err
	}

	tx.Audit(r.auditEvent(found.AccountID, auditReidentifyRedirected, found.MPxN, "", map[string]any{
		"method": found.Method, "contact": next.ID,
	}))
	expires := found.ConfirmBy.Time()

	return r.queueMail(ctx, tx, NewID("msg"), SubjectLink, next.addressee(), queued, &expires)
}

// markAddressBounced marks every contact of a meter point with an address that the mail server refused for good. They
// come last from then on, until they confirm again.
func (r *Rules) markAddressBounced(
	ctx context.Context, tx *store.Tx, found store.Reidentification, address string,
) error {
	h, err := r.home(ctx, tx, found.MPxN)
	if err != nil {
		return err
	}

	for _, c := range h.contacts {
		if c.ID != *found.Contact && c.address != address {
			continue
		}
		if err := tx.MarkBounced(ctx, c.ID, h.now); err != nil {
			return err
		}
	}

	return nil
}
