package rules_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	nextEmail = "next@example.com"
	// moveDay is the day of the change of tenancy, on which the next household moved in.
	moveDay = "2026-05-25"
)

// decideReport lets an administrator decide about the latest report for the meter point.
func (h *house) decideReport(
	t testing.TB,
	as func(ctx context.Context, tx *store.Tx, by, cot string) (registerclient.ChangeOfTenancy, error),
) (decided registerclient.ChangeOfTenancy, err error) {
	t.Helper()
	cot := must(h.ListTenancyChanges(t.Context(), "admin", meterPoint))(t)[0].COT
	err = h.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
		decided, err = as(t.Context(), tx, "admin", cot)

		return err
	})

	return decided, err
}

// withdrawReport withdraws the latest report for the meter point.
func (h *house) withdrawReport(t testing.TB) {
	t.Helper()
	must(h.decideReport(t, h.WithdrawTenancyChange))(t)
}

// confirmAs starts a challenge of the portal that reaches an address, confirms it by the link and returns its token.
// It returns false if the link cannot reach the address.
func (h *house) confirmAs(t testing.TB, email string) (token string, ok bool) {
	t.Helper()
	h.letters(t)
	for _, other := range []bool{false, true} {
		started, err := h.reidentify(t, h.portal, registerclient.ReidentifyRequest{
			Method: registerclient.MethodMagicLink, OtherAddress: other,
		})
		if err != nil {
			return "", false
		}

		letter := h.letters(t)[0]
		if letter.To != email {
			continue
		}

		opened := must(h.Open(t.Context(), store.LinkSecret, linkSecret(t, letter)))(t)
		must(h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true}))(t)

		return started.TokenRef(), true
	}

	return "", false
}

// reads returns the names of what the reader of an address sees, or "nothing" if no link reaches the address.
func (h *house) reads(t testing.TB, email string, names map[string]string) string {
	t.Helper()
	token, ok := h.confirmAs(t, email)
	if !ok {
		return "nothing"
	}

	var seen []string
	list := must(h.ReadWithToken(t.Context(), h.portal.AccountID, meterPoint, rules.RecordFilter{}, token))(t).Records
	for _, record := range list {
		name := names[record.AK]
		if record.EarlierOccupant {
			name += " (earlier)"
		}
		seen = append(seen, name)
	}
	slices.Sort(seen)

	return strings.Join(seen, ", ")
}

// expectReads compares what the readers of the old and of the new household's address see.
func (h *house) expectReads(t testing.TB, when string, names map[string]string, old, next string) {
	t.Helper()
	for _, test := range []struct{ email, want string }{{customerEmail, old}, {nextEmail, next}} {
		if got := h.reads(t, test.email, names); got != test.want {
			t.Errorf("%s: %s sees %q, want %q", when, test.email, got, test.want)
		}
		h.clock.Add(time.Hour) // the links of a meter point are limited
	}
}

// Those who stood before a report are asked once whether they still live here, each address of the household.
func TestReportAsksWhoStood(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.livesToo(t, "partner", partnerEmail)
		h.lives(t, h.account(t, "stranger", registerclient.RoleDataUser), "stranger@example.com", "2022-06-30")
		h.letters(t)
		report := func(day registerclient.Date, reference string) string {
			t.Helper()
			prepared := must(h.PrepareTenancyChange("dcc", registerclient.ChangeOfTenancyRequest{
				MPxN: meterPoint, EffectiveDate: day, SourceReference: reference,
			}))(t)
			h.change(t, func(tx *store.Tx) error {
				_, err := h.ReportTenancyChange(t.Context(), tx, prepared)

				return err
			})

			to := strings.Fields(h.recipients(t))
			slices.Sort(to)

			return strings.Join(to, " ")
		}
		for _, test := range []struct {
			name, reference string
			day             registerclient.Date
			want            string
		}{
			{"a change to come", "COT-0", "2026-06-05", ""},
			{"a change", "COT-1", moveDay, customerEmail + " " + partnerEmail},
			{"the same report", "COT-1", moveDay, ""},
			{"another report of the change", "COT-2", moveDay, ""},
			{"an earlier change", "COT-3", "2026-04-01", ""},
		} {
			if got := report(test.day, test.reference); got != test.want {
				t.Errorf("%s: asked %q, want %q", test.name, got, test.want)
			}
		}
	})
}

// A report ends what an earlier occupant has confirmed, for good.
func TestReportEndsAuthority(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		token, _ := h.confirmAs(t, customerEmail)
		h.tenancyChange(t, meterPoint, moveDay)
		_, err := h.ReadWithToken(t.Context(), h.portal.AccountID, meterPoint, rules.RecordFilter{}, token)
		expectRefusal(t, "reported", err, "forbidden AUTH004 reidentification-token")
		h.withdrawReport(t)
		_, err = h.ReadWithToken(t.Context(), h.portal.AccountID, meterPoint, rules.RecordFilter{}, token)
		expectRefusal(t, "withdrawn", err, "forbidden AUTH004 reidentification-token")
		if got := h.reads(t, customerEmail, nil); got != "" {
			t.Errorf("a new link shows %q", got)
		}
	})
}

