package rules_test

import (
	"flag"
	"fmt"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// histories is how many random histories are played, unless -rapid.checks says otherwise.
const histories = "300"

// Two households live at one meter point, one after the other, and random things happen. Once the change is reported,
// the first household reaches nothing. The second one neither sees, counts, reaches nor is mailed about a record or a
// sighting that ended before the change, only records that the first one left active. In a dispute each has its own
// time alone. No link lets one open the list as the other. Without a report in force, all is as if none had been made
// (docs/decisions.md, Which person and Occupants).
func TestHouseholdsAreDivided(t *testing.T) {
	t.Parallel()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set(histories); err != nil {
			t.Fatal(err)
		}
	}

	shared := newHouse(t, registertest.SQLite)
	suppliers := []store.Account{
		shared.owner, shared.account(t, "other", registerclient.RoleDataUser),
	}
	played := 0
	rapid.Check(t, func(draw *rapid.T) {
		played++
		h := newHistory(t, draw, shared, suppliers, fmt.Sprintf("%013d", played))
		for range rapid.IntRange(10, 40).Draw(draw, "length") {
			h.step()
		}
		h.end()
	})
}

// end brings the second household on record and takes back what was reported wrongly, so that every history ends with
// a look at the whole list of the second household.
func (h *history) end() {
	if settled := h.change.AddDate(0, 0, 11); h.clock.Now().Before(settled) {
		h.clock.Set(settled)
	}

	for _, r := range h.reports {
		if r.day != dayOf(h.change) && !r.withdrawn {
			h.withdraw(r)
		}
	}

	if !h.isDivided() {
		h.report(dayOf(h.change))
	}

	h.sweep()
	h.putOnRecord(h.suppliers[1], second)
	h.look()
}

// look lets everybody who has moved in look, in every way that there is.
func (h *history) look() {
	h.clock.Add(time.Second)
	h.draw.Logf("reports %v, change %s, moved in %v", h.reports, dayOf(h.change), h.moveIn)
	h.takeLetters()
	h.lookByMail(false)
	h.lookByMail(true)
	for _, p := range h.livingPeople("") {
		if h.moveIn[p.household] <= dayOf(h.Now()) {
			h.lookAs(p)
		}
	}
}

// lookByMail reads the list with a link, as the person does that it reaches: of the second household once the change
// is reported, or of either one in a dispute. The person sees the list of their household and no other.
func (h *history) lookByMail(other bool) {
	err := h.store.Transact(h.tb.Context(), func(tx *store.Tx) error {
		return tx.DeleteStaleLimits(h.tb.Context(), h.Now().AddDate(1, 0, 0))
	})
	if err != nil {
		h.draw.Fatal(err)
	}

	in := registerclient.ReidentifyRequest{
		MPxN: h.mpxn, Method: registerclient.MethodMagicLink, OtherAddress: other,
	}
	var started registerclient.ReidentifyResponse
	err = h.store.Transact(h.tb.Context(), func(tx *store.Tx) (err error) {
		started, err = h.Reidentify(h.tb.Context(), tx, h.portal, h.mpxn, in)

		return err
	})
	if err != nil {
		return // no contact stands
	}

	letters := h.letters(h.tb)
	household := householdAt(letters[0].To)
	_, inDispute := h.reported()
	if h.isDivided() && !inDispute && household != second {
		h.draw.Fatalf("a link goes to %s after the change", letters[0].To)
	}

	opened := must(h.Open(h.tb.Context(), store.LinkSecret, linkSecret(h.tb, letters[0])))(h.tb)
	must(h.ConfirmByLink(h.tb.Context(), opened, rules.LinkConfirmation{ByHand: true}))(h.tb)
	byLink := must(h.read(started.TokenRef()))(h.tb)
	h.letters(h.tb) // about the reading

	for _, p := range h.livingPeople("") {
		if p.household != household || h.moveIn[household] > dayOf(h.Now()) {
			continue
		}

		own := must(h.read(h.token(h.tb, h.portal, h.mpxn, p.ir, nil)))(h.tb)
		if !maps.Equal(byLink, own) {
			h.draw.Fatalf("%s reads %v, and the %s household %v", letters[0].To, byLink, household, own)
		}
	}
}

// read returns the keys of the list that a token opens.
func (h *history) read(token string) (map[string]bool, error) {
	list, err := h.ReadWithToken(h.tb.Context(), h.portal.AccountID, h.mpxn, rules.RecordFilter{}, token)
	keys := map[string]bool{}
	for _, record := range list.Records {
		keys[record.AK] = true
	}

	return keys, err
}

// lookAs reads the list as a person, and compares it with everything that the token of the person reaches.
func (h *history) lookAs(p *person) {
	token := h.token(h.tb, h.portal, h.mpxn, p.ir, nil)
	before := h.reached(token)
	list, err := h.ReadWithToken(h.tb.Context(), h.portal.AccountID, h.mpxn, rules.RecordFilter{}, token)
	after := h.reached(token)
	isTrue, isFalse := h.inForce()
	_, inDispute := h.reported()
	switch {
	case err != nil && len(before)+len(after) > 0:
		h.draw.Fatalf("the list is refused, and the token reaches %v, %v", before, after)
	case err == nil && p.household == first && isTrue && !inDispute:
		h.draw.Fatalf("the first household reads %d records after the change", len(list.Records))
	case err != nil && (!isTrue || p.household == second || inDispute) && !isFalse:
		h.draw.Fatalf("the %s household reads nothing: %v", p.household, err)
	case err != nil:
		return
	}

	shown := map[string]registerclient.AccessRecordSummary{}
	for _, record := range list.Records {
		shown[record.AK] = record
	}

	h.expectReached(shown, before)
	h.expectReached(shown, after)
	h.expectCounted(p, shown)
	switch {
	case inDispute && (p.household == first || !isFalse):
		h.expectSide(p, shown, !isFalse)
	case isTrue:
		h.expectOwn(shown, !isFalse)
	case !isFalse:
		h.expectWhole(shown)
	}
}

