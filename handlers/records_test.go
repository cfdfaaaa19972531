package handlers

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

var now = time.Date(2026, time.June, 1, 9, 0, 0, 0, time.UTC)

func point[T any](v T) *T { return &v }

// summary returns an active record on consent, without an end.
func summary(name string) registerclient.AccessRecordSummary {
	return registerclient.AccessRecordSummary{
		AK: "ak_1", LeadControllerName: &name, State: registerclient.StateActive,
		ArrangementType: point(registerclient.ArrangementSole), LegalBasis: point(registerclient.BasisConsent),
		Purpose: point("Analysis"), DataTypes: []registerclient.DataType{registerclient.HalfHourlyConsumption},
		RegisteredAt: point(now.AddDate(-1, 0, 0)),
	}
}

func TestRecordsAreSorted(t *testing.T) {
	t.Parallel()
	record := func(name string, change func(*registerclient.AccessRecordSummary)) heldRecord {
		s := summary(name)
		change(&s)
		return heldRecord{Summary: s}
	}
	since := func(years int) func(*registerclient.AccessRecordSummary) {
		return func(s *registerclient.AccessRecordSummary) { s.RegisteredAt = point(now.AddDate(-years, 0, 0)) }
	}
	ended := func(days int) func(*registerclient.AccessRecordSummary) {
		return func(s *registerclient.AccessRecordSummary) { s.Expiry = point(now.AddDate(0, 0, -days)) }
	}
	again := heldRecord{Summary: registerclient.AccessRecordSummary{
		State:              registerclient.StateDiscovered,
		StillSeenAfterStop: true,
		EndedAt:            point(now.AddDate(0, -2, 0)),
		EndedBy:            registerclient.RevokedByCustomer,
		DiscoveredAccess: &registerclient.DiscoveredAccess{
			OrganisationName: "seen again", FirstSeen: "2024-01-01", LastSeen: "2026-05-05",
		},
	}}
	sighting := func(name string, last registerclient.Date, superseded *string) heldRecord {
		return heldRecord{
			Summary: registerclient.AccessRecordSummary{
				State: registerclient.StateDiscovered,
				DiscoveredAccess: &registerclient.DiscoveredAccess{
					OrganisationName: name, FirstSeen: "2024-01-01", LastSeen: last, SupersededBy: superseded,
				},
			},
		}
	}
	list := sortRecords([]heldRecord{
		record(
			"contract",
			func(s *registerclient.AccessRecordSummary) { s.LegalBasis = point(registerclient.BasisContract) },
		),
		record("old consent", since(3)),
		record("ended long ago", ended(100)),
		sighting("seen once", "", nil),
		again,
		record("new consent", since(1)),
		record("ended lately", ended(1)),
		sighting("seen lately", "2026-02-28", nil),
		sighting("registered since", "2026-03-01", point("ak_2")),
		{Summary: registerclient.AccessRecordSummary{State: registerclient.StateDiscovered}},
	}, now)
	var names []string
	for _, d := range append(list.StillSeen, list.Discovered...) {
		names = append(names, d.Organisation)
	}
	for _, r := range append(list.Active, list.Ended...) {
		names = append(names, r.Organisation)
	}

	want := []string{
		"seen again",
		"seen lately",
		"seen once",
		"new consent",
		"old consent",
		"contract",
		"ended lately",
		"ended long ago",
	}
	if !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	if first := list.StillSeen[0]; !first.Stopped || !first.EndedAt.Equal(now.AddDate(0, -2, 0)) {
		t.Errorf("the organisation that was seen again: %+v", first)
	}
	if !list.Discovered[1].LastSeen.Equal(list.Discovered[1].FirstSeen) {
		t.Errorf("a sighting without a last day has %v", list.Discovered[1].LastSeen)
	}
}

func TestRecordsPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.discover(t)
	records := w.browser(t).signIn()
	for _, code := range []string{
		"HH-CONSUMPTION",
		"TARIFF-IMPORT",
		"uk-consent",
		"uk-public-task",
		"DISCOVERED",
		"ACTIVE",
		"ak_",
		"ir_",
	} {
		if strings.Contains(records.body, code) {
			t.Errorf("the page shows the code %s", code)
		}
	}

	if !strings.Contains(records.body, "23 1234 5678 901") {
		t.Error("the page does not name the meter point as a bill does")
	}
	if n := records.doc.Find(`a[href$="/withdraw"]`).Length(); n != 1 {
		t.Errorf("%d can be stopped, want 1", n)
	}
}

// The list opens under a new session id. Windows that open it at once must not end each other's session.
func TestManyWindowsOpenTheRecordsAtOnce(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		w := newWorld(t, func(s *setting) {
			s.database = d
			s.handover = handoverTime
		})
		for range 3 {
			w.register.Clock.Add(time.Hour)
			b := w.browser(t)
			b.prove()
			b.confirm()
			b.get("/portal/waiting/check").sendsTo(t, "/portal/records")
			var windows sync.WaitGroup
			for range 8 {
				windows.Go(func() {
					p := b.follow(b.get("/portal/records"))
					if p.StatusCode != 200 || p.Request.URL.Path != "/portal/records" {
						t.Errorf("ends at %s with %d", p.Request.URL.Path, p.StatusCode)
					}
				})
			}

			windows.Wait()
			if n := w.sessions(t); n != 1 {
				t.Errorf("%d sessions", n)
			}

			b.post("/portal/sign-out", url.Values{"token": {b.get("/portal/records").token(t)}})
		}
	})
}

// An organisation that the DCC saw after its access had ended stands first of all: on the page and in each file. It has
// a filter, and a letter to it.
func TestStillSeenAfterStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.seeAfterStop(t)
	b := w.browser(t)
	list := b.signIn()
	card := list.doc.Find("#still-seen article")
	if card.Length() != 1 || !strings.Contains(card.Text(), "Again Energy Ltd") {
		t.Fatalf("still seen: %q", card.Text())
	}
	if got := list.doc.Find("article").First().AttrOr("id", ""); got != card.AttrOr("id", "") {
		t.Errorf("the first card is %q", got)
	}

	narrowed := b.get("/portal/records?state=still-seen")
	if got := narrowed.doc.Find("article").Length(); got != 1 {
		t.Errorf("the filter shows %d cards, want 1", got)
	}

	letter := b.get(card.Find(`a[href$="/letter"]`).AttrOr("href", "")).doc.Find("#letter").Text()
	for _, words := range []string{
		"To ", "Again Energy Ltd", "Your access to the data from my meter ended on 1 June 2026.", "SEC-OU-00618",
		"Please stop reading my data at once",
	} {
		if !strings.Contains(letter, words) {
			t.Errorf("the letter does not say %q: %s", words, letter)
		}
	}

	table := strings.Split(b.get("/portal/records.csv").body, "\r\n")
	if !strings.HasPrefix(table[1], `"Again Energy Ltd","Still seen after its access ended"`) {
		t.Errorf("the table begins %q", table[1])
	}
	if file := b.get("/portal/records.json").body; strings.Count(file, `"still-seen-after-stop": true`) != 1 {
		t.Errorf("the file for programs is %s", file)
	}
	if file := b.get("/portal/records.pdf"); file.StatusCode != 200 {
		t.Errorf("the document: %d", file.StatusCode)
	}
}