// A report made in advance has no effect before its day. Then the worker lets those stand who have moved in.
func TestReportInAdvance(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		next := h.lives(t, h.account(t, "next", registerclient.RoleDataUser), nextEmail, "2026-06-05")
		h.tenancyChange(t, meterPoint, "2026-06-05")
		if done := must(h.SettleTenancyChanges(t.Context()))(t); done != 0 {
			t.Errorf("%d reports are settled before their day", done)
		}
		h.expectStanding(t, next, "provisional move-in-to-come")

		h.letters(t)
		h.clock.Set(time.Date(2026, time.June, 4, 23, 30, 0, 0, time.UTC)) // the day in London
		if done := must(h.SettleTenancyChanges(t.Context()))(t); done != 1 {
			t.Errorf("%d reports are settled, want 1", done)
		}
		if done := must(h.SettleTenancyChanges(t.Context()))(t); done != 0 {
			t.Errorf("%d reports are settled again", done)
		}
		h.expectStanding(t, next, "stands first")
		if to := h.recipients(t); to != customerEmail {
			t.Errorf("asked %q", to)
		}
	})
}

// Two accounts name different people who have moved in: none stands, and both people and both accounts are told. An
// administrator decides (docs/decisions.md, Occupants).
func TestTwoHouseholds(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		var irs []string
		for _, id := range []string{"one", "two"} {
			account := h.account(t, id, registerclient.RoleDataUser)
			h.subscribe(t, account, "https://"+id+".example.org/events", registerclient.EventContactAdded)
			irs = append(irs, h.lives(t, account, id+"@example.com", moveDay))
		}
		h.letters(t)
		h.tenancyChange(t, meterPoint, moveDay)

		for _, ir := range irs {
			h.expectStanding(t, ir, "provisional two-households")
		}
		to := strings.Fields(h.recipients(t))
		slices.Sort(to)
		if !slices.Equal(to, []string{customerEmail, "one@example.com", "two@example.com"}) {
			t.Errorf("letters went to %q", to)
		}

		events := h.events(t)
		if len(events) != 2 {
			t.Fatalf("%d events, want 2", len(events))
		}
		for _, event := range events {
			if added := must(event.ContactAdded())(t); added.MPxN != meterPoint || added.StandsFrom != nil {
				t.Errorf("told %+v", added)
			}
		}

		late := h.lives(t, h.account(t, "late", registerclient.RoleDataUser), "late@example.com", moveDay)
		h.clock.Add(60 * 24 * time.Hour)
		must(h.EndWaits(t.Context()))(t)
		h.expectStanding(t, late, "provisional new")
		if methods := available(t, h); len(methods) != 0 {
			t.Errorf("%v can be asked", methods)
		}
	})
}

// available returns the methods by which the occupant of the meter point can confirm.
func available(t testing.TB, h *house) []registerclient.Method {
	t.Helper()
	exists, methods, err := h.AvailableMethods(t.Context(), meterPoint)
	if err != nil || !exists {
		t.Fatalf("an occupant is on record: %t (%v)", exists, err)
	}

	return methods
}

// disputed is a house with a report that the customer disputes. It returns the names of the access records and the
// identity record of the household that moved in.
func disputed(t *testing.T, h *house) (names map[string]string, next string) {
	t.Helper()
	newcomer := h.account(t, "newcomer", registerclient.RoleDataUser)
	names = map[string]string{
		h.access(t, h.owner, h.ir, registerclient.BasisConsent): "old",
	}
	ended := h.access(t, h.owner, h.ir, registerclient.BasisConsent)
	names[ended] = "old, ended"
	must(h.RevokeOwn(t.Context(), h.owner.AccountID, ended, nil))(t)
	names[h.sighting(t, "OLD")] = "seen before"

	h.clock.Add(time.Second)
	h.letters(t)
	h.tenancyChange(t, meterPoint, moveDay)
	question := h.letters(t)[0]
	h.clock.Add(time.Minute)
	next = h.lives(t, newcomer, nextEmail, moveDay)
	names[h.access(t, newcomer, next, registerclient.BasisConsent)] = "next"
	names[h.sighting(t, "NEXT")] = "seen since"
	h.clock.Add(time.Minute)
	h.expectReads(t, "reported", names, "nothing", "next, old (earlier), seen before, seen since")

	if err := h.answer(t, question, true); err != nil {
		t.Fatal(err)
	}

	return names, next
}

// sighting reports a sighting of an organisation that was last seen today.
func (h *house) sighting(t testing.TB, reference string) (ak string) {
	t.Helper()
	in := sightingOf(reference, h.Now().AddDate(0, 0, -20))
	in.LastSeen = registerclient.Date(dayOf(h.Now()))
	prepared := must(h.PrepareSighting(in))(t)
	h.change(t, func(tx *store.Tx) (err error) {
		ak, _, err = h.ReportSighting(t.Context(), tx, "dcc", prepared)

		return err
	})

	return ak
}

