package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

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

// A record supersedes the sightings of its organisation, which are found by the reference on the account and never by
// the meter point alone (docs/decisions.md, Claiming).
func TestRegisteringSupersedesSightings(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, portal, theirs := household(t, r)
	create(t, owner, theirs, registerclient.BasisContract) // so that the customer of this account opens the list
	dcc := r.Client(t, registerclient.RoleDCC)
	must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")))(t)
	must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00777")))(t)
	acme := r.ClientOf(t, registerclient.CreateAccountRequest{
		Role:                  registerclient.RoleDataUser,
		OrganisationReference: "SEC-OU-00429",
	})
	ir := identity(t, acme, "")
	create(t, acme, ir, registerclient.BasisContract)
	must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")))(t)
	var discovered []string
	for _, record := range list(t, portal, magicLink(t, portal)) {
		if record.State == registerclient.StateDiscovered {
			discovered = append(discovered, record.DiscoveredAccess.OrganisationReference)
		}
	}

	if !slices.Equal(discovered, []string{"SEC-OU-00777"}) {
		t.Errorf("listed as discovered: %v", discovered)
	}

	elsewhere := sighting("SEC-OU-00429")
	elsewhere.MPxN = "9900000000001"
	must(dcc.SubmitDiscoveredAccess(t.Context(), elsewhere))(t)
	var superseded int
	err := r.DB.Write.Get(&superseded, `SELECT COUNT(*) FROM discovered_access WHERE superseded_by IS NOT NULL`)
	if err != nil || superseded != 1 {
		t.Errorf("%d superseded sightings, want 1 (%v)", superseded, err)
	}
}
