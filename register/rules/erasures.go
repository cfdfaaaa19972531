package rules

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"central.consent/dar/register/store"
)

// replayBatch is how many erasures one transaction replays.
const replayBatch = 100

// AnonymiseIdentityRecord erases the personal data of an identity record, permanently, and returns when. It is
// idempotent. It returns an *Error of KindConflict while an active access record of the account rests on it.
func (r *Rules) AnonymiseIdentityRecord(ctx context.Context, accountID, ir string) (at time.Time, err error) {
	now := r.Now()
	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		h, record, err := r.holdOwnRecord(ctx, tx, accountID, ir)
		if err != nil {
			return err
		}
		if record.AnonymisedAt != nil {
			at = wireTime(*record.AnonymisedAt)

			return nil
		}

		active, err := tx.HasActiveRecord(ctx, ir, now)
		if err != nil {
			return err
		}
		if active {
			return conflict("An access record that rests on this identity record is active: revoke it first.")
		}

		at = now
		if err := r.erase(ctx, tx, h, record, now); err != nil || record.ByToken {
			return err
		}

		return r.countErasure(ctx, tx, record)
	})

	return at, err
}

// erase erases the personal data of an identity record, in the transaction that holds it and its home.
func (r *Rules) erase(ctx context.Context, tx *store.Tx, h home, record store.IdentityRecord, at time.Time) error {
	if err := r.deleteFormerLetters(ctx, tx, h, record.IR); err != nil {
		return err
	}

	for _, c := range h.contacts {
		if c.IR != record.IR {
			continue
		}
		if err := r.endContact(ctx, tx, h, c, endedAnonymised, record.AccountID); err != nil {
			return err
		}

		h = h.without(c.ID)
	}

	if _, err := tx.Erase(ctx, record.IR, at); err != nil {
		return err
	}
	if err := tx.DeleteReadingsOf(ctx, record.IR); err != nil {
		return err
	}

	tx.Audit(r.identityEvent(record, auditIdentityAnonymised))

	return r.endLettersTo(ctx, tx, record.IR)
}

// endLettersTo ends the letters that an erased person did not get. They count as told, like those to a mailbox that
// does not exist: nothing must wait for them.
func (r *Rules) endLettersTo(ctx context.Context, tx *store.Tx, ir string) error {
	letters, err := tx.ListLettersUnderwayTo(ctx, ir)
	if err != nil {
		return err
	}

	for _, letter := range letters {
		if err := tx.EndLetterDelivery(ctx, letter.Letter, true, r.Now()); err != nil {
			return err
		}
		if err := r.contactTold(ctx, tx, letter); err != nil {
			return err
		}
	}

	return nil
}

// deleteFormerLetters deletes the letters to the addresses of an identity record that an older program queued: they do
// not name the record. There are some only until they have ended.
func (r *Rules) deleteFormerLetters(ctx context.Context, tx *store.Tx, h home, ir string) error {
	var addresses []string
	for _, c := range h.contacts {
		if c.IR == ir && !c.isPasskey() {
			addresses = append(addresses, c.address)
		}
	}
	if len(addresses) == 0 {
		return nil
	}

	var after int64
	for {
		jobs, err := tx.ListUnboundLetters(ctx, after, rotationBatch)
		if err != nil || len(jobs) == 0 {
			return err
		}

		for _, job := range jobs {
			after = job.Job
			if job.Subject == subjectUndelivered {
				continue // it goes to an organisation
			}
			if err := r.deleteLetterTo(ctx, tx, job, addresses); err != nil {
				return err
			}
		}
	}
}

// deleteLetterTo deletes a letter that goes to one of these addresses, or cannot be opened.
func (r *Rules) deleteLetterTo(ctx context.Context, tx *store.Tx, job store.Job, addresses []string) error {
	var letter QueuedLetter
	body, err := r.openJob(ctx, tx, job)
	if err == nil {
		err = json.Unmarshal(body, &letter)
	}
	if err == nil && !slices.Contains(addresses, normalEmail(letter.To)) {
		return nil
	}

	return tx.DeleteJob(ctx, job)
}

// ReplayErasures anonymises identity records that were anonymised after the backup was made from which the database was
// restored, whatever rests on them. A record that is not here, or is anonymised, is left as it is: the call can be
// repeated. It returns how many it anonymised. progress gets the number of erasures looked at so far.
func (r *Rules) ReplayErasures(
	ctx context.Context, erasures []store.Erasure, progress func(done int),
) (erased int, err error) {
	done := 0
	for batch := range slices.Chunk(erasures, replayBatch) {
		changed, err := r.replayBatch(ctx, batch)
		erased += changed
		if err != nil {
			return erased, err
		}

		done += len(batch)
		progress(done)
	}

	return erased, nil
}

// replayBatch replays erasures in one transaction.
func (r *Rules) replayBatch(ctx context.Context, batch []store.Erasure) (erased int, err error) {
	irs := make([]string, len(batch))
	for i, erasure := range batch {
		irs[i] = erasure.IR
	}

	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		erased = 0
		mpxns, err := tx.ListMeterPointsOf(ctx, irs)
		if err != nil {
			return err
		}
		if err := tx.HoldMeterPoints(ctx, mpxns); err != nil {
			return err
		}

		for _, erasure := range batch {
			changed, err := r.replay(ctx, tx, erasure)
			if err != nil {
				return err
			}
			if changed {
				erased++
			}
		}

		return nil
	})

	return erased, err
}

// replay anonymises one identity record again. The transaction must hold its meter point.
func (r *Rules) replay(ctx context.Context, tx *store.Tx, erasure store.Erasure) (bool, error) {
	record, err := tx.HoldIdentityRecord(ctx, erasure.IR)
	if errors.Is(err, store.ErrNotFound) {
		return false, tx.ListErasure(ctx, erasure)
	}
	if err != nil || record.AnonymisedAt != nil {
		return false, err
	}

	h, err := r.home(ctx, tx, *record.MPxN)
	if err != nil {
		return false, err
	}

	return true, r.erase(ctx, tx, h, record, erasure.ErasedAt.Time())
}
