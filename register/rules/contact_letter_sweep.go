package rules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"central.consent/dar/register/store"
)

const (
	// lettersPerSweep is how many letters one call of WriteContactLetters writes about contacts that were not imported.
	lettersPerSweep = 500
	// looksPerLetter bounds how many due contacts one call looks at, because a look may postpone and write nothing.
	looksPerLetter = 4
	// seriesInterval is the time between two series of letters about one address by one account.
	seriesInterval = 90 * 24 * time.Hour
	// endedSeries is how many series of an account at a meter point may be about contacts that have ended since. Their
	// addresses are erased, so they may all be one address that comes and goes.
	endedSeries = 3
	// lettersPerMailbox is how many letters a day one account causes to one mailbox, at all meter points together.
	lettersPerMailbox = 20
	// letterDay is how long a letter is postponed that must not be written today.
	letterDay = 24 * time.Hour
	// DefaultContactLettersPerHour is how many letters about imported contacts are written in an hour.
	DefaultContactLettersPerHour = 5000
)

// WriteContactLetters writes the letters about provisional contacts that are due, and returns how many. Those about
// imported contacts are paced, so that an import of millions does not hold up the mail of a whole day. The accounts
// take turns.
func (r *Rules) WriteContactLetters(ctx context.Context) (written int, err error) {
	written, err = r.writeDueLetters(ctx, false, lettersPerSweep)
	if err != nil {
		return written, err
	}

	quota, err := r.importedQuota(ctx)
	if err != nil || quota == 0 {
		return written, err
	}

	imported, err := r.writeDueLetters(ctx, true, quota)

	return written + imported, err
}

// importedQuota returns how many letters about imported contacts may be written now: the hour's share of this minute,
// or 0 if another replica has it. The row of a limit decides that, because replicas share it and old ones are swept. A
// minute without a sweep is lost: the pace is a bound, not a promise.
func (r *Rules) importedQuota(ctx context.Context) (int, error) {
	now := r.clock().UTC()
	wait, err := r.countTowards(ctx, store.Limit{
		Bucket: "contact letters " + now.Format("2006-01-02 15:04"), Most: 1, Within: time.Minute,
	})
	if err != nil || wait > 0 {
		return 0, err
	}

	minute := now.Minute()

	return r.lettersPerHour*(minute+1)/60 - r.lettersPerHour*minute/60, nil
}

// writeDueLetters writes letters about contacts, imported ones or others, until a number of letters is reached. The
// last contact may go beyond it by its further addresses.
func (r *Rules) writeDueLetters(ctx context.Context, imported bool, most int) (written int, err error) {
	due, err := r.dueLetters(ctx, imported, most*looksPerLetter)
	if err != nil {
		return 0, err
	}

	var failures []error
	looked := map[string]bool{}
	for _, next := range due {
		if looked[next.MPxN] {
			continue // it has had its letters of today
		}

		looked[next.MPxN] = true
		var letters int
		err := r.store.Transact(ctx, func(tx *store.Tx) (err error) {
			letters, err = r.writeLettersAt(ctx, tx, next)

			return err
		})
		if err != nil {
			// The others do not wait for one that cannot be written about.
			failures = append(failures, fmt.Errorf("write the letters about a contact: %w", err))
		}
		if written += letters; written >= most || ctx.Err() != nil {
			break
		}
	}

	return written, errors.Join(failures...)
}

// dueLetters returns contacts about which a letter is due. Each account has its turn, with the contact that is due
// longest.
func (r *Rules) dueLetters(ctx context.Context, imported bool, limit int) ([]store.DueContact, error) {
	now := r.Now()
	accounts, err := r.store.ListLetterAccounts(ctx, imported, now)
	if err != nil || len(accounts) == 0 {
		return nil, err
	}

	var queues [][]store.DueContact
	longest := 0
	for _, account := range accounts {
		queue, err := r.store.ListLettersDue(ctx, account, imported, now, limit/len(accounts)+1)
		if err != nil {
			return nil, err
		}

		queues = append(queues, queue)
		longest = max(longest, len(queue))
	}

	var due []store.DueContact
	for i := range longest {
		for _, queue := range queues {
			if i < len(queue) {
				due = append(due, queue[i])
			}
		}
	}

	return due, nil
}

// writeLettersAt writes the letters about one contact at the meter point of a due one, and returns how many. It
// postpones all others that are due there.
func (r *Rules) writeLettersAt(ctx context.Context, tx *store.Tx, due store.DueContact) (int, error) {
	h, err := r.holdHome(ctx, tx, due.MPxN)
	if err != nil {
		return 0, err
	}

	if c, ok := h.contact(due.ID); !ok || c.State != store.ContactProvisional {
		return 0, tx.SetLetters(ctx, due.ID, c.Letters, nil)
	}

	written, err := tx.ListWrittenAdditions(ctx, due.MPxN, h.now.Add(-seriesInterval))
	if err != nil {
		return 0, err
	}

	waiting, err := r.dueAt(ctx, tx, h, written)
	if err != nil || len(waiting) == 0 {
		return 0, err
	}

	letters := 0
	if !wroteToday(written, h.now) {
		next := fairest(waiting, written)
		if letters, err = r.writeRound(ctx, tx, h, next); err != nil {
			return 0, err
		}

		waiting = slices.DeleteFunc(waiting, func(c contact) bool { return c.ID == next.ID })
	}

	tomorrow := store.Millis(h.now.Add(letterDay))
	for _, c := range waiting {
		if err := tx.SetLetters(ctx, c.ID, c.Letters, &tomorrow); err != nil {
			return 0, err
		}
	}

	return letters, nil
}

