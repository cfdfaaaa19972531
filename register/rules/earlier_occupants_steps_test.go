package rules_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// history is one random history of two households at a meter point of its own. Days are London's.
type history struct {
	*house

	tb        testing.TB
	draw      *rapid.T
	mpxn      string
	suppliers []store.Account
	// change is the first day of the second household.
	change time.Time
	// moveIn is when each household moved in.
	moveIn map[string]string

	people    []*person
	entries   []*entry
	sightings map[string]sighted // by the key of the sighting
	reports   []*report
	// questions are the letters that ask whether their readers live here still.
	questions []rules.QueuedLetter
	begun     time.Time
}

// sighted is when the register first heard of an organisation, and the day on which it was last seen.
type sighted struct {
	at       time.Time
	lastSeen string
}

// The two households.
const (
	first  = "first"
	second = "second"
)

// person is an identity record.
type person struct {
	ir         string
	owner      store.Account
	household  string
	anonymised bool
}

// entry is an access record, with what its first registration said.
type entry struct {
	ak           string
	at           time.Time // when it came on the register
	owner        store.Account
	person       *person
	registeredAt time.Time
	renewedAt    time.Time
	basis        registerclient.LegalBasis
	ended        bool // when it was registered
	expiry       *time.Time
	expirySetAt  time.Time
	revokedAt    *time.Time
}

// endAt returns when access ended; the zero time while it is active.
func (e *entry) endAt(now time.Time) time.Time {
	switch {
	case e.ended:
		return e.registeredAt // the register does not know more
	case e.revokedAt != nil:
		return *e.revokedAt
	case e.expiry != nil && !now.Before(*e.expiry):
		if e.expiry.Before(e.expirySetAt) {
			return e.expirySetAt // it was active until then
		}
		return *e.expiry
	}

	return time.Time{}
}

func (e *entry) isActive(now time.Time) bool { return e.endAt(now).IsZero() }

func newHistory(
	t testing.TB, draw *rapid.T, shared *house, suppliers []store.Account, mpxn string,
) *history {
	t.Helper()
	begun := time.Date(2026, time.March, 10, 9, 0, 0, 0, time.UTC)
	shared.clock.Set(begun)
	change := time.Date(2026, time.March, 10, 0, 0, 0, 0, london).AddDate(0, 0, days(draw, 5, 35, "change"))
	h := &history{
		house:     shared,
		tb:        t,
		draw:      draw,
		mpxn:      mpxn,
		suppliers: suppliers,
		change:    change,
		moveIn: map[string]string{
			first:  dayOf(change.AddDate(0, 0, rapid.SampledFrom([]int{-31, -40, -900}).Draw(draw, first))),
			second: dayOf(change.AddDate(0, 0, rapid.SampledFrom([]int{-30, -10, 0, 10}).Draw(draw, second))),
		},
		sightings: map[string]sighted{},
		begun:     begun,
	}
	h.putOnRecord(suppliers[0], first)

	return h
}

var london = func() *time.Location {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}

	return zone
}()

func dayOf(moment time.Time) string { return store.LondonDay(moment, 0) }

func days(draw *rapid.T, least, most int, label string) int {
	return rapid.IntRange(least, most).Draw(draw, label)
}

// pick draws one of some values; the zero value if there is none.
func pick[T any](h *history, label string, values []T) (picked T) {
	if len(values) == 0 {
		return picked
	}

	return values[days(h.draw, 0, len(values)-1, label)]
}

// step lets one thing happen.
func (h *history) step() {
	steps := []struct {
		name string
		do   func()
	}{
		{"time passes", h.wait},
		{"time passes", h.wait},
		{"person", func() {
			h.putOnRecord(pick(h, "supplier", h.suppliers), pick(h, "household", []string{first, second}))
		}},
		{"register", h.registerEntry},
		{"register", h.registerEntry},
		{"replace", h.replaceEntry},
		{"revoke", h.revokeEntry},
		{"withdraw", h.withdrawEntry},
		{"anonymise", h.anonymisePerson},
		{"sighting", h.see},
		{"report", func() { h.report(dayOf(h.change)) }},
		{"report", func() { h.report(dayOf(h.change)) }},
		{"false report", func() { h.report(dayOf(h.begun.AddDate(0, 0, days(h.draw, -40, 60, "false day")))) }},
		{"withdraw report", h.withdrawReport},
		{"dispute", h.disputeReport},
		{"dispute", h.disputeReport},
		{"uphold", h.upholdReport},
		{"passkey", h.losePasskey},
		{"look", h.look},
	}

	chosen := rapid.IntRange(0, len(steps)-1).Draw(h.draw, "step")
	h.clock.Add(time.Second) // the register counts in seconds: what happens in one has no order
	h.draw.Logf("%s: %s", h.clock.Now().Format(time.DateTime), steps[chosen].name)
	steps[chosen].do()
	h.takeLetters()
}

