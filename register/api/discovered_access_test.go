package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// sighting returns a valid report of an organisation at MeterPoint, to alter.
func sighting(reference string) registerclient.DiscoveredAccess {
	return registerclient.DiscoveredAccess{
		MPxN:                  registertest.MeterPoint,
		OrganisationName:      "Acme Energy Services Ltd",
		OrganisationReference: reference,
		FirstSeen:             "2024-06-01",
		LastSeen:              "2026-02-28",
		DataTypesObserved:     []registerclient.DataType{registerclient.HalfHourlyConsumption},
		SourceReference:       "DCC-TRANS-2024-06-01",
	}
}

// A second report of an organisation refreshes the first sighting and makes no second row.
func TestSightingIsRefreshed(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		_, portal, _ := household(t, r)
		dcc := r.Client(t, registerclient.RoleDCC)
		first := must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")))(t)
		text := string(must(json.Marshal(sighting("SEC-OU-00777")))(t))
		raw := bearer(t, r, "dcc_system", registerclient.RoleDCC)
		for _, want := range []int{http.StatusCreated, http.StatusOK} {
			a := post(t, r.URL+"/discovered-access", raw, text)
			if a.status != want || a.body["state"] != "DISCOVERED" {
				t.Errorf("%d %v, want %d", a.status, a.body, want)
			}
		}

		again := sighting("SEC-OU-00429")
		again.FirstSeen = "2025-01-01"
		again.LastSeen = ""
		if second := must(dcc.SubmitDiscoveredAccess(t.Context(), again))(t); second.AK != first.AK {
			t.Error("the second sighting has a key of its own")
		}

		// Another source of the same organisation is no other sighting.
		again.SourceReference = "DCC-TRANS-2"
		again.DataTypesObserved = []registerclient.DataType{registerclient.TariffImport}
		must(dcc.SubmitDiscoveredAccess(t.Context(), again))(t)
		got := list(t, portal, magicLink(t, portal))
		slices.SortFunc(got, func(a, b registerclient.AccessRecordSummary) int {
			return strings.Compare(a.DiscoveredAccess.OrganisationReference, b.DiscoveredAccess.OrganisationReference)
		})
		if len(got) != 2 || got[0].DiscoveredAccess.SourceReference != "DCC-TRANS-2" ||
			!slices.Equal(got[0].DataTypes, again.DataTypesObserved) {
			t.Errorf("listed %+v", got)
		}
		if got[0].DiscoveredAccess.FirstSeen != "2024-06-01" || got[0].DiscoveredAccess.LastSeen != "2026-06-01" {
			t.Errorf("listed %+v", got[0].DiscoveredAccess)
		}
	})
}

// A record hides the sightings of its organisation, which are found by the reference on the account and never by the
// meter point alone. An end of it that the organisation was last seen after shows them first of all (docs/decisions.md,
// Claiming).
func TestRegisteringClaimsSightings(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	supplier, portal, home := household(t, r)
	create(t, supplier, home, registerclient.BasisContract) // so that the customer of this account opens the list
	dcc := r.Client(t, registerclient.RoleDCC)
	must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")))(t)
	must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00777")))(t)
	acme := r.ClientOf(t, registerclient.CreateAccountRequest{
		Role:                  registerclient.RoleDataUser,
		OrganisationReference: "SEC-OU-00429",
	})
	ir := identity(t, acme, "")
	ak := create(t, acme, ir, registerclient.BasisContract)
	must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")))(t)
	discovered := func() (references []string) {
		t.Helper()
		for _, record := range list(t, portal, magicLink(t, portal)) {
			if record.State == registerclient.StateDiscovered {
				references = append(references, record.DiscoveredAccess.OrganisationReference)
			}
		}

		return references
	}
	if got := discovered(); !slices.Equal(got, []string{"SEC-OU-00777"}) {
		t.Errorf("listed as discovered: %v", got)
	}

	revoked := must(acme.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{}))(t)
	r.Clock.Add(7 * 24 * time.Hour)
	later := sighting("SEC-OU-00429")
	later.LastSeen = ""
	must(dcc.SubmitDiscoveredAccess(t.Context(), later))(t)

	first := list(t, portal, magicLink(t, portal))[0]
	if !first.StillSeenAfterStop || first.EndedBy != registerclient.RevokedByOrganisation ||
		first.EndedAt == nil || !first.EndedAt.Equal(revoked.RevokedAt) ||
		first.DiscoveredAccess.OrganisationReference != "SEC-OU-00429" {
		t.Errorf("listed first: %+v", first)
	}
}
