package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	list := views.List{
		StillSeen:  []views.Sighting{{Organisation: "Again Energy", EndedAt: now}},
		Discovered: []views.Sighting{{Organisation: "Acme"}},
		Active: []views.Record{
			{Organisation: "Bright Energy", Basis: views.BasisConsent, State: views.RecordActive},
			{
				Organisation: "Tŷ Clyd",
				Basis:        views.BasisContract,
				State:        views.RecordEndingSoon,
				Controllers:  []views.Controller{{Name: "Tŷ Clyd"}, {Name: "Second Ltd"}},
			},
		},
		Excluded: []views.Record{
			{Organisation: "Barred", Basis: views.BasisConsent, State: views.RecordSuspended},
		},
		Ended: []views.Record{
			{Organisation: "Old Energy", Basis: views.BasisConsent, State: views.RecordExpired, DataUser: "Agent"},
		},
	}
	for _, test := range []struct {
		filter views.Filter
		want   string
	}{
		{views.Filter{}, "Again Energy, Acme, Bright Energy, Tŷ Clyd, Barred, Old Energy"},
		{views.Filter{State: "still-seen"}, "Again Energy"},
		{views.Filter{State: "seen"}, "Acme"},
		{views.Filter{State: "can-see"}, "Bright Energy, Tŷ Clyd"},
		{views.Filter{State: "ending-soon"}, "Tŷ Clyd"},
		{views.Filter{State: "suspended-or-left"}, "Barred"},
		{views.Filter{State: "ended"}, "Old Energy"},
		{views.Filter{Basis: "you-said-yes"}, "Bright Energy, Barred, Old Energy"},
		{views.Filter{Basis: "none-given"}, "Acme"},
		{views.Filter{State: "ended", Basis: "contract"}, ""},
		{views.Filter{Name: "ENERGY"}, "Again Energy, Bright Energy, Old Energy"},
		{views.Filter{Name: "ty cl"}, "Tŷ Clyd"},
		{views.Filter{Name: "second"}, "Tŷ Clyd"},
		{views.Filter{Name: "agent"}, "Old Energy"},
		{views.Filter{Name: "nobody"}, ""},
	} {
		found := narrow(list, test.filter)
		var names []string
		for _, d := range append(found.StillSeen, found.Discovered...) {
			names = append(names, d.Organisation)
		}
		for _, r := range slices.Concat(found.Active, found.Excluded, found.Ended) {
			names = append(names, r.Organisation)
		}
		if got := strings.Join(names, ", "); got != test.want {
			t.Errorf("%+v passes %q, want %q", test.filter, got, test.want)
		}
	}

	choices := fmt.Sprint(stateChoices(list), reasonChoices(list))
	want := "[{still-seen filter.state.still-seen 1} {seen filter.state.seen 1} {can-see filter.state.can-see 2} " +
		"{ending-soon filter.state.ending-soon 1} {suspended-or-left filter.state.excluded 1} " +
		"{ended filter.state.ended 1}] " +
		"[{you-said-yes records.basis.consent 3} {contract records.basis.contract 1} " +
		"{none-given records.discovered.badge 1}]"
	if choices != want {
		t.Errorf("choices %s", choices)
	}
}

// The filter is in the address, in words of the portal's own, and is kept on the way through the pages.
func TestFilterInTheAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 5 {
		w.accessRecord(t, registerclient.BasisContract)
	}

	b := w.browser(t)
	b.signIn()
	const query = "?q=bright&reason=contract&state=can-see"
	p := b.get("/portal/records" + query)
	if got := p.doc.Find("#active article").Length(); got != 5 || p.doc.Find("#discovered, #ended").Length() != 0 {
		t.Errorf("%d cards, want 5", got)
	}
	if got := strings.TrimSpace(p.doc.Find("#found strong").Text()); got != "5 entries of 7 are shown." {
		t.Errorf("the count says %q", got)
	}
	href := p.doc.Find("#language a").AttrOr("href", "")
	if href != "/portal/records?lang=cy&q=bright&reason=contract&state=can-see" {
		t.Errorf("the other language is at %s", href)
	}
	for _, option := range p.doc.Find("form.filter option").EachIter() {
		if value := option.AttrOr("value", ""); strings.Contains(value, "uk-") || strings.ToLower(value) != value {
			t.Errorf("a code in the address: %s", value)
		}
	}

	none := b.get("/portal/records?q=nobody")
	if none.doc.Find("article").Length() != 0 || none.doc.Find(`#found a[href^="/portal/records"]`).Length() != 1 {
		t.Error("where nothing fits there is something, or no way back")
	}
	// An unknown value narrows nothing.
	if got := b.get("/portal/records?state=%00&reason=uk-consent").doc.Find("article").Length(); got != 7 {
		t.Errorf("an unknown filter leaves %d of 7", got)
	}

	path := b.get("/portal/records?reason=you-said-yes").doc.Find(`a[href*="/withdraw"]`).AttrOr("href", "")
	if !strings.HasSuffix(path, "/withdraw?reason=you-said-yes") {
		t.Fatalf("the way to withdraw is %s", path)
	}

	review := b.get(path)
	if review.doc.Find(`a[href="/portal/records?reason=you-said-yes"]`).Length() != 2 {
		t.Error("the ways back do not keep the filter")
	}

	b.post(path, url.Values{"token": {review.token(t)}}).sendsTo(t, strings.Replace(path, "withdraw?", "withdrawn?", 1))

	// htmx gets the list alone, with the shortest address and the link to the other language.
	b.header = http.Header{"Hx-Request": {"true"}}
	part := b.get("/portal/records?state=ended&reason=&q=")
	if part.Header.Get("HX-Replace-Url") != "/portal/records?state=ended" || strings.Contains(part.body, "<html") ||
		part.doc.Find("#list").Length() != 1 {
		t.Errorf("the part for htmx: %v", part.Header)
	}
	if part.doc.Find(`[hx-swap-oob] a[href="/portal/records?lang=cy&state=ended"]`).Length() != 1 {
		t.Error("the part does not bring the other language's address")
	}
}

// A customer may type the meter point number instead of a name. No address of the portal repeats it.
func TestNumberInTheNameField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.signIn()
	for _, typed := range []string{w.meterPoint, "23 1234 5678 901", "23-1234"} {
		query := url.Values{"q": {typed}, "state": {"can-see"}}.Encode()
		b.get("/portal/records?"+query).sendsTo(t, "/portal/records?state=can-see")
		b.header = http.Header{"Hx-Request": {"true"}}
		part := b.get("/portal/records?" + query)
		if part.Header.Get("HX-Replace-Url") != "/portal/records?state=can-see" {
			t.Errorf("%q: the address becomes %s", typed, part.Header.Get("HX-Replace-Url"))
		}

		b.header = http.Header{}
		b.get("/portal/records/several?" + query) // browser.check looks at every address on the page
	}
}
