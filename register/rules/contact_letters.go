package rules

import (
	"context"
	"errors"
	"time"

	"central.consent/dar/register/store"
)

// LetterKind is what a letter that can be answered is about.
type LetterKind string

// The kinds of letters that can be answered.
const (
	// LetterAddition asks whether a new contact is the household's. It has two answers.
	LetterAddition LetterKind = store.LetterAddition
	// LetterRemoval says that another contact wants to remove this one. The answer, no, keeps it.
	LetterRemoval LetterKind = store.LetterRemoval
	// LetterReading says that somebody with a new contact read the list. The answer, no, ends what that reading allows.
	LetterReading LetterKind = store.LetterReading
	// LetterTenancy asks whether the household still lives there. The answer, yes, disputes the report.
	LetterTenancy LetterKind = store.LetterTenancy
)

// The answers to a letter.
const (
	answerYes = "yes"
	answerNo  = "no"
)

// byCustomer stands in the audit log for the account, if a customer decided.
const byCustomer = "customer"

// OpenedLetter is a letter that can be answered, as the page behind its link shows it.
type OpenedLetter struct {
	// Secret is the browser's.
	Secret string
	Kind   LetterKind
	// Org is the display name of the account that added the contact, or that read the list; empty for other kinds.
	Org string
	// Passkey is true if the contact is a passkey. Address is its device, or the masked address; empty if the letter is
	// not about a contact.
	Passkey bool
	Address string
	MPxN    string
	Written time.Time
	// OpenUntil is when the letter can no longer be answered.
	OpenUntil time.Time
	// At is when the list was read, or the first day of the new occupants.
	At time.Time
	// TriesLeft is how often a wrong code can still be typed.
	TriesLeft int
}

// LetterAnswer is the answer that a person gives on the page of a letter.
type LetterAnswer struct {
	Yes bool
	// Code is what the person typed. The letter shows it.
	Code string
}

// OpenLetter returns the letter of a secret, or ErrEnded if it cannot be answered: it is unknown, it was answered, its
// time is over, or what it asks has been settled.
func (r *Rules) OpenLetter(ctx context.Context, secret string) (OpenedLetter, error) {
	letter, err := r.store.FindOpenLetter(ctx, HashToken(secret), r.Now())
	if errors.Is(err, store.ErrNotFound) {
		return OpenedLetter{}, ErrEnded
	}
	if err != nil {
		return OpenedLetter{}, err
	}

	h, err := r.home(ctx, r.store, letter.MPxN)
	if err != nil {
		return OpenedLetter{}, err
	}
	if !h.awaits(letter) {
		return OpenedLetter{}, ErrEnded
	}

	opened := OpenedLetter{
		Secret:    secret,
		Kind:      LetterKind(letter.Kind),
		MPxN:      letter.MPxN,
		Written:   letter.WrittenAt.Time(),
		OpenUntil: letter.OpenUntil.Time(),
		TriesLeft: store.MaxWrongLetterCodes - letter.WrongCodes,
	}
	if err := r.describeLetter(ctx, letter, h, &opened); err != nil {
		return OpenedLetter{}, err
	}

	return opened, nil
}

// describeLetter completes an opened letter with who and what it is about.
func (r *Rules) describeLetter(ctx context.Context, letter store.ContactLetter, h home, opened *OpenedLetter) error {
	switch opened.Kind {
	case LetterAddition, LetterRemoval:
		about, _ := h.contact(*letter.Contact)
		opened.Passkey = about.isPasskey()
		opened.Address = about.shownName()
	case LetterReading:
		opened.At = letter.WrittenAt.Time()
	case LetterTenancy:
		report, err := r.store.FindQuestionedReport(ctx, *letter.COT)
		if errors.Is(err, store.ErrNotFound) {
			return ErrEnded
		}
		if err != nil {
			return err
		}

		opened.At = store.LondonMidnight(report.EffectiveDate)
	}

	if letter.AccountID == nil {
		return nil
	}

	account, err := r.store.FindAccount(ctx, *letter.AccountID)
	opened.Org = account.DisplayName

	return err
}

// shownName returns the masked address of a contact, or the device of its passkey.
func (c contact) shownName() string {
	if !c.isPasskey() {
		return maskedEmail(c.address)
	}
	if c.PasskeyName == nil {
		return ""
	}

	return *c.PasskeyName
}

// awaits reports whether what a letter asks has not been settled, and its recipient may still answer it.
func (h home) awaits(letter store.ContactLetter) bool {
	recipient, ok := h.contact(letter.Recipient)
	if !ok {
		return false
	}

	switch LetterKind(letter.Kind) {
	case LetterAddition:
		about, ok := h.contact(*letter.Contact)

		return ok && about.State == store.ContactProvisional && h.sideOf(about.MoveInDate).stands(recipient)
	case LetterRemoval:
		about, ok := h.contact(*letter.Contact)

		return ok && about.RemovalAt != nil
	case LetterReading:
		return h.stands(recipient)
	default:
		// The recipient has moved out by the report, and stands for its household still.
		return recipient.State == store.ContactStands && recipient.accountAllows()
	}
}

