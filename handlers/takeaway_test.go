package handlers

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

func TestTheListCanBeTakenAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.discover(t)
	b := w.browser(t)
	for _, ending := range []string{"json", "csv", "pdf"} {
		b.get("/portal/records."+ending).wants(t, 403, "error.session-ended.title")
	}

	b.start()
	b.prove()
	b.get("/portal/records.json").sendsTo(t, "/portal/waiting")
	b.confirm()
	b.get("/portal/waiting/check")
	list := b.get("/portal/records")
	for _, ending := range []string{"json", "csv", "pdf"} {
		if list.doc.Find(`a[download][href="/portal/records.`+ending+`"]`).Length() != 1 {
			t.Errorf("the list has no link to its %s", ending)
		}

		p := b.get("/portal/records." + ending)
		if want := `attachment; filename=who-can-see-my-energy-data-2026-06-01.` + ending; p.StatusCode != 200 ||
			p.Header.Get("Content-Disposition") != want ||
			p.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %v", ending, p.StatusCode, p.Header)
		}
	}

	var taken struct {
		Shown, All int
		Entries    []struct {
			Organisation string
			Status       struct{ Code, Words string }
			Reason       *struct{ Code, Words string }
			Data         []struct{ Code, Words string }
		}
	}
	if err := json.Unmarshal([]byte(b.get("/portal/records.json").body), &taken); err != nil {
		t.Fatal(err)
	}
	if taken.Shown != 3 || taken.All != 3 || len(taken.Entries) != 3 {
		t.Fatalf("taken away: %+v", taken)
	}
	if e := taken.Entries[0]; e.Organisation != "Acme Energy Services Ltd" || e.Status.Code != "DISCOVERED" ||
		e.Reason != nil ||
		e.Data[0].Code != "HH-CONSUMPTION" {
		t.Errorf("discovered: %+v", e)
	}
	if e := taken.Entries[1]; e.Status.Code != "ACTIVE" || e.Reason.Code != "uk-consent" ||
		e.Reason.Words != "You gave permission" {
		t.Errorf("consent: %+v", e)
	}

	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.get("/portal/records.csv?reason=you-said-yes").body, "\ufeff"))).
		ReadAll()
	if err != nil || len(rows) != 2 || rows[0][0] != "Organisation" || rows[1][3] != "You gave permission" {
		t.Errorf("the filtered table is %q (%v)", rows, err)
	}
	if welsh := b.get(
		"/portal/records.csv?lang=cy",
	); !strings.Contains(welsh.body, "Rhoddoch chi ganiatâd") ||
		!strings.Contains(welsh.Header.Get("Content-Disposition"), "pwy-all-weld") {
		t.Errorf("in Welsh: %s", welsh.body)
	}
	if pdf := b.get(
		"/portal/records.pdf",
	).body; !strings.HasPrefix(pdf, "%PDF-") || !strings.Contains(pdf, "/Lang (cy)") ||
		strings.Contains(pdf, "HH-CONSUMPTION") {
		t.Error("that is no PDF in Welsh")
	}
}

