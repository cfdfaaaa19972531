package rules

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// Letters to a household about what organisations changed of their access (docs/decisions.md, Additions to the
// published shapes).
const (
	// accessLettersPerSweep is about how many letters one call of WriteAccessLetters writes.
	accessLettersPerSweep = 500
	// renewalInterval is the time between two letters of an account about renewals alone at one meter point.
	renewalInterval = 365 * 24 * time.Hour
	// accessLetterLife is how long a letter about a change is worth sending.
	accessLetterLife = 7 * 24 * time.Hour
)

// changedAccess is where an account changed its access.
type changedAccess struct{ accountID, mpxn string }

// WriteAccessLetters writes the letters about changes of access that are due, and returns how many. The accounts take
// turns.
func (r *Rules) WriteAccessLetters(ctx context.Context) (written int, err error) {
	due, err := r.dueAccessChanges(ctx)
	if err != nil {
		return 0, err
	}

	_, err = sweepDue(ctx, r, due, "write the letters about changed access",
		func(ctx context.Context, tx *store.Tx, where changedAccess) error {
			letters, err := r.tellOfChanges(ctx, tx, where)
			written += letters

			return err
		})

	return written, err
}

// dueAccessChanges returns where changes are due. Each account has its share of a sweep.
func (r *Rules) dueAccessChanges(ctx context.Context) ([]changedAccess, error) {
	now := r.Now()
	accounts, err := r.store.ListChangeAccounts(ctx, now)
	if err != nil {
		return nil, err
	}

	var due []changedAccess
	for _, account := range accounts {
		mpxns, err := r.store.ListChangedMeterPoints(ctx, account, now, accessLettersPerSweep/len(accounts)+1)
		if err != nil {
			return nil, err
		}

		// The oldest first: a mailbox gets so many letters a day, and no meter point may always come last.
		seen := map[string]bool{}
		for _, mpxn := range mpxns {
			if !seen[mpxn] {
				seen[mpxn] = true
				due = append(due, changedAccess{account, mpxn})
			}
		}
	}

	return due, nil
}

// sideNews is what one side of a household is to be told.
type sideNews struct {
	to      []contact
	changes []mail.AccessChange
}

// tellOfChanges writes one letter about all changes of an account at a meter point, to each address that stands, or
// postpones them. It returns how many letters it wrote. Changes of access that has ended, and of what the household
// does not see, are deleted unsaid.
func (r *Rules) tellOfChanges(ctx context.Context, tx *store.Tx, where changedAccess) (int, error) {
	h, err := r.holdHome(ctx, tx, where.mpxn)
	if err != nil {
		return 0, err
	}

	changes, err := tx.ListAccessChanges(ctx, where.mpxn, where.accountID)
	if err != nil || len(changes) == 0 {
		return 0, err // another replica was faster
	}

	news, onlyRenewed, err := r.newsOf(ctx, tx, h, changes)
	if err != nil {
		return 0, err
	}

	var to []contact
	for _, side := range news {
		to = append(to, side.to...)
	}

	if len(to) > 0 {
		wait, err := r.accessLetterWait(ctx, tx, where, to, onlyRenewed)
		if err != nil {
			return 0, err
		}
		if wait > 0 {
			return 0, tx.PostponeAccessChanges(ctx, where.mpxn, where.accountID, h.now.Add(wait))
		}
	}

	account, err := tx.FindAccount(ctx, where.accountID)
	if err != nil {
		return 0, err
	}

	last := changes[len(changes)-1].HappenedAt.Time()
	for _, side := range news {
		if err := r.writeAccessLetters(ctx, tx, account, side, where.mpxn, last); err != nil {
			return 0, err
		}
	}

	for _, change := range changes {
		if err := tx.DeleteAccessChange(ctx, change.ID); err != nil {
			return 0, err
		}
	}

	return len(to), nil
}

// accessLetterWait counts a letter of an account about its changes at a meter point. If none may be written now, it
// counts nothing and returns how long to wait. A letter about renewals alone counts for a year as well.
func (r *Rules) accessLetterWait(
	ctx context.Context, tx *store.Tx, where changedAccess, to []contact, onlyRenewed bool,
) (time.Duration, error) {
	at := where.accountID + " " + where.mpxn
	daily := store.Limit{Bucket: "access letter " + at, Most: 1, Within: letterDay}
	yearly := store.Limit{Bucket: "renewal letter " + at, Most: 1, Within: renewalInterval}
	now := r.Now()

	wait, err := tx.LimitWait(ctx, daily, now)
	if err == nil && wait == 0 && onlyRenewed {
		wait, err = tx.LimitWait(ctx, yearly, now)
	}
	if err != nil || wait > 0 {
		return wait, err
	}

	full, err := r.isMailboxFull(ctx, tx, "access letters", to, where.accountID)
	if err != nil {
		return 0, err
	}
	if full {
		return letterDay, nil
	}

	if onlyRenewed {
		if _, err := tx.CountTowards(ctx, yearly, now); err != nil {
			return 0, err
		}
	}

	return tx.CountTowards(ctx, daily, now)
}

