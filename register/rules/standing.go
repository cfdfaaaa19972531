package rules

import (
	"cmp"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The waits of a provisional contact (docs/decisions.md, Which person, 2).
const (
	// shortWait is how long an address waits that its Data User gives for a customer in place of another one.
	shortWait = 7 * 24 * time.Hour
	// longWait is how long every other contact waits.
	longWait = 30 * 24 * time.Hour
	// letterRounds is how many rounds of letters a long wait takes, and letterInterval the time between two.
	letterRounds   = 3
	letterInterval = 10 * 24 * time.Hour
	// passkeyMonths is how many months a used passkey keeps others from standing by a long wait.
	passkeyMonths = 13
	// checkInterval is how often a wait is looked at: what happens in the meantime may make it shorter or longer.
	checkInterval = 24 * time.Hour
	// blockedInterval is how often a wait is looked at to which time brings nothing now. It is shorter than every wait
	// that can begin in between.
	blockedInterval = shortWait
)

// Why a contact stands, is provisional or is set aside. These values are stored and told to the owner of the identity
// record.
const (
	whyFirst         = "first"
	whySameAddress   = "same-address"
	whyVisit         = "confirmed-visit"
	whyYes           = "said-yes"
	whyReplaced      = "replaced"
	whyWaited        = "waited"
	whyAdministrator = "administrator"

	whyNew             = "new"
	whyFailed          = "verification-failed"
	whyToCome          = "move-in-to-come"
	whyEarlierOccupant = "earlier-occupant"
	whyTie             = "two-households"
	whyReport          = "tenancy-report"
	whyMisconduct      = "account-misconduct" // never stored
	whyMigrated        = "migrated"

	whyNotMe = "not-me"
)

// Why a contact ended.
const (
	endedAnonymised = "anonymised"
	endedReplaced   = "replaced"
	endedRemoved    = "removed"
)

// contact is what the rule of standing knows of a contact.
type contact struct {
	store.Contact

	// address tells two addresses apart; empty for a passkey.
	address string
	// unreadable is true if the key that sealed its record is not in the keyring. The contact counts, but nobody can
	// write to it.
	unreadable bool
	// outcome is the outcome of the verification of its person; empty if there was none.
	outcome string
}

// isPasskey reports whether the contact is a passkey, not an address.
func (c contact) isPasskey() bool { return c.CredentialID != nil }

// accountAllows reports whether the state of its Data User lets a contact stand: a supplier that failed locks no
// customer out, but nothing stands by the word of one that misbehaved, unless an administrator restored it since.
func (c contact) accountAllows() bool {
	if c.AccountStatus == accountActive {
		return true
	}
	if c.AccountCause != nil && *c.AccountCause == string(registerclient.CauseFailure) {
		return true
	}

	return c.Why == whyAdministrator && c.AccountStoppedAt != nil &&
		!c.Since.Time().Before(c.AccountStoppedAt.Time())
}

// home is what the rule of standing knows of a meter point. It decides who speaks for the household (docs/decisions.md,
// Which person). It reads nothing and knows no time but its own.
type home struct {
	now     time.Time
	present household
	// contacts are those of all Data Users and of all households.
	contacts []contact
	// former is the contact of the present household that stood last, opened something and stands no more. It is nil
	// if there is none, or if another one stands.
	former *store.FormerContact
	// formers are the same for each side of a dispute, by the first day of the side.
	formers map[string]*store.FormerContact
	// holders are the accounts that have registered access records here.
	holders []store.RecordHolder
}

// verdict is a state of a contact and why it has it.
type verdict struct{ state, why string }

func (h home) today() string { return store.LondonDay(h.now, 0) }

// sideOf returns the home as it is for one side of a dispute over a change of tenancy: that of a person who moved in
// on a day. No side has a say about the contacts of the other one. Without a dispute it is the home itself.
func (h home) sideOf(moveIn string) home {
	if h.present.inDispute() {
		h.present = h.present.sideOf(moveIn)
		h.former = h.formers[h.present.since()]
	}

	return h
}

// livesHere reports whether the person of a contact is of the present household and has moved in.
func (h home) livesHere(c contact) bool { return h.present.isOccupant(c.MoveInDate, h.today()) }

// canStand reports whether nothing about its person and its Data User keeps a contact from standing.
func (h home) canStand(c contact) bool {
	return c.outcome != outcomeFailed && c.accountAllows() && h.livesHere(c)
}

// stands reports whether a contact stands now.
func (h home) stands(c contact) bool { return c.State == store.ContactStands && h.canStand(c) }

// answersEverybody reports whether a contact answers the challenges of every account.
func (h home) answersEverybody(c contact) bool { return h.stands(c) && !h.isLimited(c) }

// householdOf returns the first day of the household to which the standing of a contact belongs.
func (h home) householdOf(c contact) string {
	if h.livesHere(c) {
		return h.sideOf(c.MoveInDate).present.since()
	}

	return c.Household
}

// holder returns what an account has registered here; nil if it has registered nothing.
func (h home) holder(accountID string) *store.RecordHolder {
	i := slices.IndexFunc(h.holders, func(holder store.RecordHolder) bool { return holder.AccountID == accountID })
	if i < 0 {
		return nil
	}

	return &h.holders[i]
}

// standing returns the contacts that stand.
func (h home) standing() []contact {
	return slices.DeleteFunc(slices.Clone(h.contacts), func(c contact) bool { return !h.stands(c) })
}

// standsAs reports whether the address of a contact stands already.
func (h home) standsAs(c contact) bool {
	return c.address != "" && slices.ContainsFunc(h.contacts, func(other contact) bool {
		return other.ID != c.ID && other.address == c.address && h.stands(other)
	})
}

// isSetAside reports whether the address of a contact was set aside in this household: a Data User cannot bring it back
// by registering it once more.
func (h home) isSetAside(c contact) bool {
	return c.address != "" && slices.ContainsFunc(h.contacts, func(other contact) bool {
		return other.address == c.address && other.State == store.ContactSetAside && h.livesHere(other)
	})
}

// arrive decides about a contact that has come to the household: it is new, has moved in, or has been verified. by is
// the contact that confirmed the visit in which a passkey was made; nil if none did.
func (h home) arrive(c contact, by *contact) verdict {
	h = h.sideOf(c.MoveInDate)
	switch {
	case c.outcome == outcomeFailed:
		return verdict{store.ContactProvisional, whyFailed}
	case h.present.hasMovedOut(c.MoveInDate):
		return verdict{store.ContactProvisional, whyEarlierOccupant}
	case c.MoveInDate > h.today():
		return verdict{store.ContactProvisional, whyToCome}
	case h.standsAs(c):
		return verdict{store.ContactStands, whySameAddress}
	case by != nil && c.isPasskey() && h.stands(*by):
		return verdict{store.ContactStands, whyVisit}
	case h.isSetAside(c):
		return verdict{store.ContactSetAside, whyNotMe}
	case h.isFirst(c):
		return verdict{store.ContactStands, whyFirst}
	}

	return verdict{store.ContactProvisional, whyNew}
}

// isFirst reports whether a contact is the first one since the last change of tenancy: none stands and none has stood,
// and no administrator has to choose between two.
func (h home) isFirst(c contact) bool {
	hasFormer := h.former != nil && h.former.ID != c.ID

	return !c.MovedByPatch && !hasFormer && len(h.standing()) == 0 && !h.hasTie() && !h.hasSetAside(c.AccountID)
}

// hasSetAside reports whether a contact of an account was set aside in this household. Another one of that account is
// not first.
func (h home) hasSetAside(accountID string) bool {
	return slices.ContainsFunc(h.contacts, func(c contact) bool {
		return c.AccountID == accountID && c.State == store.ContactSetAside && h.livesHere(c)
	})
}

// hasTie reports whether two claim to be the first of the household, between which an administrator has to decide.
func (h home) hasTie() bool {
	return slices.ContainsFunc(h.contacts, func(c contact) bool { return c.Why == whyTie && h.livesHere(c) })
}

// afterWait decides about a provisional contact whose standing addresses have been told. It returns the verdict that
// time brings and when; ok is false if time alone brings none. The conditions are those of now: the caller asks again
// at that time.
func (h home) afterWait(c contact) (v verdict, at time.Time, ok bool) {
	waited := verdict{store.ContactStands, whyWaited}
	h = h.sideOf(c.MoveInDate)
	if c.State != store.ContactProvisional || !h.canStand(c) || c.ToldAt == nil || c.Why == whyTie || h.hasTie() {
		return verdict{}, time.Time{}, false
	}

	from := latest(c.Since.Time(), c.ToldAt.Time())
	standing := h.standing()
	switch {
	case len(standing) == 0:
		if h.former != nil {
			from = latest(from, h.former.Until.Time())
		}

		return waited, from.Add(h.waitAlone(c)), true
	case h.replacesOwnWord(c, standing):
		return verdict{store.ContactStands, whyReplaced}, from.Add(shortWait), true
	case !slices.ContainsFunc(standing, func(s contact) bool { return !s.isPasskey() }):
		bySame := slices.ContainsFunc(standing, func(s contact) bool { return s.AccountID == c.AccountID })

		return waited, from.Add(longWait), bySame
	}

	for _, s := range standing {
		if s.isPasskey() && h.now.Before(millisOf(s.PasskeyUsedAt).AddDate(0, passkeyMonths, 0)) {
			return verdict{}, time.Time{}, false
		}

		holder := h.holder(s.AccountID)
		if holder != nil && holder.Active {
			return verdict{}, time.Time{}, false
		}
		if holder != nil && holder.LastEndedAt != nil {
			from = latest(from, holder.LastEndedAt.Time())
		}
	}

	end := from.Add(longWait)
	if c.Letters < letterRounds {
		end = latest(end, h.now.Add(checkInterval)) // the letters of all rounds come before the end
	}

	return waited, end, true
}

// waitAlone returns how long a contact waits in a household in which none stands any more.
func (h home) waitAlone(c contact) time.Duration {
	holder := h.holder(c.AccountID)
	erased := h.former != nil && h.former.EndedWhy != nil && *h.former.EndedWhy == endedAnonymised
	if erased && holder != nil && holder.Active && c.outcome == outcomeVerified {
		return shortWait
	}

	return longWait
}

// replacesOwnWord reports whether a contact replaces an address of its own Data User that stands by the word of that
// Data User alone.
func (h home) replacesOwnWord(c contact, standing []contact) bool {
	if c.Replaces == nil {
		return false
	}

	i := slices.IndexFunc(standing, func(s contact) bool { return s.ID == *c.Replaces })
	if i < 0 || standing[i].AccountID != c.AccountID {
		return false
	}

	former := standing[i]
	if former.Why == whyYes || former.Why == whyAdministrator {
		return false
	}

	return !slices.ContainsFunc(standing, func(s contact) bool {
		return s.address == former.address && s.AccountID != former.AccountID
	})
}

// addresses returns the standing addresses that answer everybody, one contact for each, in the order in which mail goes
// to them: the one that confirmed last, then those that stand longest. An address that the mail server refused comes
// last. In a dispute the first address of each side comes before all others, so that both can be asked.
func (h home) addresses() []contact {
	var firsts []contact
	var others []contact
	for _, side := range h.present.sides() {
		answering := inMailOrder(slices.DeleteFunc(slices.Clone(h.contacts), func(c contact) bool {
			return c.isPasskey() || !h.answersEverybody(c) || !side.isOccupant(c.MoveInDate, h.today())
		}))
		if len(answering) > 0 {
			firsts = append(firsts, answering[0])
			others = append(others, answering[1:]...)
		}
	}

	slices.SortStableFunc(firsts, inOrderOfUse)
	slices.SortStableFunc(others, inOrderOfUse)

	return append(firsts, others...)
}

// toTell returns the standing addresses that are told of a contact, one contact for each: in a dispute those of its
// side.
func (h home) toTell(about contact) []contact {
	told := slices.DeleteFunc(h.sideOf(about.MoveInDate).standing(), func(c contact) bool {
		return c.isPasskey() || c.address == about.address
	})

	return inMailOrder(told)
}

// inMailOrder sorts addresses in the order in which mail goes to them, and drops repeated and unreadable ones.
func inMailOrder(addresses []contact) []contact {
	addresses = slices.DeleteFunc(addresses, func(c contact) bool { return c.unreadable })
	slices.SortStableFunc(addresses, inOrderOfUse)

	seen := map[string]bool{}

	return slices.DeleteFunc(addresses, func(c contact) bool {
		repeated := seen[c.address]
		seen[c.address] = true

		return repeated
	})
}

// inOrderOfUse compares two contacts: the one that the mail server refused comes last, the one that confirmed last
// first, and then the one that stands longest.
func inOrderOfUse(a, b contact) int {
	if a.BouncedAt == nil != (b.BouncedAt == nil) {
		if a.BouncedAt == nil {
			return -1
		}

		return 1
	}

	return cmp.Or(
		millisOf(b.ConfirmedAt).Compare(millisOf(a.ConfirmedAt)),
		a.Since.Time().Compare(b.Since.Time()),
	)
}

// millisOf returns an optional time; the zero time if there is none.
func millisOf(at *store.Millis) time.Time {
	if at == nil {
		return time.Time{}
	}

	return at.Time()
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}

	return b
}