// In a dispute each household has what is its own, until an administrator decides for the report or against it
// (docs/decisions.md, Occupants).
func TestDisputedReport(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		names, next := disputed(t, h)
		h.expectReads(t, "disputed", names, "old, old, ended, seen before", "next, seen since")
		h.expectAudited(t, "tenancy-change.disputed", 1)
		change := must(h.ListTenancyChanges(t.Context(), "admin", meterPoint))(t)[0]
		if change.DisputedAt == nil || change.UpheldAt != nil || change.WithdrawnAt != nil {
			t.Errorf("listed %+v", change)
		}

		h.withdrawReport(t)
		h.expectStanding(t, next, "provisional tenancy-report")
		h.expectReads(t, "withdrawn", names, "next, old, old, ended, seen before, seen since", "nothing")
		if letters := h.contactLetters(t); len(letters) != 1 || letters[0].To != customerEmail {
			t.Errorf("%d letters ask about the address of the household that there never was", len(letters))
		}

		_, err := h.decideReport(t, h.UpholdTenancyChange)
		expectRefusal(t, "uphold a withdrawn report", err, "conflict CON001")
	})
}

// An administrator decides for the report: what the earlier household has confirmed ends.
func TestUpheldReport(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		names, _ := disputed(t, h)
		token, ok := h.confirmAs(t, customerEmail)
		if !ok {
			t.Fatal("no link reaches those who lived here before")
		}

		upheld := must(h.decideReport(t, h.UpholdTenancyChange))(t)
		h.clock.Add(time.Minute)
		again := must(h.decideReport(t, h.UpholdTenancyChange))(t)
		if upheld.UpheldAt == nil || !again.UpheldAt.Equal(*upheld.UpheldAt) {
			t.Errorf("upheld %v, again %v", upheld.UpheldAt, again.UpheldAt)
		}

		h.expectAudited(t, "tenancy-change.upheld", 1)
		_, err := h.ReadWithToken(t.Context(), h.portal.AccountID, meterPoint, rules.RecordFilter{}, token)
		expectRefusal(t, "a token of the earlier household", err, "forbidden AUTH004 reidentification-token")
		h.clock.Add(time.Hour)
		h.expectReads(t, "upheld", names, "nothing", "next, old (earlier), seen before, seen since")
	})
}

// A reading, what it lets a portal withdraw and the status of a delivery are those of one side.
func TestAuthorityInDispute(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		names, _ := disputed(t, h)
		reach := func(email string) string {
			token, _ := h.confirmAs(t, email)
			h.clock.Add(30 * time.Minute)
			var reached []string
			for ak, name := range names {
				_, err := h.FindWithdrawalDelivery(t.Context(), h.portal.AccountID, ak, token)
				if err == nil {
					reached = append(reached, name)
				}
			}
			slices.Sort(reached)

			return strings.Join(reached, ", ")
		}
		if got := reach(customerEmail); got != "old, old, ended" {
			t.Errorf("the earlier household reaches %q", got)
		}
		if got := reach(nextEmail); got != "next" {
			t.Errorf("the later household reaches %q", got)
		}
	})
}

// A household replies once, and only until an administrator has decided.
func TestLateReplies(t *testing.T) {
	t.Parallel()
	for name, decide := range map[string]func(t *testing.T, h *house){
		"withdrawn":  func(t *testing.T, h *house) { h.withdrawReport(t) },
		"weeks ago":  func(_ *testing.T, h *house) { h.clock.Add(14 * 24 * time.Hour) },
		"the letter": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, registertest.SQLite)
			h.tenancyChange(t, meterPoint, moveDay)
			question := h.letters(t)[0]
			if decide != nil {
				decide(t, h)
			}

			err := h.answer(t, question, true)
			if decide == nil && err != nil || decide != nil && !errors.Is(err, rules.ErrEnded) {
				t.Errorf("the reply: %v", err)
			}
			if err := h.answer(t, question, true); !errors.Is(err, rules.ErrEnded) {
				t.Errorf("again: %v", err)
			}
		})
	}
}

// A false report locks no customer out: once it is withdrawn, all contacts stand as before it, those that it made wait
// too.
func TestFalseReportLocksNobodyOut(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		patched := h.ir
		h.patchMoveIn(t, "2026-05-10")
		setAside := h.lives(t, h.account(t, "stranger", registerclient.RoleDataUser), "stranger@example.com", moveDay)
		h.clock.Add(time.Minute)
		if err := h.answer(t, h.contactLetters(t)[0], false); err != nil {
			t.Fatal(err)
		}
		h.expectStanding(t, setAside, "set-aside not-me")

		h.clock.Add(time.Minute)
		h.tenancyChange(t, meterPoint, moveDay)
		h.expectStanding(t, patched, "provisional new")
		h.expectStanding(t, setAside, "provisional new")
		h.clock.Add(time.Hour)
		h.withdrawReport(t)
		h.expectStanding(t, patched, "stands first")
		h.expectStanding(t, setAside, "set-aside not-me")
		if got := h.reads(t, customerEmail, nil); got != "" {
			t.Errorf("the customer sees %q", got)
		}
	})
}
