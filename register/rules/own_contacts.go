package rules

import (
	"context"
	"errors"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// ContactsPage returns the address of the page on which customers see and remove their own contacts.
func (r *Rules) ContactsPage() string { return r.pages.Contacts }

// Visit is the visit of a customer who has just confirmed with a contact that answers everybody. Within TicketLife the
// browser can open the page of the household's contacts (docs/decisions.md, Which person, 7).
type Visit struct {
	Opened

	// Until is when the visit ends.
	Until time.Time
	// CanReturn is true if the browser can go back to the account that asked.
	CanReturn bool
}

// OwnStanding is the standing of a contact as the customer's own page tells it, and part of its text keys.
type OwnStanding string

// What a contact can be on the customer's own page.
const (
	OwnWorks OwnStanding = "works"
	// OwnLimited is a contact that works for its own Data User alone, as long as that one has registered no access.
	OwnLimited OwnStanding = "limited"
	// OwnPaused is a contact of a Data User that the register has stopped.
	OwnPaused OwnStanding = "paused"
	// OwnWaits is a provisional contact that stands at a time unless one objects, OwnAsks one that needs a yes.
	OwnWaits OwnStanding = "waits"
	OwnAsks  OwnStanding = "asks"
	// OwnUnverified is a contact of a person that its Data User could not verify.
	OwnUnverified OwnStanding = "unverified"
	// OwnUndecided is a contact about which an administrator decides.
	OwnUndecided OwnStanding = "undecided"
	// OwnNotMe is a contact that a standing one said no to, OwnSetAside one that an administrator set aside.
	OwnNotMe    OwnStanding = "not-me"
	OwnSetAside OwnStanding = "set-aside"
)

// OwnContact is a contact of the present household as the customer's own page shows it.
type OwnContact struct {
	ID      string
	Passkey bool
	// Name is the masked address, or the name of the passkey.
	Name string
	// Org is the display name of the account that gave the contact.
	Org   string
	Added time.Time
	// Used is when the contact last confirmed; nil if it never did.
	Used     *time.Time
	Standing OwnStanding
	// Since is when the standing began.
	Since time.Time
	// StandsAt is when a contact stands that OwnWaits.
	StandsAt time.Time
	// IsVisitor is true if this contact confirmed the visit.
	IsVisitor bool
	// IsAsked is true if the visitor can say whether the contact is theirs.
	IsAsked bool
	// IsLast is true if no other contact works.
	IsLast  bool
	Removal Removal
	// RemovalAt is when the contact is removed unless one objects; nil if its removal was not asked for.
	RemovalAt *time.Time
}

// OpenVisit returns the visit of a ticket, or ErrEnded: also if the contact that confirmed it does not answer everybody
// any more, or never did.
func (r *Rules) OpenVisit(ctx context.Context, ticket string) (Visit, error) {
	visit, _, _, err := r.openVisit(ctx, r.store, ticket)

	return visit, err
}

// visitReader reads a visit, from the store or in a transaction.
type visitReader interface {
	contactReader

	FindVisit(ctx context.Context, hash []byte, now time.Time) (store.Reidentification, error)
	FindAccount(ctx context.Context, accountID string) (store.Account, error)
}

// openVisit returns the visit of a ticket, its home, and the contact that confirmed it.
func (r *Rules) openVisit(ctx context.Context, from visitReader, ticket string) (Visit, home, contact, error) {
	none := func(err error) (Visit, home, contact, error) { return Visit{}, home{}, contact{}, err }
	found, err := from.FindVisit(ctx, HashToken(ticket), r.Now())
	if errors.Is(err, store.ErrNotFound) || err == nil && found.Contact == nil {
		return none(ErrEnded)
	}
	if err != nil {
		return none(err)
	}

	h, err := r.home(ctx, from, found.MPxN)
	if err != nil {
		return none(err)
	}

	visitor, ok := h.contact(*found.Contact)
	if !ok || !h.answersEverybody(visitor) {
		return none(ErrEnded)
	}

	h = h.sideOf(visitor.MoveInDate) // in a dispute neither household sees the other one's contacts

	account, err := from.FindAccount(ctx, found.AccountID)
	if err != nil {
		return none(err)
	}

	return Visit{
		Opened:    Opened{Secret: ticket, Found: found, Account: account},
		Until:     found.VisitUntil.Time(),
		CanReturn: found.RedirectURL != nil && found.ConsumedAt == nil,
	}, h, visitor, nil
}

// changeContact runs a change of one contact of the present household in a transaction that holds the home. It changes
// nothing if the contact has ended, or if its household is another one. It returns ErrEnded if the visit has ended.
func (r *Rules) changeContact(
	ctx context.Context, visit Visit, contactID string,
	change func(tx *store.Tx, h home, visitor, c contact) error,
) error {
	return r.store.Transact(ctx, func(tx *store.Tx) error {
		if err := tx.HoldMeterPoint(ctx, visit.Found.MPxN); err != nil {
			return err
		}

		_, h, visitor, err := r.openVisit(ctx, tx, visit.Secret)
		if err != nil {
			return err
		}

		c, ok := h.contact(contactID)
		if !ok || !h.livesHere(c) {
			return nil
		}

		return change(tx, h, visitor, c)
	})
}

// ListOwnContacts returns the contacts of the present household: those about which a visitor is asked, those that
// stand, and the others, the oldest first.
func (r *Rules) ListOwnContacts(ctx context.Context, visit Visit) ([]OwnContact, error) {
	_, h, visitor, err := r.openVisit(ctx, r.store, visit.Secret)
	if err != nil {
		return nil, err
	}

	names := map[string]string{}
	var contacts []OwnContact
	for _, c := range h.contacts {
		if !h.livesHere(c) {
			continue
		}

		if _, ok := names[c.AccountID]; !ok {
			account, err := r.store.FindAccount(ctx, c.AccountID)
			if err != nil {
				return nil, err
			}

			names[c.AccountID] = account.DisplayName
		}

		contacts = append(contacts, h.ownContact(visitor, c, names[c.AccountID]))
	}

	slices.SortStableFunc(contacts, func(a, b OwnContact) int { return a.place() - b.place() })

	return contacts, nil
}

// place orders contacts on the page.
func (c OwnContact) place() int {
	switch {
	case c.IsVisitor:
		return 0
	case c.Standing == OwnWorks:
		return 1
	default:
		return 2
	}
}

// ownContact returns a contact as the visitor sees it. org is the name of its account.
func (h home) ownContact(visitor, c contact, org string) OwnContact {
	own := OwnContact{
		ID:        c.ID,
		Passkey:   c.isPasskey(),
		Name:      c.shownName(),
		Org:       org,
		Added:     c.CreatedAt.Time(),
		Used:      c.lastUsed(),
		Standing:  h.ownStanding(c),
		Since:     c.Since.Time(),
		IsVisitor: c.ID == visitor.ID,
		IsAsked:   h.awaitsYes(c),
		IsLast:    h.stands(c) && len(h.standing()) == 1,
		Removal:   h.removal(visitor, c),
		RemovalAt: store.OptionalTime(c.RemovalAt),
	}
	if own.Standing == OwnWaits {
		own.StandsAt = h.standsAtEarliest(c)
	}

	return own
}

// lastUsed returns when a contact was last used to confirm; nil if it never was.
func (c contact) lastUsed() *time.Time {
	if c.isPasskey() && millisOf(c.PasskeyUsedAt).After(c.CreatedAt.Time()) {
		return store.OptionalTime(c.PasskeyUsedAt)
	}

	return store.OptionalTime(c.ConfirmedAt)
}

// ownStanding returns the standing of a contact of the present household in the words of the customer's own page.
func (h home) ownStanding(c contact) OwnStanding {
	switch {
	case c.State == store.ContactSetAside && c.Why == whyNotMe:
		return OwnNotMe
	case c.State == store.ContactSetAside:
		return OwnSetAside
	case c.outcome == outcomeFailed:
		return OwnUnverified
	case !c.accountAllows():
		return OwnPaused
	case h.answersEverybody(c):
		return OwnWorks
	case c.State == store.ContactStands:
		return OwnLimited
	case !h.awaitsYes(c):
		return OwnUndecided
	case h.standsAtEarliest(c).IsZero():
		return OwnAsks
	default:
		return OwnWaits
	}
}

// awaitsYes reports whether a standing contact can say that a contact is the household's. An administrator decides
// between two households.
func (h home) awaitsYes(c contact) bool {
	return c.State == store.ContactProvisional && h.canStand(c) && !h.hasTie()
}

// asksAtVisit reports whether a visit by passkey is asked about a new contact before it goes on: no letter is
// read in a home in which passkeys alone stand.
func (h home) asksAtVisit() bool {
	hasAddress := slices.ContainsFunc(h.standing(), func(c contact) bool { return !c.isPasskey() })

	return !hasAddress && slices.ContainsFunc(h.contacts, h.awaitsYes)
}

// AnswerOwnContact makes a provisional contact stand that the visitor says yes to, or sets it aside. It returns false,
// and changes nothing, if that has been settled already.
func (r *Rules) AnswerOwnContact(
	ctx context.Context, visit Visit, contactID string, yes bool,
) (answered bool, err error) {
	next := verdict{store.ContactSetAside, whyNotMe}
	if yes {
		next = verdict{store.ContactStands, whyYes}
	}

	err = r.changeContact(ctx, visit, contactID, func(tx *store.Tx, h home, visitor, c contact) error {
		answered = h.awaitsYes(c)
		if !answered {
			return nil
		}

		return r.setStanding(ctx, tx, h, c.restingOn(visitor), next, byCustomer)
	})

	return answered, err
}

// CloseVisit ends a visit before its time: the browser can neither open the page nor enrol a passkey any more.
func (r *Rules) CloseVisit(ctx context.Context, ticket string) error {
	return r.store.Transact(ctx, func(tx *store.Tx) error { return tx.EndVisit(ctx, HashToken(ticket)) })
}

// ReturnFromVisit returns the address at which the account that asked goes on with the customer; empty if the customer
// stays on the register's pages. If no completion code of a passkey has come back, there is a new one: the
// page may have taken longer than a code lives.
func (r *Rules) ReturnFromVisit(ctx context.Context, visit Visit) (string, error) {
	found := visit.Found
	switch {
	case !visit.CanReturn:
		return "", nil
	case found.ConfirmedAt != nil && found.Method == string(registerclient.MethodMagicLink):
		return r.LinkReturn(found)
	case found.ConfirmedAt != nil:
		return r.returnAddress(found, passkeyTokenParameter, nil)
	}

	code := NewSecret()
	err := r.store.Transact(ctx, func(tx *store.Tx) error {
		returned, err := tx.ReturnFromVisit(ctx, HashToken(visit.Secret), HashToken(code), r.Now())
		if err == nil && !returned {
			err = ErrEnded
		}

		return err
	})
	if err != nil {
		return "", err
	}

	return r.returnAddress(found, passkeyTokenParameter, map[string]string{completionParameter: code})
}