// dueAt returns the contacts of a home about which a letter is written now. It postpones a series about an address of
// which the same account has begun another one in the last 90 days, and the letters about a contact that cannot stand,
// such as one of a suspended Data User.
func (r *Rules) dueAt(
	ctx context.Context, tx *store.Tx, h home, written []store.WrittenLetters,
) (due []contact, err error) {
	for _, c := range h.contacts {
		if c.State != store.ContactProvisional || c.LetterDueAt == nil || h.now.Before(c.LetterDueAt.Time()) {
			continue
		}

		began, hasOther := h.otherSeries(c, written)
		later := store.Millis(h.now.Add(letterDay))
		switch {
		case hasOther:
			later = store.Millis(began.Add(seriesInterval))
		case h.canStand(c):
			due = append(due, c)

			continue
		}

		if err := tx.SetLetters(ctx, c.ID, c.Letters, &later); err != nil {
			return nil, err
		}
	}

	return due, nil
}

// otherSeries returns when the account of a contact, about which nothing was written yet, began a series of letters
// about the same address in the last 90 days. If it began several about contacts that have ended since, one of them
// counts as about the same address.
func (h home) otherSeries(c contact, written []store.WrittenLetters) (began time.Time, ok bool) {
	if c.Letters > 0 || c.isPasskey() {
		return time.Time{}, false
	}

	var ended []time.Time
	for _, letters := range written {
		at := letters.WrittenAt.Time()
		recent := h.now.Before(at.Add(seriesInterval))
		if letters.AccountID != c.AccountID || letters.Contact == c.ID || letters.Round != 1 || !recent {
			continue
		}

		other, live := h.contact(letters.Contact)
		switch {
		case !live:
			ended = append(ended, at)
		case other.address == c.address:
			began = latest(began, at)
			ok = true
		}
	}

	if len(ended) >= endedSeries {
		slices.SortFunc(ended, func(a, b time.Time) int { return b.Compare(a) })
		began = latest(began, ended[endedSeries-1])
		ok = true
	}

	return began, ok
}

// wroteToday reports whether a letter about a contact was written today in London.
func wroteToday(written []store.WrittenLetters, now time.Time) bool {
	today := store.LondonDay(now, 0)

	return slices.ContainsFunc(written, func(letters store.WrittenLetters) bool {
		return store.LondonDay(letters.WrittenAt.Time(), 0) == today
	})
}

// fairest returns the contact that is written about first: of the account that was written about longest ago, so that
// an account with many contacts does not hold up the others, then the one that was written about least.
func fairest(due []contact, written []store.WrittenLetters) contact {
	last := map[string]time.Time{}
	for _, letters := range written {
		last[letters.AccountID] = latest(last[letters.AccountID], letters.WrittenAt.Time())
	}

	return slices.MinFunc(due, func(a, b contact) int {
		if order := last[a.AccountID].Compare(last[b.AccountID]); order != 0 {
			return order
		}
		if a.Letters != b.Letters {
			return a.Letters - b.Letters
		}

		return a.CreatedAt.Time().Compare(b.CreatedAt.Time())
	})
}

// writeRound writes the next round of letters about a contact, and returns how many. If no address stands, nobody is
// told and the wait begins at once. A register with a stub asks nobody.
func (r *Rules) writeRound(ctx context.Context, tx *store.Tx, h home, c contact) (int, error) {
	to := h.toTell(c)
	to = to[:min(len(to), maxRecipients)]
	if len(to) == 0 || r.stub {
		return 0, r.markTold(ctx, tx, h, c, nil)
	}

	full, err := r.isMailboxFull(ctx, tx, "contact letters", to, c.AccountID)
	if err != nil {
		return 0, err
	}
	if full {
		return 0, tx.SetLetters(ctx, c.ID, c.Letters, new(store.Millis(h.now.Add(letterDay))))
	}

	round := c.Letters + 1
	if err := r.writeAddition(ctx, tx, h, to, c, round); err != nil {
		return 0, err
	}

	var next *store.Millis
	if round < letterRounds {
		next = new(store.Millis(h.now.Add(letterInterval)))
	}

	return len(to), tx.SetLetters(ctx, c.ID, round, next)
}

// isMailboxFull counts a letter of a kind that an account causes to each of several addresses. It returns true if one
// of them has had its letters of the day: a Data User that gives an address for a thousand meter points floods nobody.
func (r *Rules) isMailboxFull(
	ctx context.Context, tx *store.Tx, letters string, to []contact, accountID string,
) (bool, error) {
	buckets := make([]string, len(to))
	for i, recipient := range to {
		mailbox := HashToken(string(r.keys.sealer().mac(recipient.address)))
		buckets[i] = fmt.Sprintf("%s %s %x", letters, accountID, mailbox)
	}
	slices.Sort(buckets) // every transaction locks them in this order

	full := false
	for _, bucket := range buckets {
		wait, err := tx.CountTowards(ctx, store.Limit{
			Bucket: bucket, Most: lettersPerMailbox, Within: letterDay,
		}, r.clock())
		if err != nil {
			return false, err
		}

		full = full || wait > 0
	}

	return full, nil
}

// markTold records that the standing addresses have been told of a contact, which begins its wait. dueAt is when the
// next letters are due.
func (r *Rules) markTold(ctx context.Context, tx *store.Tx, h home, c contact, dueAt *store.Millis) error {
	if c.ToldAt == nil {
		c.ToldAt = new(store.Millis(h.now))
	}

	return tx.SetWait(ctx, c.ID, dueAt, c.ToldAt, new(h.nextCheck(c)))
}
