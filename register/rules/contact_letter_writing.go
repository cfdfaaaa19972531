package rules

import (
	"context"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
)

const (
	// letterLife is how long a letter can be answered at most.
	letterLife = 60 * 24 * time.Hour
	// tenancyLetterLife is how long an earlier household can say that it still lives there.
	tenancyLetterLife = 14 * 24 * time.Hour
	// readingLetterLife is how long a letter about a reading can be answered. What the reading allows ends before.
	readingLetterLife = 30 * 24 * time.Hour
	// maxRecipients is how many addresses are told of one contact or reading.
	maxRecipients = 20
)

// letterDraft is a letter that can be answered, before it has a recipient, a link and a code.
type letterDraft struct {
	kind LetterKind
	// about is the contact that the letter is about; nil for a change of tenancy.
	about *contact
	// accountID is the account that added the contact or read the list; nil for other letters.
	accountID *string
	// challenge is of a reading, cot of a change of tenancy.
	challenge, cot *string
	round          int
	openUntil      time.Time
	message        func(mail.ReplyPage) mail.Message
}

// writeLetters writes a letter to each of several addresses of a meter point.
func (r *Rules) writeLetters(ctx context.Context, tx *store.Tx, to []contact, draft letterDraft) error {
	for _, recipient := range to[:min(len(to), maxRecipients)] {
		if err := r.writeLetter(ctx, tx, recipient, draft); err != nil {
			return err
		}
	}

	return nil
}

// writeLetter writes one letter: its row, with the hash of its secret, and its job. It is dropped when it can no longer
// be answered, except one about a removal.
func (r *Rules) writeLetter(ctx context.Context, tx *store.Tx, to contact, draft letterDraft) error {
	secret := NewSecret()
	letter := store.ContactLetter{
		Letter:     NewID("ltr"),
		SecretHash: HashToken(secret),
		Code:       newMatchCode(),
		Kind:       string(draft.kind),
		MPxN:       to.MPxN,
		Recipient:  to.ID,
		AccountID:  draft.accountID,
		Challenge:  draft.challenge,
		COT:        draft.cot,
		Round:      max(draft.round, 1),
		Job:        NewID("msg"),
		WrittenAt:  store.Millis(r.Now()),
		OpenUntil:  store.Millis(draft.openUntil),
	}
	if draft.about != nil {
		letter.Contact = &draft.about.ID
	}
	if err := tx.InsertContactLetter(ctx, letter); err != nil {
		return err
	}

	r.auditLetter(tx, letter, "", auditLetterWritten, "")
	message := draft.message(mail.ReplyPage{
		Link:      r.pages.Letter + "?token=" + secret,
		Code:      letter.Code,
		OpenUntil: draft.openUntil,
	})

	drop := &draft.openUntil
	if draft.kind == LetterRemoval {
		drop = nil // the removal waits for it
	}

	return r.queueMail(ctx, tx, letter.Job, SubjectContact, to.addressee(), QueuedLetter{Message: message}, drop)
}

// mailContact returns what a letter says of a contact.
func (c contact) mailContact() mail.Contact {
	if c.isPasskey() {
		return mail.Contact{Device: c.shownName()}
	}

	return mail.Contact{Address: c.shownName()}
}

// writeAddition asks standing addresses whether a provisional contact is the household's. It is the given round of
// letters about it.
func (r *Rules) writeAddition(ctx context.Context, tx *store.Tx, h home, to []contact, about contact, round int) error {
	account, err := tx.FindAccount(ctx, about.AccountID)
	if err != nil {
		return err
	}

	openUntil := h.now.Add(letterLife)
	standsAt := h.standsAtEarliest(about)
	if !standsAt.IsZero() && standsAt.Before(openUntil) {
		openUntil = standsAt
	}

	return r.writeLetters(ctx, tx, to, letterDraft{
		kind:      LetterAddition,
		about:     &about,
		accountID: &account.AccountID,
		round:     round,
		openUntil: openUntil,
		message: func(page mail.ReplyPage) mail.Message {
			return mail.ContactAddition(mail.AdditionDetails{
				Org:      account.DisplayName,
				Contact:  about.mailContact(),
				Meter:    mail.MeterOf(about.MPxN),
				Reply:    page,
				StandsAt: standsAt,
				Reminder: round > 1,
			})
		},
	})
}

// standsAtEarliest returns when a provisional contact stands if nobody objects and nothing else changes; the zero time
// if waiting is not enough.
func (h home) standsAtEarliest(c contact) time.Time {
	if c.ToldAt == nil {
		c.ToldAt = new(store.Millis(h.now))
	}
	c.Letters = max(c.Letters, letterRounds)

	_, at, ok := h.afterWait(c)
	if !ok || !at.After(h.now) {
		return time.Time{}
	}

	return at
}

// writeRemoval tells addresses that another contact of the household wants to remove one at a time.
func (r *Rules) writeRemoval(ctx context.Context, tx *store.Tx, to []contact, about contact, at time.Time) error {
	return r.writeLetters(ctx, tx, to, letterDraft{
		kind:      LetterRemoval,
		about:     &about,
		openUntil: at,
		message: func(page mail.ReplyPage) mail.Message {
			return mail.ContactRemoval(mail.RemovalDetails{
				Contact: about.mailContact(),
				Meter:   mail.MeterOf(about.MPxN),
				Reply:   page,
				Asked:   r.Now(),
			})
		},
	})
}

// writeTenancyQuestions asks the addresses of an earlier household whether it still lives there.
func (r *Rules) writeTenancyQuestions(
	ctx context.Context, tx *store.Tx, to []contact, report store.TenancyChange,
) error {
	return r.writeLetters(ctx, tx, to, letterDraft{
		kind:      LetterTenancy,
		cot:       &report.COT,
		openUntil: r.Now().Add(tenancyLetterLife),
		message: func(page mail.ReplyPage) mail.Message {
			return mail.TenancyQuestion(mail.TenancyDetails{
				Meter:   mail.MeterOf(report.MPxN),
				Reply:   page,
				MovedIn: store.LondonMidnight(report.EffectiveDate),
			})
		},
	})
}

// writeTenancyTies tells the addresses of households that claim the same home that an administrator decides.
func (r *Rules) writeTenancyTies(ctx context.Context, tx *store.Tx, to []contact) error {
	for _, recipient := range to[:min(len(to), maxRecipients)] {
		account, err := tx.FindAccount(ctx, recipient.AccountID)
		if err != nil {
			return err
		}

		err = r.queueLetter(ctx, tx, SubjectContact, recipient.addressee(), nil, mail.TenancyTie(mail.TieDetails{
			Org:   account.DisplayName,
			Meter: mail.MeterOf(recipient.MPxN),
		}))
		if err != nil {
			return err
		}
	}

	return nil
}
