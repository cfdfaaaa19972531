package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// A contact whose record cannot be opened holds up no other one.
func TestBrokenContactHoldsUpNoWait(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.patchEmail(t, "new@example.com")
	other := must(h.createIdentity(t, h.owner, registertest.IdentityRecord("2345678", customerEmail)))(t)
	in := registerclient.UpdateIdentityRecordRequest{Email: new("new@example.com")}
	h.clock.Add(time.Minute)
	must(h.UpdateIdentityRecord(t.Context(), "owner", other.IR, in))(t)
	h.contactLetters(t)

	h.exec(t, `UPDATE contacts SET sealed_email = 'broken' WHERE ir = ? AND replaces IS NOT NULL`, h.ir)
	h.clock.Add(8 * day)
	done, err := h.EndWaits(t.Context())
	if done != 1 || err == nil {
		t.Errorf("%d waits ended, and %v; want one and the failure of the other", done, err)
	}
	h.expectStanding(t, other.IR, "stands replaced")
}

// A contact that was planted long before the last standing one goes does not stand at once then: it waits as a new one
// does, and the Data Users of the home are told.
func TestPlantedContactWaitsFromTheEndOfTheLastOne(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t testing.TB, h *house){
		"removed": func(t testing.TB, h *house) { h.remove(t, h.visit(t), "c*****r@example.com") },
		"set aside": func(t testing.TB, h *house) {
			h.visit(t)
			h.decide(t, rules.SetAside, h.contactOf(t, h.ir).ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, registertest.SQLite)
			h.access(t, h.owner, h.ir, registerclient.BasisConsent)
			h.subscribe(t, h.owner, "https://owner.example.org/events", registerclient.EventContactAdded)
			planted := h.lives(t, h.account(t, "rogue", registerclient.RoleDataUser), "rogue@example.com", "2022-06-30")
			for range 6 {
				h.contactLetters(t)
				h.clock.Add(10 * day)
				must(h.EndWaits(t.Context()))(t)
			}
			h.expectStanding(t, planted, "provisional new")

			end(t, h)
			stands := h.Now().Add(30 * day)
			h.letters(t)
			if events := h.events(t); len(events) != 1 || events[0].EventType != registerclient.EventContactAdded {
				t.Errorf("the owner is told %+v", events)
			}

			for h.Now().Before(stands) {
				if c := h.contactOf(t, planted); c.State != store.ContactProvisional {
					t.Fatalf("%v before its time: %s %s", stands.Sub(h.Now()), c.State, c.Why)
				}
				h.clock.Add(day)
				h.contactLetters(t)
				must(h.EndWaits(t.Context()))(t)
			}
			h.expectStanding(t, planted, "stands waited")
		})
	}
}