// Organisations choose their names: none becomes a formula.
func TestCellsAreNoFormulas(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		`=HYPERLINK("https://evil.example","x")`: `'=HYPERLINK("https://evil.example","x")`,
		"+1":                                     "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "|calc": "'|calc", "%0a": "'%0a",
		"\t=1": "'=1", "\r\n=1": "'=1", " =1": "'=1", "'=1": "''=1", "＝1": "'＝1", "'＝1": "''＝1", "\u2068=1": "'\u2068=1",
		"Bright\tEnergy\nLtd": "Bright Energy Ltd", "Bright & Co - Energy": "Bright & Co - Energy", "": "",
	} {
		if got := harmless(cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
}

// Some spreadsheets begin a cell at each semicolon or tab as well as at each comma, but not between quotes.
func TestNoCellFallsApartAtASemicolon(t *testing.T) {
	t.Parallel()
	page := hardToPrint(1)
	page.Active[0].Organisation, page.Active[0].Purpose = `Bright;=1+cmd|' /C calc'!A0`, `Research, "both";=1;`
	file, err := writeCSV(nil, nil, page)
	if err != nil {
		t.Fatal(err)
	}

	cell := regexp.MustCompile(`"(?:[^"]|"")*"`)
	if between := cell.ReplaceAllString(
		strings.TrimPrefix(string(file), "\ufeff"),
		"",
	); strings.Trim(
		between,
		",\r\n",
	) != "" {
		t.Errorf("outside of cells stands %q in\n%s", between, file)
	}

	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff")))).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][0] != page.Active[0].Organisation ||
		rows[1][4] != page.Active[0].Purpose {
		t.Errorf("the table is %q (%v)", rows, err)
	}
}

// hardToPrint is a list of n records with names that are hard to print.
func hardToPrint(n int) views.RecordsPage {
	page := views.RecordsPage{
		Page:       views.Page{Text: i18n.For("cy"), Brand: views.Brand{Name: "Cyngor ar Bopeth ŵ"}},
		MeterPoint: views.MeterPoint{Number: "23 1234 5678 901", Electricity: true}, ReadAt: now,
	}
	names := []string{
		"Ynni Tŷ Gŵyl",
		"شركة الطاقة",
		"電力",
		"Energy 🔌 Ltd",
		strings.Repeat("Averylongword", 30),
		"Żółć & Søn",
	}
	for i := range n {
		page.Active = append(page.Active, views.Record{
			Handle: fmt.Sprint(
				i,
			),
			Organisation: names[i%len(names)],
			Arrangement:  "sole",
			State:        views.RecordActive,
			Basis:        views.BasisConsent,
			Purpose: strings.Repeat(
				"Dadansoddi defnydd. ",
				5,
			),
			Since:     now.AddDate(-1, 0, 0),
			DataTypes: []views.DataType{{Key: views.DataHalfHourlyUse}},
			Controllers: []views.Controller{
				{Name: names[i%len(names)], ContactURL: "https://example.org/" + strings.Repeat("x", 200)},
			},
		})
	}

	return page
}

// What is hard to print is printed all the same; how fast, BenchmarkPDF tells.
func TestAPDFOf200RecordsIsWritten(t *testing.T) {
	t.Parallel()
	if file, err := writePDF(nil, nil, hardToPrint(200)); err != nil || !bytes.HasPrefix(file, []byte("%PDF-")) {
		t.Errorf("%d bytes, %v", len(file), err)
	}
}

func BenchmarkPDF(b *testing.B) {
	for b.Loop() {
		if _, err := writePDF(nil, nil, hardToPrint(200)); err != nil {
			b.Fatal(err)
		}
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	all := views.List{
		Discovered: []views.Discovered{{Organisation: "Acme"}},
		Active: []views.Record{
			{Organisation: "Bright Energy", Basis: views.BasisConsent, State: views.RecordActive},
			{
				Organisation: "Tŷ Clyd",
				Basis:        views.BasisContract,
				State:        views.RecordEndingSoon,
				Controllers:  []views.Controller{{Name: "Tŷ Clyd"}, {Name: "Second Ltd"}},
			},
		},
		Ended: []views.Record{
			{Organisation: "Old Energy", Basis: views.BasisConsent, State: views.RecordExpired, DataUser: "Agent"},
		},
	}
	for _, test := range []struct {
		filter views.Filter
		want   string
	}{
		{views.Filter{}, "Acme, Bright Energy, Tŷ Clyd, Old Energy"},
		{views.Filter{State: "seen"}, "Acme"},
		{views.Filter{State: "can-see"}, "Bright Energy, Tŷ Clyd"},
		{views.Filter{State: "ending-soon"}, "Tŷ Clyd"},
		{views.Filter{State: "ended"}, "Old Energy"},
		{views.Filter{Reason: "you-said-yes"}, "Bright Energy, Old Energy"},
		{views.Filter{Reason: "none-given"}, "Acme"},
		{views.Filter{State: "ended", Reason: "contract"}, ""},
		{views.Filter{Name: "ENERGY"}, "Bright Energy, Old Energy"},
		{views.Filter{Name: "ty cl"}, "Tŷ Clyd"},
		{views.Filter{Name: "second"}, "Tŷ Clyd"},
		{views.Filter{Name: "agent"}, "Old Energy"},
		{views.Filter{Name: "nobody"}, ""},
	} {
		found := narrow(all, test.filter)
		var names []string
		for _, d := range found.Discovered {
			names = append(names, d.Organisation)
		}
		for _, r := range append(found.Active, found.Ended...) {
			names = append(names, r.Organisation)
		}
		if got := strings.Join(names, ", "); got != test.want {
			t.Errorf("%+v lets through %q, want %q", test.filter, got, test.want)
		}
	}

	states, reasons := choices(all)
	if got := fmt.Sprint(
		states,
		reasons,
	); got != "[{seen filter.state.seen 1} {can-see filter.state.can-see 2} {ending-soon filter.state.ending-soon 1} {ended filter.state.ended 1}] [{you-said-yes records.basis.consent 2} {contract records.basis.contract 1} {none-given records.discovered.badge 1}]" {
		t.Errorf("choices %s", got)
	}
}

// The filter stands in the address, in nobody's code, and stays on the way through the pages.
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
	if href := p.doc.Find("#language a").
		AttrOr("href", ""); href != "/portal/records?lang=cy&q=bright&reason=contract&state=can-see" {
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
	// What is unknown narrows nothing.
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

	// For htmx only the list comes, with the shortest address and the other language's link.
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

// Somebody may type the meter point number where a name is asked for: no address of ours repeats it.
func TestANumberIsNoName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.signIn()
	for _, typed := range []string{w.meterPoint, "23 1234 5678 901", "23-1234"} {
		query := url.Values{"q": {typed}, "state": {"can-see"}}.Encode()
		b.get("/portal/records?"+query).sendsTo(t, "/portal/records?state=can-see")
		b.header = http.Header{"Hx-Request": {"true"}}
		if part := b.get(
			"/portal/records?" + query,
		); part.Header.Get(
			"HX-Replace-Url",
		) != "/portal/records?state=can-see" {
			t.Errorf("%q: the address becomes %s", typed, part.Header.Get("HX-Replace-Url"))
		}

		b.header = http.Header{}
		b.get("/portal/records/several?" + query) // check looks at every address on the page
	}
}

func TestLetters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.discover(t)
	b := w.browser(t)
	list := b.signIn()
	links := map[string]string{}
	for _, link := range list.doc.Find(`a[href$="/letter"]`).EachIter() {
		links[strings.TrimSpace(link.Text())] = link.AttrOr("href", "")
	}
	if len(links) != 3 {
		t.Fatalf("letters: %v", links)
	}

	number := "23 1234 5678 901"
	for name, path := range links {
		p := b.get(path)
		if p.StatusCode != 200 || strings.Contains(p.body, number) || strings.Contains(p.body, w.meterPoint) {
			t.Errorf("%s: %d, or the number is there unasked", name, p.StatusCode)
		}

		with := b.get(path + "?number=yes")
		if got := strings.Count(
			with.body,
			number,
		); got != 1 ||
			with.doc.Find("#letter:contains('"+number+"')").Length() != 1 {
			t.Errorf("%s: the number stands there %d times, want once, in the letter", name, got)
		}
	}

	report := b.get(links["A report about Acme Energy Services Ltd, ready to send"])
	for _, words := range []string{"SEC-OU-00429", "To the Smart Energy Code Administrator", "1 June 2024", "every half hour"} {
		if !strings.Contains(report.doc.Find("#letter").Text(), words) {
			t.Errorf("the report does not say %q", words)
		}
	}

	path := list.withdrawPath(t)
	b.post(path, url.Values{"token": {list.token(t)}})
	if text := b.get(strings.TrimSuffix(path, "withdraw") + "letter").
		doc.Find("#letter").
		Text(); !strings.Contains(text, "Please delete the data") ||
		!strings.Contains(text, "I stopped this on 1 June 2026. The register’s reference is tid_") {
		t.Errorf("after stopping: %s", text)
	}

	b.get("/portal/records/nonsense/letter").wants(t, 404, "error.not-found.title")
}

// What somebody permitted who lived here before is not called the customer's own.
func TestAnEarlierOccupantsPermission(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.signIn()
	w.alter(t, b, func(v *visit) {
		for i := range v.Reading.Records {
			v.Reading.Records[i].Summary.EarlierOccupant = true
		}
	})
	list := b.get("/portal/records")
	text := list.doc.Find("#active").Text()
	for words, want := range map[string]int{"This is from somebody who lived here before.": 2, "Somebody who lived here before gave permission": 1, "You gave permission": 0, "It is for you to say now.": 1} {
		if got := strings.Count(text, words); got != want {
			t.Errorf("%q stands there %d times, want %d", words, got, want)
		}
	}

	letter := strings.TrimSuffix(list.withdrawPath(t), "withdraw") + "letter"
	if text := b.get(letter).doc.Find("#letter").Text(); !strings.Contains(text, "I have not agreed to this.") {
		t.Errorf("the letter says %s", text)
	}
}
