package rules

import (
	"context"
	"errors"
	"time"

	"central.consent/dar/register/store"
)

// TicketLife is how long after a confirmation by link the browser can enrol a passkey, and how long after every
// confirmation it can open the page of the household's contacts.
const TicketLife = 10 * time.Minute

// ErrEnded reports a link or page that opens nothing: unknown, used, declined or expired. All look alike.
var ErrEnded = errors.New("the challenge cannot be opened")

// Opened is an open challenge that a browser holds a secret of, and the account that asks.
type Opened struct {
	// Secret is the browser's.
	Secret  string
	Found   store.Reidentification
	Account store.Account
}

// Open returns the open challenge of a secret, or ErrEnded. With ErrEnded it returns the challenge if that is open
// still, of an account that may no longer ask.
func (r *Rules) Open(ctx context.Context, kind store.Secret, secret string) (Opened, error) {
	found, err := r.store.FindOpenChallenge(ctx, kind, HashToken(secret), r.Now())
	if errors.Is(err, store.ErrNotFound) {
		return Opened{}, ErrEnded
	}
	if err != nil {
		return Opened{}, err
	}

	account, err := r.store.FindAccount(ctx, found.AccountID)
	if err != nil {
		return Opened{}, err
	}
	if account.Status != accountActive {
		return Opened{Found: found}, ErrEnded
	}

	return Opened{Secret: secret, Found: found, Account: account}, nil
}

// LinkConfirmation is the customer's yes on the page of a mailed link.
type LinkConfirmation struct {
	// Code is what the customer typed.
	Code string
	// ByHand is true if the browser says that a person sent the form (Sec-Fetch-User).
	ByHand bool
}

// ConfirmByLink confirms a challenge (docs/decisions.md, A click is not a confirmation). It returns a ticket with which
// the browser can enrol a passkey, and open the page of the household's contacts (OpenVisit). It returns
// ErrCodeMissing, ErrCodeMalformed or ErrCodeWrong if a code is required and not right, and ErrEnded if the challenge
// was answered elsewhere in the meantime.
func (r *Rules) ConfirmByLink(ctx context.Context, opened Opened, yes LinkConfirmation) (ticket string, err error) {
	found := opened.Found
	required := r.requiredCode(opened, yes.ByHand)
	code := ""
	if required != "" {
		if code, err = parseCode(yes.Code); err != nil {
			return "", err
		}
	}
	if !sameCode(code, required) {
		return "", r.rejectCode(ctx, found)
	}

	ticket = NewSecret()
	answer := store.LinkAnswer{
		LinkHash:   found.LinkHash,
		Code:       code,
		TypedShown: found.MatchCode == nil && required != "",
		EnrolHash:  HashToken(ticket),
	}
	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		// The meter point is held before the challenge, as a decision about the contact does.
		if err := tx.HoldMeterPoint(ctx, found.MPxN); err != nil {
			return err
		}

		confirmed, err := tx.ConfirmByLink(ctx, answer, r.Now())
		if err != nil {
			return err
		}
		if !confirmed {
			return ErrEnded
		}

		tx.Audit(r.challengeEvent(found, auditReidentifyConfirmed))
		if err := tx.BeginVisit(ctx, found.Challenge, answer.EnrolHash, r.Now().Add(TicketLife)); err != nil {
			return err
		}

		return r.recordConfirmation(ctx, tx, found)
	})
	if err != nil {
		return "", err
	}

	return ticket, nil
}

// requiredCode returns the code without which a yes confirms nothing; empty if the press of the button is enough.
func (r *Rules) requiredCode(opened Opened, byHand bool) string {
	found := opened.Found
	switch {
	case found.MatchCode != nil:
		return *found.MatchCode
	case !byHand || found.SoftDeclinedAt != nil:
		return ShownCode(opened.Secret, found)
	}

	return ""
}

// rejectCode counts a wrong code in a transaction of its own and returns ErrCodeWrong.
func (r *Rules) rejectCode(ctx context.Context, found store.Reidentification) error {
	err := r.store.Transact(ctx, func(tx *store.Tx) error { return r.countWrongCode(ctx, tx, found) })
	if err != nil {
		return err
	}

	return ErrCodeWrong
}

// countWrongCode counts a wrong code if the challenge is still open.
func (r *Rules) countWrongCode(ctx context.Context, tx *store.Tx, found store.Reidentification) error {
	counted, err := tx.CountWrongCode(ctx, found.Challenge, r.Now())
	if counted {
		tx.Audit(r.challengeEvent(found, auditReidentifyWrongCode))
	}

	return err
}

// challengeEvent is the row of the audit log for a customer's reply to a challenge.
func (r *Rules) challengeEvent(found store.Reidentification, eventType string) store.AuditEvent {
	return r.auditEvent(found.AccountID, eventType, found.MPxN, "", map[string]any{
		"method": found.Method, "by": "customer",
	})
}

// Decline records that the customer declined a challenge: finally, or until the right code is typed (docs/decisions.md,
// A click is not a confirmation).
func (r *Rules) Decline(ctx context.Context, found store.Reidentification, final bool) error {
	return r.store.Transact(ctx, func(tx *store.Tx) error {
		decline := tx.SoftDecline
		if final {
			decline = tx.Decline
		}

		declined, err := decline(ctx, found.Challenge, r.Now())
		if declined {
			tx.Audit(r.challengeEvent(found, auditReidentifyDeclined))
		}

		return err
	})
}

// OpenTicket returns the confirmed challenge of a ticket with which a passkey can be enrolled, or ErrEnded.
func (r *Rules) OpenTicket(ctx context.Context, ticket string) (Opened, error) {
	now := r.Now()
	found, err := r.store.FindEnrolment(ctx, HashToken(ticket), now.Add(-TicketLife), now)
	if errors.Is(err, store.ErrNotFound) {
		return Opened{}, ErrEnded
	}
	if err != nil {
		return Opened{}, err
	}

	account, err := r.store.FindAccount(ctx, found.AccountID)

	return Opened{Secret: ticket, Found: found, Account: account}, err
}