// wait lets time pass. The worker does what falls due.
func (h *history) wait() {
	h.clock.Add(time.Duration(pick(h, "hours", []int{1, 5, 24, 72, 240})) * time.Hour)
	h.sweep()
}

func (h *history) sweep() {
	must(h.SettleTenancyChanges(h.tb.Context()))(h.tb)
	must(h.WriteContactLetters(h.tb.Context()))(h.tb)
	must(h.EndWaits(h.tb.Context()))(h.tb)
}

// takeLetters reads the letters that were written: no household is told of a contact of the other one.
func (h *history) takeLetters() {
	for _, letter := range h.letters(h.tb) {
		if mailedReply.FindString(letter.Message.Text) == "" {
			continue
		}

		secret, _ := replyTo(h.tb, letter)
		opened, err := h.OpenLetter(h.tb.Context(), secret)
		if err == nil && opened.Kind == rules.LetterTenancy {
			h.questions = append(h.questions, letter)
		}

		to, about := householdAt(letter.To), householdAt(opened.Address)
		if err == nil && opened.Kind == rules.LetterAddition && h.isDivided() && to != about {
			h.draw.Fatalf("the %s household is told of %s", to, opened.Address)
		}
	}
}

// householdAt returns the household of an address.
func householdAt(address string) string {
	_, domain, _ := strings.Cut(address, "@")

	return strings.TrimSuffix(domain, ".example")
}

func (h *history) putOnRecord(owner store.Account, household string) {
	name := pick(h, "name", []string{"ann", "ann", "bob"})
	in := registertest.IdentityRecord(h.mpxn, name+"@"+household+".example")
	if rapid.Bool().Draw(h.draw, "unverified") {
		in.PrincipalVerification = nil
	}
	in.PIIPrincipal.MoveInDate = registerclient.Date(h.moveIn[household])
	created := must(h.createIdentity(h.tb, owner, in))(h.tb)
	h.people = append(h.people, &person{ir: created.IR, owner: owner, household: household})
}

// livingPeople returns the people who are not anonymised, of one owner if it is given.
func (h *history) livingPeople(owner string) (living []*person) {
	for _, p := range h.people {
		if !p.anonymised && (owner == "" || p.owner.AccountID == owner) {
			living = append(living, p)
		}
	}

	return living
}

// accessOf draws an access record that began in the last 60 days and may have ended.
func (h *history) accessOf(ir string) registerclient.AccessRecord {
	in := registertest.AccessRecord(ir, pick(h, "basis", []registerclient.LegalBasis{
		registerclient.BasisConsent, registerclient.BasisContract,
	}))
	in.Processing.Purpose = fmt.Sprint("Purpose ", days(h.draw, 1, 3, "purpose"))
	in.AccessEvent.RegisteredAt = h.Now().Add(-time.Duration(days(h.draw, 0, 60*24, "began")) * time.Hour)
	in.AccessEvent.Expiry = nil
	if rapid.Bool().Draw(h.draw, "ends") {
		end := in.AccessEvent.RegisteredAt.Add(time.Duration(days(h.draw, 1, 90*24, "end")) * time.Hour)
		in.AccessEvent.Expiry = &end
	}

	return in
}

func (h *history) registerEntry() {
	p := pick(h, "person", h.livingPeople(""))
	if p == nil {
		return
	}

	in := h.accessOf(p.ir)
	if rapid.Bool().Draw(h.draw, "ended") {
		in.AccessEvent.State = registerclient.StateRevoked
	}

	now := h.Now()
	expiry := in.AccessEvent.Expiry
	h.entries = append(h.entries, &entry{
		ak:           must(h.register(h.tb, p.owner, in))(h.tb),
		at:           now,
		owner:        p.owner,
		person:       p,
		registeredAt: in.AccessEvent.RegisteredAt,
		renewedAt:    in.AccessEvent.RegisteredAt,
		basis:        in.Processing.LegalBasis,
		ended: in.AccessEvent.State == registerclient.StateRevoked ||
			expiry != nil && !now.Before(*expiry),
		expiry:      expiry,
		expirySetAt: now,
	})
}

// activeEntries returns the access records that are active.
func (h *history) activeEntries() (active []*entry) {
	for _, e := range h.entries {
		if e.isActive(h.Now()) {
			active = append(active, e)
		}
	}

	return active
}

