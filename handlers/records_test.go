package handlers

import (
	"encoding/csv"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

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

// The list leads to the register's own page of the contacts that can open it. The register says where that is.
func TestRecordsLeadToContacts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	records := w.browser(t).signIn()
	link := records.doc.Find(".help a[href$='/id/contacts']")
	address, _ := link.Attr("href")
	if link.Length() != 1 || address != registertest.PublicURL+"/id/contacts" {
		t.Errorf("%d links to the contacts, at %q", link.Length(), address)
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

// What an organisation has too many of is counted, and the list is shown.
func TestLongListIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 110 {
		ended := registertest.AccessRecord(w.ir, registerclient.BasisConsent)
		ended.AccessEvent.State = registerclient.StateRevoked
		if _, err := w.dataUser.CreateAccessRecord(t.Context(), ended); err != nil {
			t.Fatal(err)
		}
	}

	list := w.browser(t).signIn()
	if got := list.doc.Find("#active article").Length(); got != 2 {
		t.Errorf("%d active cards, want 2", got)
	}
	if got := list.doc.Find("#ended article").Length(); got != 98 {
		t.Errorf("%d ended cards, want 98", got)
	}
	if want := "Bright Energy Ltd has 12 more entries that are not shown."; !strings.Contains(
		strings.Join(strings.Fields(list.doc.Find("main").Text()), " "), want,
	) {
		t.Errorf("the page does not say %q", want)
	}
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

// An organisation that is suspended or has left the register may still be on the list. Nothing says of it that it can
// see the customer's data: whether it can is not known. The customer can end the permission all the same.
func TestRecordsOfExcludedOrganisations(t *testing.T) {
	t.Parallel()
	const unknown = " The register does not know if it can still see your data."
	const note = " It may not register anything new there. This entry is shown as it was. " +
		"The register does not know if it still lets anybody see your data."
	for status, words := range map[registerclient.DataUserStatus]struct{ badge, answer, note string }{
		registerclient.DataUserSuspended: {
			"Organisation suspended",
			"Agent Ltd is suspended from the Central Access Register." + unknown,
			"Agent Ltd is suspended from the Central Access Register." + note,
		},
		registerclient.DataUserTerminated: {
			"Organisation has left",
			"Agent Ltd has left the Central Access Register." + unknown,
			"Agent Ltd has left the Central Access Register." + note,
		},
	} {
		w := newAdvisedWorld(t)
		agent := w.register.ClientOf(t, registerclient.CreateAccountRequest{
			AccountID:   "agent",
			Role:        registerclient.RoleDataUser,
			DisplayName: "Agent Ltd",
		})
		w.registerFor(t, agent, registerclient.BasisConsent)
		w.register.Suspend(t, "agent")
		if status == registerclient.DataUserTerminated {
			admin := w.register.Client(t, registerclient.RoleAdmin)
			if _, err := admin.TerminateAccount(t.Context(), "agent"); err != nil {
				t.Fatal(err)
			}
		}

		b := w.browser(t)
		list := b.signIn()
		if got := list.doc.Find("#answer").
			Text(); !strings.HasSuffix(
			got,
			"can see your energy data now. "+words.answer,
		) {
			t.Errorf("%s: the answer is %q", status, got)
		}
		if n := list.doc.Find("#active article").Length(); n != 2 {
			t.Errorf("%s: %d others can see data, want 2", status, n)
		}

		card := list.doc.Find("#excluded article")
		text := strings.Join(strings.Fields(card.Text()), " ")
		if card.Length() != 1 || !strings.Contains(text, words.badge) || !strings.Contains(text, words.note) {
			t.Errorf("%s: the card says %q", status, text)
		}
		for _, claim := range []string{"can see your data ", "Can see your data", "What it can see"} {
			if strings.Contains(text, claim) {
				t.Errorf("%s: the card says %q", status, claim)
			}
		}

		row := list.doc.Find(`#timeline li:contains("` + words.badge + `") .t-bar`)
		if row.Length() != 1 || row.Find(".t-full").Length() != 0 {
			t.Errorf("%s: the timeline does not say it, or draws access", status)
		}

		w.expectExcludedOutputs(t, b, status, words.badge, words.note)
		w.expectExcludedEnds(t, b, card, status)
	}
}

// expectExcludedEnds checks that the customer can end the permission of the card, and what the list says then.
func (w *world) expectExcludedEnds(
	t testing.TB, b *browser, card *goquery.Selection, status registerclient.DataUserStatus,
) {
	t.Helper()
	adviser := w.adviser(t)
	adviser.help()
	handover := adviser.get("/portal/adviser/handover").doc.Find("main").Text()
	if !strings.Contains(handover, "Suspended from the Central Access Register, or left") {
		t.Errorf("%s: the page to hand over says %q", status, handover)
	}

	path, _ := card.Find(`a[href$="/withdraw"]`).Attr("href")
	asked := b.get(path)
	if got := strings.TrimSpace(asked.doc.Find("h1").Text()); !strings.HasPrefix(got, "End the permission for ") {
		t.Errorf("%s: asks %q", status, got)
	}

	b.post(path, url.Values{"token": {asked.token(t)}}).sendsTo(t, strings.TrimSuffix(path, "withdraw")+"withdrawn")
	ended := strings.Join(strings.Fields(b.get("/portal/records").doc.Find("#ended").Text()), " ")
	if !strings.Contains(ended, "It may not register anything new there.") ||
		strings.Contains(ended, "shown as it was") {
		t.Errorf("%s: after the end the list says %q", status, ended)
	}
}

// expectExcludedOutputs checks that the files and the letter say what the card says.
func (w *world) expectExcludedOutputs(
	t testing.TB, b *browser, status registerclient.DataUserStatus, badge, note string,
) {
	t.Helper()
	const only = "?state=suspended-or-left"
	var exported struct {
		Entries []struct {
			Status struct{ Code, Words string }
			By     struct{ Code, Words string } `json:"registered-by-status"`
		}
	}
	if err := json.Unmarshal([]byte(b.get("/portal/records.json"+only).body), &exported); err != nil {
		t.Fatal(err)
	}
	if len(exported.Entries) != 1 {
		t.Fatalf("%s: exported %+v", status, exported)
	}
	if e := exported.Entries[0]; e.Status.Words != badge || e.By.Code != string(status) || e.By.Words != note {
		t.Errorf("%s: exported %+v", status, e)
	}

	table := strings.TrimPrefix(b.get("/portal/records.csv"+only).body, byteOrderMark)
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][1] != badge || rows[1][len(rows[1])-1] != note {
		t.Errorf("%s: the table is %q (%v)", status, rows, err)
	}

	words := pdfText(t, b.get("/portal/records.pdf"+only).body)
	for _, want := range []string{
		"Suspended from the Central Access Register, or left",
		badge,
		"It may not register anything new there.",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("%s: the document does not say %q", status, want)
		}
	}

	link := b.get("/portal/records"+only).doc.Find(`#excluded a[href*="/letter"]`).AttrOr("href", "")
	letter := strings.Join(strings.Fields(b.get(link).doc.Find("#letter").Text()), " ")
	if !strings.Contains(letter, "The register also shows that Agent Ltd ") || strings.Contains(letter, "can read") {
		t.Errorf("%s: the letter says %q", status, letter)
	}
}