// AnswerLetter records the answer to a letter, and does what follows from it. It returns ErrCodeMissing,
// ErrCodeMalformed or ErrCodeWrong if the code of the letter was not typed, and ErrEnded as OpenLetter does. An answer
// is single use.
func (r *Rules) AnswerLetter(ctx context.Context, secret string, answer LetterAnswer) error {
	letter, err := r.store.FindOpenLetter(ctx, HashToken(secret), r.Now())
	if errors.Is(err, store.ErrNotFound) {
		return ErrEnded
	}
	if err != nil {
		return err
	}
	if !hasAnswer(LetterKind(letter.Kind), answer.Yes) {
		return &Error{Kind: KindInvalid, Code: CodeUnclassified, Message: "This letter has no such answer."}
	}

	code, err := parseCode(answer.Code)
	if err != nil {
		return err
	}
	if !sameCode(code, letter.Code) {
		return r.rejectLetterCode(ctx, letter)
	}

	return r.store.Transact(ctx, func(tx *store.Tx) error { return r.takeAnswer(ctx, tx, letter, answer.Yes) })
}

// hasAnswer reports whether a kind of letter has an answer.
func hasAnswer(kind LetterKind, yes bool) bool {
	switch kind {
	case LetterAddition:
		return true
	case LetterTenancy:
		return yes
	default:
		return !yes
	}
}

// rejectLetterCode counts a wrong code and returns ErrCodeWrong.
func (r *Rules) rejectLetterCode(ctx context.Context, letter store.ContactLetter) error {
	err := r.store.Transact(ctx, func(tx *store.Tx) error {
		counted, err := tx.CountWrongLetterCode(ctx, letter.Letter, r.Now())
		if counted {
			r.auditLetter(tx, letter, byCustomer, auditLetterWrongCode, "")
		}

		return err
	})
	if err != nil {
		return err
	}

	return ErrCodeWrong
}

// takeAnswer records an answer whose code is right, and does what follows from it.
func (r *Rules) takeAnswer(ctx context.Context, tx *store.Tx, letter store.ContactLetter, yes bool) error {
	h, err := r.holdHome(ctx, tx, letter.MPxN)
	if err != nil {
		return err
	}
	if !h.awaits(letter) {
		return ErrEnded
	}

	answer := answerNo
	if yes {
		answer = answerYes
	}

	answered, err := tx.AnswerLetter(ctx, letter.Letter, answer, h.now)
	if err != nil {
		return err
	}
	if !answered {
		return ErrEnded
	}

	r.auditLetter(tx, letter, byCustomer, auditLetterAnswered, answer)

	switch LetterKind(letter.Kind) {
	case LetterAddition:
		return r.answerAddition(ctx, tx, h, letter, yes)
	case LetterRemoval:
		return r.keepContact(ctx, tx, letter)
	case LetterReading:
		return tx.EndAuthority(ctx, *letter.Challenge, h.now)
	default:
		return r.disputeTenancyChange(ctx, tx, *letter.COT)
	}
}

// answerAddition makes a contact stand that a standing one said yes to, or sets it aside.
func (r *Rules) answerAddition(
	ctx context.Context, tx *store.Tx, h home, letter store.ContactLetter, yes bool,
) error {
	about, _ := h.contact(*letter.Contact)
	next := verdict{store.ContactSetAside, whyNotMe}
	if yes {
		recipient, _ := h.contact(letter.Recipient)
		about = about.restingOn(recipient)
		next = verdict{store.ContactStands, whyYes}
		if !h.canStand(about) {
			return ErrEnded // its verification has failed since, or its Data User misbehaved
		}
	}

	return r.setStanding(ctx, tx, h, about, next, byCustomer)
}

// keepContact ends the removal of a contact.
func (r *Rules) keepContact(ctx context.Context, tx *store.Tx, letter store.ContactLetter) error {
	kept, err := tx.KeepContact(ctx, *letter.Contact)
	if err == nil && !kept {
		err = ErrEnded
	}

	return err
}

// auditLetter records what happened to a letter. by is "customer", or empty if the register itself acted; answer is
// empty if the letter was not answered.
func (r *Rules) auditLetter(tx *store.Tx, letter store.ContactLetter, by, eventType, answer string) {
	detail := map[string]any{"letter": letter.Letter, "kind": letter.Kind, "recipient": letter.Recipient}
	if letter.Contact != nil {
		detail["contact"] = *letter.Contact
	}
	if answer != "" {
		detail["answer"] = answer
	}

	tx.Audit(r.auditEvent(by, eventType, letter.MPxN, "", detail))
}