// reached returns the access records that a token lets the portal act on.
func (h *history) reached(token string) map[string]bool {
	reached := map[string]bool{}
	for _, e := range h.entries {
		_, err := h.FindWithdrawalDelivery(h.tb.Context(), h.portal.AccountID, e.ak, token)
		if err == nil {
			reached[e.ak] = true
		}
	}

	return reached
}

// expectReached expects that a token reaches what is shown.
func (h *history) expectReached(shown map[string]registerclient.AccessRecordSummary, reached map[string]bool) {
	for _, e := range h.entries {
		if _, isShown := shown[e.ak]; isShown != reached[e.ak] {
			h.draw.Fatalf("%s is shown: %t, reached: %t", e.ak, isShown, reached[e.ak])
		}
	}
}

// expectCounted expects that the list of each state has the records of that state which the whole list shows.
func (h *history) expectCounted(p *person, shown map[string]registerclient.AccessRecordSummary) {
	want := map[registerclient.AccessState]int{}
	for _, record := range shown {
		want[record.State]++
	}

	state := pick(h, "state", []string{"ACTIVE", "DISCOVERED", "EXPIRED", "REVOKED"})
	filter := must(rules.ParseRecordFilter(&state, nil))(h.tb)
	token := h.token(h.tb, h.portal, h.mpxn, p.ir, nil)
	list := must(h.ReadWithToken(h.tb.Context(), h.portal.AccountID, h.mpxn, filter, token))(h.tb).Records
	if len(list) != want[registerclient.AccessState(state)] {
		h.draw.Fatalf("%d records are %s, the whole list has %d", len(list), state,
			want[registerclient.AccessState(state)])
	}
}

// expectWhole expects everything, as if no change had been reported.
func (h *history) expectWhole(shown map[string]registerclient.AccessRecordSummary) {
	if len(shown) != len(h.entries)+len(h.sightings) {
		h.draw.Fatalf("%d of %d records and %d sightings are shown", len(shown), len(h.entries), len(h.sightings))
	}

	for ak, record := range shown {
		if record.EarlierOccupant {
			h.draw.Fatalf("%s is an earlier occupant's without a change", ak)
		}
	}
}

// expectOwn expects what concerns the second household, and nothing that ended before its time. complete says that all
// of it is expected.
func (h *history) expectOwn(shown map[string]registerclient.AccessRecordSummary, complete bool) {
	now := h.Now()
	began := min(dayOf(h.change), h.moveIn[second])
	for _, e := range h.entries {
		record, isShown := shown[e.ak]
		isOwn := e.person.household == second
		end := e.endAt(now)
		switch {
		case isShown && !isOwn && !end.IsZero() && dayOf(end) < began:
			h.draw.Fatalf("%s ended on %s and is shown to those who came on %s", e.ak, dayOf(end), began)
		case record.EarlierOccupant && !end.IsZero():
			h.draw.Fatalf("%s is an earlier occupant's, has ended and is shown", e.ak)
		case !complete:
		case !isShown && end.IsZero():
			h.draw.Fatalf("%s is active and hidden", e.ak)
		case isOwn && !e.person.anonymised && !e.ended && (!isShown || record.EarlierOccupant):
			h.draw.Fatalf("%s is their own; shown: %t, earlier: %t", e.ak, isShown, record.EarlierOccupant)
		}
	}

	for ak, seen := range h.sightings {
		_, isShown := shown[ak]
		if concerns := seen.lastSeen >= dayOf(h.change); isShown && !concerns || complete && concerns && !isShown {
			h.draw.Fatalf("a sighting last seen on %s is shown: %t", seen.lastSeen, isShown)
		}
	}
}

// expectSide expects what one household has in a dispute, and nothing of the other one. complete says that all of it
// is expected.
func (h *history) expectSide(p *person, shown map[string]registerclient.AccessRecordSummary, complete bool) {
	for _, e := range h.entries {
		_, isShown := shown[e.ak]
		endedBefore := e.ended && dayOf(e.registeredAt) < dayOf(h.change)
		expected := h.mayHave(p.household, e.at) && (p.household == first || !endedBefore)
		if isShown && !expected || complete && expected && !isShown {
			h.draw.Fatalf("%s came at %s and is shown to the %s household: %t", e.ak, e.at, p.household, isShown)
		}
	}

	for ak, seen := range h.sightings {
		_, isShown := shown[ak]
		expected := h.mayHave(p.household, seen.at) && (p.household == first || seen.lastSeen >= dayOf(h.change))
		if isShown && !expected || complete && expected && !isShown {
			h.draw.Fatalf("a sighting of %s is shown to the %s household: %t", seen.at, p.household, isShown)
		}
	}
}