// newsOf returns what each side of a household is to be told of changes at its meter point, the sides without news or
// without an address left out. onlyRenewed is true if all of it is renewals.
func (r *Rules) newsOf(
	ctx context.Context, tx *store.Tx, h home, changes []store.AccessChange,
) (news []sideNews, onlyRenewed bool, err error) {
	rows, err := tx.ListAccessRecords(ctx, changes[0].MPxN)
	if err != nil {
		return nil, false, err
	}

	onlyRenewed = true
	for _, side := range h.present.sides() {
		to := inMailOrder(slices.DeleteFunc(slices.Clone(h.contacts), func(c contact) bool {
			return c.isPasskey() || !h.answersEverybody(c) || !side.isOccupant(c.MoveInDate, h.today())
		}))

		told, renewed, err := newsOfSide(side, rows, changes, h.now)
		if err != nil {
			return nil, false, err
		}
		if len(to) == 0 || len(told) == 0 {
			continue
		}

		onlyRenewed = onlyRenewed && renewed
		news = append(news, sideNews{to: to[:min(len(to), maxRecipients)], changes: told})
	}

	return news, onlyRenewed, nil
}

// newsOfSide returns what a household is to be told of changes: of access that is active and that it sees.
func newsOfSide(
	present household, rows []store.ListedRecord, changes []store.AccessChange, now time.Time,
) (told []mail.AccessChange, onlyRenewed bool, err error) {
	restarts, err := restartsOf(rows, present)
	if err != nil {
		return nil, false, err
	}

	rows, earlier, err := visibleToHousehold(rows, present, now)
	if err != nil {
		return nil, false, err
	}

	active := map[string]store.ListedRecord{}
	for _, row := range rows {
		if row.ActiveAt(now) {
			active[row.AK] = row
		}
	}

	all := accessNews{}
	onlyRenewed = true
	for _, change := range changes {
		row, ok := active[change.AK]
		before := earlier[change.AK] && !present.showsAmendment(change.HappenedAt.Time())
		if !ok || before {
			continue // it has ended, or was changed in an earlier household's time
		}

		stop := restarts[change.AK]
		if change.Kind == store.ChangeStartedAgain && stop == nil {
			continue // it was an earlier household's stop
		}

		onlyRenewed = onlyRenewed && change.Kind == store.ChangeRenewed
		if err := all.add(change, row, stop); err != nil {
			return nil, false, err
		}
	}

	return slices.Collect(maps.Values(all)), onlyRenewed, nil
}

// accessNews are the changes that a letter tells of, one of each kind.
type accessNews map[mail.AccessChangeKind]mail.AccessChange

// add adds a stored change of an access record. stop is when the customer stopped the access that was started again.
func (n accessNews) add(change store.AccessChange, row store.ListedRecord, stop *time.Time) error {
	switch change.Kind {
	case store.ChangeStartedAgain:
		n.merge(mail.AccessChange{Kind: mail.AccessStartedAgain, Date: *stop})

		return nil
	case store.ChangeRenewed:
		// Several renewals are one change; the record has the end of the last one.
		n.merge(mail.AccessChange{Kind: mail.AccessRenewed, Date: millisOf(row.Expiry)})

		return nil
	}

	var detail accessChangeDetail
	if err := json.Unmarshal([]byte(change.Detail), &detail); err != nil {
		return fmt.Errorf("decode a change of access: %w", err)
	}

	for _, kind := range detail.Kinds {
		told := mail.AccessChange{Kind: kind}
		switch kind {
		case mail.AccessMoreData:
			told.Data = codesOf(detail.Added)
		case mail.AccessLessData:
			told.Data = codesOf(detail.Removed)
		case mail.AccessLonger, mail.AccessShorter:
			if detail.Until != nil {
				told.Date = *detail.Until
			}
		case mail.AccessRenewed:
			told.Date = millisOf(row.Expiry)
		}

		n.merge(told)
	}

	return nil
}

// merge adds a change to those of its kind: the data of all of them, and the latest date, of which none is the latest.
func (n accessNews) merge(change mail.AccessChange) {
	before, ok := n[change.Kind]
	if !ok {
		n[change.Kind] = change

		return
	}

	before.Data = slices.Compact(slices.Sorted(slices.Values(slices.Concat(before.Data, change.Data))))
	if before.Date.IsZero() || change.Date.IsZero() {
		before.Date = time.Time{}
	} else {
		before.Date = latest(before.Date, change.Date)
	}

	n[change.Kind] = before
}

func codesOf(types []registerclient.DataType) []string {
	codes := make([]string, len(types))
	for i, dataType := range types {
		codes[i] = string(dataType)
	}

	return codes
}

// writeAccessLetters writes to the addresses of one side of a household.
func (r *Rules) writeAccessLetters(
	ctx context.Context, tx *store.Tx, account store.Account, news sideNews, mpxn string, at time.Time,
) error {
	message := mail.AccessChanged(mail.AccessDetails{
		Org:     account.DisplayName,
		Meter:   mail.MeterOf(mpxn),
		At:      at,
		Changes: news.changes,
	})
	drop := r.Now().Add(accessLetterLife)
	for _, recipient := range news.to {
		if err := r.queueLetter(ctx, tx, SubjectContact, recipient.addressee(), &drop, message); err != nil {
			return err
		}
	}

	return nil
}