func (h *history) replaceEntry() {
	e := pick(h, "entry", h.activeEntries())
	if e == nil {
		return
	}

	// The basis stays, and access is renewed at the earliest when it began last.
	in := h.accessOf("")
	in.RecordMetadata.IdentityRecordRef = nil
	basis := e.basis
	if !basis.Consent() {
		basis = in.Processing.LegalBasis
	}

	sample := registertest.AccessRecord("", basis)
	in.Processing.LegalBasis = basis
	in.Notice = sample.Notice
	in.AccessEvent.Consent = sample.AccessEvent.Consent
	if in.AccessEvent.RegisteredAt.Before(e.renewedAt) {
		in.AccessEvent.RegisteredAt = e.renewedAt
	}
	if in.AccessEvent.Expiry != nil && !in.AccessEvent.Expiry.After(e.renewedAt) {
		in.AccessEvent.Expiry = new(e.renewedAt.Add(time.Hour))
	}

	_, err := h.ReplaceAccess(h.tb.Context(), e.owner.AccountID, e.ak, in)
	if refused, ok := errors.AsType[*rules.Error](err); ok && refused.Kind == rules.KindTooMany {
		return
	}
	if err != nil {
		h.tb.Fatal(err)
	}

	e.basis = basis
	e.renewedAt = in.AccessEvent.RegisteredAt
	e.expiry = in.AccessEvent.Expiry
	e.expirySetAt = h.Now()
}

func (h *history) revokeEntry() {
	if e := pick(h, "entry", h.activeEntries()); e != nil {
		e.revokedAt = new(must(h.RevokeOwn(h.tb.Context(), e.owner.AccountID, e.ak, nil))(h.tb))
	}
}

// withdrawEntry lets a customer withdraw a record, if the register lets them.
func (h *history) withdrawEntry() {
	e := pick(h, "entry", h.activeEntries())
	p := pick(h, "person", h.livingPeople(""))
	if e == nil || p == nil {
		return
	}

	token := h.token(h.tb, h.portal, h.mpxn, p.ir, nil)
	at, err := h.Withdraw(h.tb.Context(), h.portal.AccountID, e.ak, rules.Withdrawal{Token: token})
	if err != nil {
		return
	}

	e.revokedAt = &at
	if !h.mayHave(p.household, e.at) {
		h.draw.Fatalf("the %s household withdrew %s after the change", p.household, e.ak)
	}
	if _, err := h.FindWithdrawalDelivery(h.tb.Context(), h.portal.AccountID, e.ak, token); err != nil {
		h.draw.Fatalf("the delivery status of a withdrawal: %v", err)
	}
}

func (h *history) anonymisePerson() {
	p := pick(h, "person", h.livingPeople(""))
	if p == nil {
		return
	}

	// It is refused as long as an active access record is linked to the identity record.
	if _, err := h.AnonymiseIdentityRecord(h.tb.Context(), p.owner.AccountID, p.ir); err == nil {
		p.anonymised = true
	}
}

func (h *history) see() {
	last := h.Now().AddDate(0, 0, -days(h.draw, 0, 60, "last seen"))
	in := sightingOf(pick(h, "organisation", []string{"SEC-1", "SEC-2", "SEC-3"}), last.AddDate(0, 0, -10))
	in.MPxN = h.mpxn
	in.LastSeen = registerclient.Date(dayOf(last))
	prepared := must(h.PrepareSighting(in))(h.tb)
	h.house.change(h.tb, func(tx *store.Tx) error {
		ak, _, err := h.ReportSighting(h.tb.Context(), tx, "dcc", prepared)
		before, ok := h.sightings[ak]
		if !ok {
			before.at = h.Now()
		}
		before.lastSeen = dayOf(last)
		h.sightings[ak] = before

		return err
	})
}

// losePasskey removes a passkey. The register writes to its household.
func (h *history) losePasskey() {
	p := pick(h, "person", h.livingPeople(""))
	if p == nil {
		return
	}

	credential := h.addPasskey(h.tb, p.ir)
	h.takeLetters()
	if err := h.RemovePasskey(h.tb.Context(), p.owner.AccountID, p.ir, credential.CredentialID); err != nil {
		h.draw.Fatal(err)
	}

	other := map[string]string{first: second, second: first}[p.household]
	if to := h.recipients(h.tb); h.isDivided() && strings.Contains(to, other) {
		h.draw.Fatalf("a passkey of the %s household is told to %s", p.household, to)
	}
}
