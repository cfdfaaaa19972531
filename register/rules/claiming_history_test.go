package rules_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// claimingHistory is one meter point, at which random records are registered, revoked and expire, and organisations are
// seen. It keeps a plain model of what happened.
type claimingHistory struct {
	*records
	tb       testing.TB
	draw     *rapid.T
	mpxn     string
	portal   store.Account
	accounts []store.Account
	// irs are the identity records of the accounts at the meter point.
	irs        []string
	registered []*claimedRecord
	seen       map[string]registerclient.DiscoveredAccess // by reference
}

// claimedRecord is an access record in the model.
type claimedRecord struct {
	owner     store.Account
	ak        string
	dataTypes []registerclient.DataType
	expiry    *time.Time
	revokedAt *time.Time
}

// end returns when the record ended; nil if it is active.
func (c *claimedRecord) end(now time.Time) *time.Time {
	switch {
	case c.revokedAt != nil:
		return c.revokedAt
	case c.expiry != nil && !now.Before(*c.expiry):
		return c.expiry
	default:
		return nil
	}
}

// After random registrations, revocations and sightings, each reading lists the discovered access that a slow model
// lists (docs/decisions.md, Claiming).
func TestClaimingHistories(t *testing.T) {
	t.Parallel()
	shared := openRecords(t, registertest.SQLite)
	portal := shared.account(t, "portal", registerclient.RolePortal)
	accounts := []store.Account{
		shared.account(t, "alone", registerclient.RoleDataUser),
		shared.account(t, "pair", registerclient.RoleDataUser),
	}
	twin := dataUser()
	twin.AccountID = "twin"
	twin.OrganisationReference = "PAIR"
	if _, _, err := shared.AddAccount(t.Context(), twin); err != nil {
		t.Fatal(err)
	}
	accounts = append(accounts, must(shared.store.FindAccount(t.Context(), "twin"))(t))

	played := 0
	rapid.Check(t, func(draw *rapid.T) {
		played++
		shared.clock.Set(time.Date(2026, time.December, 17, 9, 0, 0, 0, time.UTC))
		h := &claimingHistory{
			records:  shared,
			tb:       t,
			draw:     draw,
			mpxn:     fmt.Sprintf("%013d", played),
			portal:   portal,
			accounts: accounts,
			seen:     map[string]registerclient.DiscoveredAccess{},
		}
		for _, account := range accounts {
			h.irs = append(h.irs, h.identity(t, account, h.mpxn, "2022-06-30"))
		}

		steps := []func(){h.wait, h.wait, h.registerOne, h.registerOne, h.revokeOne, h.see, h.see, h.read}
		for range rapid.IntRange(5, 30).Draw(draw, "length") {
			rapid.SampledFrom(steps).Draw(draw, "step")()
		}
		h.read()
	})
}

func (h *claimingHistory) wait() {
	h.clock.Add(time.Duration(rapid.IntRange(1, 100).Draw(h.draw, "hours")) * time.Hour)
}

func (h *claimingHistory) someTypes() []registerclient.DataType {
	types := []registerclient.DataType{
		registerclient.HalfHourlyConsumption, registerclient.TariffImport, registerclient.AnnualExport,
	}

	return rapid.SliceOfNDistinct(rapid.SampledFrom(types), 1, 3, rapid.ID[registerclient.DataType]).
		Draw(h.draw, "types")
}

func (h *claimingHistory) registerOne() {
	owner := rapid.IntRange(0, len(h.accounts)-1).Draw(h.draw, "owner")
	in := registertest.AccessRecord(h.irs[owner], registerclient.BasisContract)
	in.Processing.DataTypes = h.someTypes()
	in.AccessEvent.Expiry = nil
	if seconds := rapid.SampledFrom([]int{0, 0, 1, 90_000}).Draw(h.draw, "seconds"); seconds > 0 {
		in.AccessEvent.Expiry = new(h.Now().Add(time.Duration(seconds) * time.Second))
	}

	h.registered = append(h.registered, &claimedRecord{
		owner:     h.accounts[owner],
		ak:        must(h.register(h.tb, h.accounts[owner], in))(h.tb),
		dataTypes: in.Processing.DataTypes,
		expiry:    in.AccessEvent.Expiry,
	})
}

func (h *claimingHistory) revokeOne() {
	for _, record := range h.registered {
		if record.end(h.Now()) == nil && rapid.Bool().Draw(h.draw, "revoke") {
			must(h.RevokeOwn(h.tb.Context(), record.owner.AccountID, record.ak, nil))(h.tb)
			record.revokedAt = new(h.Now())

			return
		}
	}
}

func (h *claimingHistory) see() {
	reference := rapid.SampledFrom([]string{"ALONE", "PAIR", "STRANGER"}).Draw(h.draw, "reference")
	in := sightingOf(reference, h.Now().AddDate(0, -1, 0))
	in.MPxN = h.mpxn
	in.LastSeen = registerclient.Date(dayOf(h.Now().AddDate(0, 0, -rapid.IntRange(0, 5).Draw(h.draw, "days ago"))))
	in.DataTypesObserved = h.someTypes()

	prepared := must(h.PrepareSighting(in))(h.tb)
	h.change(h.tb, func(tx *store.Tx) error {
		_, _, err := h.ReportSighting(h.tb.Context(), tx, "dcc", prepared)

		return err
	})
	h.seen[reference] = in
}

// read compares the list with the model.
func (h *claimingHistory) read() {
	want := map[string]string{}
	for reference, sighting := range h.seen {
		if verdict := h.judge(reference, sighting); verdict != "covered" {
			want[reference] = verdict
		}
	}

	token := h.token(h.tb, h.portal, h.mpxn, h.irs[0], nil)
	list := must(h.ReadWithToken(h.tb.Context(), h.portal.AccountID, h.mpxn, rules.RecordFilter{}, token))(h.tb).Records
	got := map[string]string{}
	for _, record := range list {
		switch {
		case record.DiscoveredAccess == nil:
		case record.StillSeenAfterStop:
			got[record.DiscoveredAccess.OrganisationReference] = "after " + record.EndedAt.Format(time.RFC3339)
		default:
			got[record.DiscoveredAccess.OrganisationReference] = "shown"
		}
	}

	if fmt.Sprint(got) != fmt.Sprint(want) {
		h.draw.Fatalf("listed are %v, want %v", got, want)
	}
}

// judge returns "covered", "shown", or "after" and the latest end of an access that the last day seen lies past.
func (h *claimingHistory) judge(reference string, sighting registerclient.DiscoveredAccess) string {
	missing := slices.Clone(sighting.DataTypesObserved)
	latest := ""
	for _, record := range h.registered {
		if *record.owner.OrganisationReference != reference {
			continue
		}

		end := record.end(h.Now())
		if end != nil && rules.WorkingDaysBetween(*end, string(sighting.LastSeen)) >= 2 {
			latest = max(latest, "after "+end.Format(time.RFC3339))
			continue
		}

		missing = slices.DeleteFunc(missing, func(dataType registerclient.DataType) bool {
			return slices.Contains(record.dataTypes, dataType)
		})
	}

	switch {
	case len(missing) == 0:
		return "covered"
	case latest != "":
		return latest
	default:
		return "shown"
	}
}
