package views

import (
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"central.consent/dar/views/i18n"
	"central.consent/dar/views/ui"
)

func draw(t *testing.T, c templ.Component) *goquery.Document {
	t.Helper()
	var b strings.Builder
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}

	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}

	return doc
}

func customer(lang string) Page {
	return Page{
		Text: i18n.For(
			lang,
		),
		Brand: Brand{
			Name:       "Adviceline",
			ContactURL: "https://adviceline.example/contact",
			Phone:      "0808 157 0000",
		},
		Base:           "/portal",
		Path:           "/portal/records",
		FormToken:      "token-1",
		SignedIn:       true,
		IdleMinutes:    15,
		SignOutAt:      time.Date(2026, 5, 3, 14, 0, 0, 0, time.UTC),
		SessionSeconds: 3600,
	}
}

var meterPoint = MeterPoint{Number: "23 1234 5678 901", Electricity: true}

func record(handle, organisation string, basis Basis) Record {
	return Record{
		Handle:       handle,
		Organisation: organisation,
		Arrangement:  "sole",
		State:        RecordActive,
		Basis:        basis,
		Purpose:      "Tariff advice",
		Controllers: []Controller{
			{
				Name:       organisation,
				Role:       "sole",
				ContactURL: "https://org.example/contact",
				PrivacyURL: "https://org.example/rights",
			},
		},
		DataTypes: []DataType{{DataHalfHourlyUse}},
		Since:     time.Date(2024, 1, 14, 0, 0, 0, 0, time.UTC),
		Notices:   []Notice{{URL: "https://org.example/privacy", Version: "v1"}},
	}
}

func discoveredAcme() Discovered {
	return Discovered{
		Organisation: "Acme Energy Services Ltd", Reference: "SEC-OU-00429", DataTypes: []DataType{{DataHalfHourlyUse}},
		FirstSeen: time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC), LastSeen: time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC),
	}
}

func TestDiscoveredComesFirstAndSaysHowToReport(t *testing.T) {
	t.Parallel()
	ended := record("e", "GreenSwitch", BasisConsent)
	ended.State, ended.EndedAt = RecordExpired, time.Date(2024, 3, 3, 0, 0, 0, 0, time.UTC)
	doc := draw(t, Records(RecordsPage{
		Page:       customer("en"),
		MeterPoint: meterPoint,
		ReadAt:     time.Date(2026, 5, 3, 13, 3, 0, 0, time.UTC),
		Discovered: []Discovered{
			discoveredAcme(),
		},
		Active: []Record{record("a", "Bright Energy Ltd", BasisConsent)},
		Ended:  []Record{ended},
	}))
	var order []string
	doc.Find("main section[id]").Each(func(_ int, s *goquery.Selection) { order = append(order, s.AttrOr("id", "")) })
	if got := strings.Join(order, " "); got != "timeline discovered active ended" {
		t.Errorf("the groups stand in the order %s", got)
	}

	want := "Bright Energy Ltd can see your energy data now, and Acme Energy Services Ltd was seen reading it without saying why."
	if got := doc.Find("#answer").Text(); got != want {
		t.Errorf("the answer is %q, want %q", got, want)
	}

	card := doc.Find("#discovered article")
	for _, words := range []string{"SEC-OU-00429", "1 June 2024", "28 February 2026", "How much you use, every half hour", "Smart Energy Code Administrator"} {
		if !strings.Contains(card.Text(), words) {
			t.Errorf("the discovered organisation's card does not say %q", words)
		}
	}

	var counts []string
	doc.Find(".counts li").
		Each(func(_ int, s *goquery.Selection) { counts = append(counts, strings.TrimSpace(s.Text())) })
	if got := strings.Join(counts, ", "); got != "1 seen, not registered, 1 can see your data, 1 ended" {
		t.Errorf("the counts are %q", got)
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	active := func(names ...string) (records []Record) {
		for _, name := range names {
			records = append(records, record(name, name, BasisConsent))
		}
		return records
	}
	for _, test := range []struct {
		name, want string
		page       RecordsPage
	}{
		{"nobody", "No organisation on the register can see your energy data now.", RecordsPage{}},
		{"only seen", "No organisation on the register can see your energy data now, but Acme Energy Services Ltd was seen reading it without saying why.", RecordsPage{Discovered: []Discovered{discoveredAcme()}}},
		{"twice the same", "Bright can see your energy data now.", RecordsPage{Active: active("Bright", "Bright")}},
		{"three", "A, B and C can see your energy data now.", RecordsPage{Active: active("C", "A", "B")}},
		{"a joint record", "Eryri Heat, Menai Homes and Ogwen Trust can see your energy data now.", RecordsPage{Active: []Record{jointRecord()}}},
		{"four", "4 organisations can see your energy data now.", RecordsPage{Active: active("A", "B", "C", "D")}},
	} {
		test.page.Page = customer("en")
		if got := ui.Unmarked(test.page.answer()); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestWithdrawIsOfferedWhereTheCustomerCan(t *testing.T) {
	t.Parallel()
	for _, basis := range bases {
		for _, can := range []bool{true, false} {
			r := record("h1", "Bright Energy Ltd", basis)
			r.CanWithdraw = can
			doc := draw(t, Records(RecordsPage{Page: customer("en"), MeterPoint: meterPoint, Active: []Record{r}}))
			links := doc.Find(`a[href="/portal/records/h1/withdraw"]`)
			if want := map[bool]int{true: 1, false: 0}[can]; links.Length() != want {
				t.Errorf("%s: %d links to stop it, want %d", basis, links.Length(), want)
			}
			if can && links.Text() != "Stop Bright Energy Ltd" {
				t.Errorf("%s: the link says %q", basis, links.Text())
			}
			if doc.Find(`a[href="https://org.example/rights"]`).Length() == 0 {
				t.Errorf("%s: no way to the organisation's privacy rights", basis)
			}
		}
	}
}

func TestEveryControllerHasADoor(t *testing.T) {
	t.Parallel()
	for _, arrangement := range []string{"joint", "group"} {
		r := record("h1", "Menai Homes", BasisLegitimateInterests)
		r.Arrangement = arrangement
		r.Controllers = append(
			r.Controllers,
			Controller{
				Name:       "Eryri",
				Role:       "joint",
				ContactURL: "https://eryri.example/contact",
				PrivacyURL: "https://eryri.example/rights",
			},
			Controller{Name: "Ogwen", Role: "member", ContactURL: "https://ogwen.example/contact"},
		)
		doc := draw(t, Records(RecordsPage{Page: customer("en"), MeterPoint: meterPoint, Active: []Record{r}}))
		for _, href := range []string{"https://org.example/rights", "https://eryri.example/rights", "https://ogwen.example/contact"} {
			if doc.Find(`.responsible a[href="`+href+`"]`).Length() != 1 {
				t.Errorf("%s: no link to %s", arrangement, href)
			}
		}

		if text := doc.Find(".together").Text(); !strings.Contains(text, "Eryri and Ogwen") {
			t.Errorf("%s: the heading is followed by %q", arrangement, text)
		}
	}
}

func TestWhenItEnds(t *testing.T) {
	t.Parallel()
	soon := time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name  string
		alter func(*Record)
		want  string
	}{
		{"no end", func(*Record) {}, "Since 14 January 2024. No end date set: it goes on until somebody ends it."},
		{"an end", func(r *Record) { r.Until = soon }, "Since 14 January 2024, until 20 May 2026."},
		{"soon", func(r *Record) { r.Until, r.State = soon, RecordEndingSoon }, "Since 14 January 2024. It ends on 20 May 2026 unless you agree again. Do nothing and it ends."},
		{"soon, not by permission", func(r *Record) { r.Until, r.State, r.Basis = soon, RecordEndingSoon, BasisContract }, "Since 14 January 2024. It ends on 20 May 2026 unless Bright renews it."},
	} {
		r := record("h", "Bright", BasisConsent)
		test.alter(&r)
		doc := draw(t, Records(RecordsPage{Page: customer("en"), MeterPoint: meterPoint, Active: []Record{r}}))
		if !strings.Contains(doc.Find("#active article").Text(), test.want) {
			t.Errorf("%s: the card does not say %q", test.name, test.want)
		}
	}
}

func TestExplicitPermissionIsCalledUnusual(t *testing.T) {
	t.Parallel()
	for _, basis := range bases {
		doc := draw(
			t,
			Records(
				RecordsPage{
					Page:       customer("en"),
					MeterPoint: meterPoint,
					Active:     []Record{record("h", "Bright", basis)},
				},
			),
		)
		if got, want := strings.Contains(doc.Text(), "This is unusual."), basis == BasisExplicitConsent; got != want {
			t.Errorf("%s: flagged as unusual is %v", basis, got)
		}
	}
}

func TestTwinsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	var records []Record
	for _, handle := range []string{"a", "b", "c"} {
		r := record(handle, "Bright Energy Ltd", BasisConsent)
		r.CanWithdraw = true
		records = append(records, r)
	}

	doc := draw(t, Records(RecordsPage{Page: customer("en"), MeterPoint: meterPoint, Active: records}))
	unique(t, doc, "h3")
	unique(t, doc, "a.button, button")
	unique(t, doc, "summary")
}

// unique fails where two elements have the same words.
func unique(t *testing.T, doc *goquery.Document, selector string) {
	t.Helper()
	seen := map[string]bool{}
	doc.Find(selector).Each(func(_ int, s *goquery.Selection) {
		name := strings.Join(strings.Fields(s.Text()), " ")
		if seen[name] {
			t.Errorf("two of %s are called %q", selector, name)
		}
		seen[name] = true
	})
}

func TestWithdrawSaysWhatItMeans(t *testing.T) {
	t.Parallel()
	doc := draw(
		t,
		Withdraw(
			WithdrawPage{
				Page:       customer("en"),
				MeterPoint: meterPoint,
				Record:     record("h1", "Bright Energy Ltd", BasisConsent),
			},
		),
	)
	if got := doc.Find("h1").Text(); got != "Stop Bright Energy Ltd seeing your energy data?" {
		t.Errorf("the heading is %q", got)
	}

	form := doc.Find(`form[action="/portal/records/h1/withdraw"][method="post"]`)
	if form.Find(`input[name="token"][value="token-1"]`).Length() != 1 || form.Find(".button").Length() != 2 {
		t.Error("the form lacks its token, or one of its two ways out")
	}
	for _, words := range []string{"What stops", "What may stop working", "What does not change", "What they may keep", "When", "You cannot undo this here."} {
		if !strings.Contains(doc.Find("main").Text(), words) {
			t.Errorf("the page does not say %q", words)
		}
	}
}

func TestWithdrawnSaysOnlyWhatHappened(t *testing.T) {
	t.Parallel()
	page := WithdrawnPage{
		Page:       customer("en"),
		MeterPoint: meterPoint,
		Record:     record("h1", "Bright Energy Ltd", BasisConsent),
		At:         time.Date(2026, 5, 3, 13, 3, 0, 0, time.UTC),
		Reference:  "tid_1",
		Told:       Told{State: ToldNone},
	}
	doc := draw(t, Withdrawn(page))
	if got := doc.Find(".panel h1").Text(); got != "You stopped Bright Energy Ltd at 2:03pm on 3 May 2026" {
		t.Errorf("the heading is %q", got)
	}

	told := "We told the Data Access Register at 2:03pm on 3 May 2026. From that moment, anyone who checks with the register is told that the permission has ended."
	if !strings.Contains(doc.Text(), told) {
		t.Error("the page does not say who was told, and when")
	}

	page.Record.DataUser = "MeterBridge"
	for _, test := range []struct {
		told Told
		want string
		door bool
	}{
		{Told{State: ToldDelivered, At: page.At}, "The system of MeterBridge took our notice at 2:03pm on 3 May 2026.", false},
		{Told{State: ToldPending, PollSeconds: 5, Again: "/portal/again"}, "We have told MeterBridge. Their system has not answered yet. We keep trying.", false},
		{Told{State: ToldPending, Again: "/portal/again"}, "We have told MeterBridge.", false},
		{Told{State: ToldUndelivered, At: page.At}, "We told MeterBridge several times. Their system did not take our notice.", true},
		{Told{State: ToldNone}, "MeterBridge has no system for our notices.", true},
		{Told{State: ToldUnknown, Again: "/portal/again"}, "We cannot see just now whether MeterBridge has taken our notice.", false},
	} {
		page.Told = test.told
		told := draw(t, Withdrawn(page)).Find(`[role="status"] #told-h1`)
		if text := strings.Join(strings.Fields(told.Text()), " "); !strings.HasPrefix(text, test.want) {
			t.Errorf("%s: the page says %q", test.told.State, text)
		}
		if got := told.Find("a[href='https://org.example/contact']").Length() == 1; got != test.door {
			t.Errorf("%s: a way to tell them is there: %v", test.told.State, got)
		}
		if got, polls := told.AttrOr(
			"hx-get",
			"",
		), test.told.PollSeconds > 0; (got == "/portal/records/h1/told") != polls {
			t.Errorf("%s: it asks %q", test.told.State, got)
		}
		if got := told.Find("a[href='/portal/again']").Length() == 1; got != (test.told.Again != "") {
			t.Errorf("%s: a link to look again is there: %v", test.told.State, got)
		}
	}
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	page := WaitingPage{
		Page:        customer("en"),
		MeterPoint:  meterPoint,
		Method:      Method{"magic-link"},
		State:       WaitingPending,
		SentTo:      "c*****r@example.com",
		SecondsLeft: 61,
		PollSeconds: 4,
		PollingLeft: 1200,
		ExpiresAt:   time.Date(2026, 5, 3, 13, 15, 0, 0, time.UTC),
	}
	page.SignedIn = false
	doc := draw(t, Waiting(page))
	poll := doc.Find("#waiting")
	if poll.AttrOr("hx-get", "") != "/portal/waiting/status" || poll.AttrOr("hx-trigger", "") != "every 4s" {
		t.Error("the waiting page does not poll every 4 seconds")
	}
	if doc.Find(`a[href="/portal/waiting/check"]`).Text() != "Continue" {
		t.Error("the waiting page has no way on without a script")
	}
	if doc.Find(`#waiting [role="status"]`).Length() != 0 || doc.Find(`#waiting-live[role="status"]`).Length() != 1 {
		t.Error("the live region must stand outside the part that is fetched again")
	}
	if got := doc.Find("#waiting-left").Text(); got != "About 2 minutes left." {
		t.Errorf("61 seconds are %q", got)
	}

	for _, state := range []WaitingState{WaitingExpired, WaitingDeclined, WaitingLost} {
		page.State = state
		ended := draw(t, WaitingStatus(page))
		if ended.Find("[hx-get]").Length() != 0 {
			t.Errorf("%s goes on polling", state)
		}
		if ended.Find(`h1[tabindex="-1"]`).Length() != 1 || ended.Find(`a[href="/portal/prove"]`).Length() != 1 {
			t.Errorf("%s has no heading to go to, or no way to try again", state)
		}
	}
}

func TestMatchCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, code    string
		method        string
		demonstration bool
		shown         bool
	}{
		{"by mail", "7KQ4", "magic-link", false, true},
		{"by passkey", "7KQ4", "passkey-assert", false, true},
		{"a register that asks for none", "", "magic-link", false, false},
		{"in a demonstration", "7KQ4", "magic-link", true, false},
	} {
		page := WaitingPage{
			Page:        customer("en"),
			MeterPoint:  meterPoint,
			Method:      Method{test.method},
			State:       WaitingPending,
			MatchCode:   test.code,
			PollSeconds: 4,
			PollingLeft: 1200,
		}
		page.Demonstration = test.demonstration
		doc := draw(t, Waiting(page))
		code := doc.Find("section.code")
		if got := code.Length() == 1; got != test.shown {
			t.Errorf("%s: shown is %v", test.name, got)
		}
		if !test.shown {
			continue
		}
		if got := code.Find(".match-code").Text(); got != test.code {
			t.Errorf("%s: the code is %q", test.name, got)
		}
		// A screen reader is to spell it, not to try and say it as a word.
		if got := code.Find(".unseen").Text(); got != "7 K Q 4" {
			t.Errorf("%s: heard as %q", test.name, got)
		}
		if !strings.Contains(code.Text(), "Never give it to somebody who rings") {
			t.Errorf("%s: nobody is warned", test.name)
		}
	}
}

func TestProveErrorLeadsSomewhere(t *testing.T) {
	t.Parallel()
	page := customer("en")
	page.Errors = []FieldError{{Field: "method", Key: "error.prove.magic-link"}}
	doc := draw(
		t,
		Prove(
			ProvePage{
				Page:       page,
				MeterPoint: meterPoint,
				Chosen:     Method{"passkey-assert"},
				Others:     []Method{{"magic-link"}},
			},
		),
	)
	link := doc.Find("#error-summary a")
	if got := link.Text(); got != "We can no longer send a link for this meter. Choose another way" {
		t.Errorf("the summary says %q", got)
	}
	if doc.Find(link.AttrOr("href", "nothing")).Find(`input[value="passkey-assert"]`).Length() != 1 {
		t.Error("the summary does not lead to the other way")
	}
}

func TestCountsAreOfOrganisations(t *testing.T) {
	t.Parallel()
	twice := []Record{record("a", "Bright", BasisConsent), record("b", "Bright", BasisContract)}
	doc := draw(t, Records(RecordsPage{Page: customer("en"), MeterPoint: meterPoint, Active: twice}))
	if got := strings.TrimSpace(doc.Find(".count-active").Text()); got != "1 can see your data" {
		t.Errorf("the count says %q where the sentence says %q", got, doc.Find("#answer").Text())
	}
}

func TestStartKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	page := customer("en")
	page.Errors = []FieldError{{Field: "number", Key: "error.number.characters"}}
	doc := draw(t, Start(StartPage{Page: page, Number: `12 34"><b>`}))
	input := doc.Find("input#number")
	for attribute, want := range map[string]string{"value": `12 34"><b>`, "inputmode": "numeric", "autocomplete": "off", "aria-invalid": "true", "aria-describedby": "number-hint number-error"} {
		if got := input.AttrOr(attribute, ""); got != want {
			t.Errorf("the field has %s %q, want %q", attribute, got, want)
		}
	}

	if !strings.HasPrefix(doc.Find("title").Text(), "Error: ") {
		t.Error("the title does not say that there is an error")
	}
	if doc.Find(`#error-summary [role="alert"] a[href="#number"]`).Length() != 1 {
		t.Error("the error summary does not lead to the field")
	}
	if doc.Find(`meta[name="robots"]`).Length() != 0 || doc.Find(`meta[name="description"]`).Length() != 1 {
		t.Error("search engines may find the start page, and need to know what it is")
	}
}

func TestAddressesOfOthersCannotRun(t *testing.T) {
	t.Parallel()
	r := record("h", "Bright", BasisContract)
	r.Controllers[0].PrivacyURL, r.Controllers[0].ContactURL, r.Notices[0].URL = "javascript:alert(1)", "data:text/html,x", "vbscript:x"
	doc := draw(t, Records(RecordsPage{Page: customer("en"), MeterPoint: meterPoint, Active: []Record{r}}))
	doc.Find("a[href]").Each(func(_ int, a *goquery.Selection) {
		href := a.AttrOr("href", "")
		for _, scheme := range []string{"javascript:", "data:", "vbscript:"} {
			if strings.HasPrefix(href, scheme) {
				t.Errorf("a link leads to %s", href)
			}
		}
	})
}

var bases = []Basis{
	BasisConsent,
	BasisExplicitConsent,
	BasisContract,
	BasisLegalObligation,
	BasisPublicTask,
	BasisLegitimateInterests,
	BasisOther,
}

func jointRecord() Record {
	r := record("j", "Menai Homes", BasisConsent)
	r.Arrangement, r.CanWithdraw = "joint", true
	r.Controllers = append(
		r.Controllers,
		Controller{Name: "Eryri Heat", Role: "joint"},
		Controller{Name: "Ogwen Trust", Role: "joint"},
	)
	return r
}

// A joint access ends for all who share it: each page that speaks of stopping it names them all.
func TestWithdrawalNamesEverybodyWhoseAccessEnds(t *testing.T) {
	t.Parallel()
	r := jointRecord()
	for _, lang := range i18n.Languages() {
		p := customer(lang)
		for where, words := range map[string]string{
			"the list":    draw(t, Records(RecordsPage{Page: p, MeterPoint: meterPoint, Active: []Record{r}})).Find("a.button").Text(),
			"the heading": draw(t, Withdraw(WithdrawPage{Page: p, MeterPoint: meterPoint, Record: r})).Find("h1").Text(),
			"the review":  draw(t, Withdraw(WithdrawPage{Page: p, MeterPoint: meterPoint, Record: r})).Find("dl dd").First().Text(),
			"the result":  draw(t, Withdrawn(WithdrawnPage{Page: p, MeterPoint: meterPoint, Record: r, Told: Told{State: ToldNone}})).Find("h1").Text(),
		} {
			for _, c := range r.Controllers {
				if !strings.Contains(words, c.Name) {
					t.Errorf("%s in %s does not name %s: %q", where, lang, c.Name, words)
				}
			}
		}
	}

	for i := range 5 {
		r.Controllers = append(r.Controllers, Controller{Name: "Number " + string(rune('A'+i)), Role: "joint"})
	}

	doc := draw(t, Withdraw(WithdrawPage{Page: customer("en"), MeterPoint: meterPoint, Record: r}))
	if got := doc.Find("h1").Text(); got != "Stop Menai Homes and 7 others seeing your energy data?" {
		t.Errorf("many: %q", got)
	}
	if got := doc.Find("dl dd").First().Text(); !strings.Contains(got, "Number E") {
		t.Errorf("many: the review does not name the last: %q", got)
	}
}

// A name stands by itself: what turns the direction of the text in it turns nothing else, and no space is lost.
func TestNamesAreIsolated(t *testing.T) {
	t.Parallel()
	const name = "\u202eشركة Energy"
	r := record("a", name, BasisConsent)
	r.CanWithdraw = true
	found := discoveredAcme()
	found.Organisation = name
	page := RecordsPage{
		Page:       customer("en"),
		MeterPoint: meterPoint,
		Active:     []Record{r},
		Discovered: []Discovered{found},
	}
	for what, c := range map[string]templ.Component{
		"records":   Records(page),
		"withdraw":  Withdraw(WithdrawPage{Page: page.Page, MeterPoint: meterPoint, Record: r}),
		"withdrawn": Withdrawn(WithdrawnPage{Page: page.Page, MeterPoint: meterPoint, Record: r, Told: Told{State: ToldNone}}),
	} {
		doc := draw(t, c)
		if doc.Find("bdi").Length() == 0 {
			t.Errorf("%s: no name is isolated", what)
		}
		if title := doc.Find("title").Text(); strings.Contains(title, "شركة") {
			t.Errorf("%s: the title goes into the browser's history, and names an organisation: %q", what, title)
		}

		doc.Find("bdi").Remove()
		if strings.Contains(doc.Find("body").Text(), "شركة") {
			t.Errorf("%s: a name stands outside a bdi: %q", what, doc.Find("body").Text())
		}
	}

	if got := draw(
		t,
		Withdraw(WithdrawPage{Page: page.Page, MeterPoint: meterPoint, Record: record("a", "Bright", BasisConsent)}),
	).Find(".inset").
		Text(); strings.Join(
		strings.Fields(got),
		" ",
	) != "You cannot undo this here. Only Bright can ask you again." {
		t.Errorf("a space is lost: %q", got)
	}

	plain := draw(t, Withdraw(WithdrawPage{Page: customer("en"), MeterPoint: meterPoint, Record: jointRecord()}))
	if got := plain.Find("h1").Text(); got != "Stop Menai Homes, Eryri Heat and Ogwen Trust seeing your energy data?" {
		t.Errorf("got %q", got)
	}
	if got := draw(
		t,
		Records(
			RecordsPage{
				Page:       customer("cy"),
				MeterPoint: meterPoint,
				Active:     []Record{record("b", "B", BasisContract), record("a", "Ynni", BasisContract)},
			},
		),
	).Find("#answer").
		Text(); !strings.Contains(
		got,
		"B ac Ynni",
	) {
		t.Errorf("Welsh says ac before a vowel: %q", got)
	}
}

// The register records a claim, and the page says whose.
func TestPermissionIsToldAsAClaim(t *testing.T) {
	t.Parallel()
	for basis, want := range map[Basis]string{
		BasisConsent:         "Bright says you agreed to this on 14 January 2024.",
		BasisExplicitConsent: "Bright says you agreed to exactly this, in so many words, on 14 January 2024.",
	} {
		text := draw(
			t,
			Records(
				RecordsPage{
					Page:       customer("en"),
					MeterPoint: meterPoint,
					Active:     []Record{record("a", "Bright", basis)},
				},
			),
		).Find("article").
			Text()
		if !strings.Contains(text, want) || !strings.Contains(text, "If you never agreed, ask Bright to show") {
			t.Errorf("%s: %q", basis, text)
		}
	}
}

// A demonstration promises no message, and sets no time in which to answer one.
func TestDemonstrationDoesNotContradictItself(t *testing.T) {
	t.Parallel()
	p := Page{Text: i18n.For("en"), Base: "/portal", FormToken: "t", IdleMinutes: 15, Demonstration: true}
	if text := draw(
		t,
		Prove(ProvePage{Page: p, MeterPoint: meterPoint, Chosen: Method{"magic-link"}}),
	).Find("main").
		Text(); !strings.Contains(
		text,
		"In this demonstration nothing is sent.",
	) {
		t.Error("the page that asks for a proof does not say that nothing is sent")
	}

	doc := draw(
		t,
		Waiting(
			WaitingPage{
				Page:        p,
				MeterPoint:  meterPoint,
				Method:      Method{"magic-link"},
				State:       WaitingPending,
				SecondsLeft: 900,
				PollSeconds: 4,
				PollingLeft: 1200,
			},
		),
	)
	if doc.Find("[data-seconds]").Length() != 0 || strings.Contains(doc.Find("main").Text(), "can confirm until") ||
		strings.Contains(doc.Find("main").Text(), "when you have confirmed") {
		t.Error("the waiting page of a demonstration waits for a confirmation")
	}
}

// The picture names everybody in text beside it, tells their times, and leads to their cards; it hides nobody for good.
func TestTimelineSaysInWordsWhatItDraws(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 3, 13, 3, 0, 0, time.UTC)
	open := record("a", "Open Ltd", BasisContract)
	until := record("b", "Until Ltd", BasisConsent)
	ended := record("c", "Over Ltd", BasisConsent)
	until.Until = time.Date(2027, 5, 3, 0, 0, 0, 0, time.UTC)
	ended.State, ended.EndedAt = RecordExpired, time.Date(2024, 3, 3, 0, 0, 0, 0, time.UTC)
	page := RecordsPage{
		Page: customer("en"), MeterPoint: meterPoint, ReadAt: at,
		Discovered: []Discovered{discoveredAcme()}, Active: []Record{open, until}, Ended: []Record{ended},
	}
	doc := draw(t, Records(page))
	want := []string{
		"Acme Energy Services Ltd First seen on 1 June 2024, last seen on 28 February 2026.",
		"Open Ltd Since 14 January 2024, no end date.",
		"Until Ltd Since 14 January 2024, until 3 May 2027.",
		"Over Ltd From 14 January 2024 until 3 March 2024.",
	}
	rows := doc.Find("#timeline ol li")
	if rows.Length() != len(want) {
		t.Fatalf("%d rows, want %d", rows.Length(), len(want))
	}

	rows.Each(func(i int, row *goquery.Selection) {
		if got := strings.Join(strings.Fields(row.Find("p").Text()), " "); got != want[i] {
			t.Errorf("row %d says %q, want %q", i, got, want[i])
		}
		if href := row.Find("a").AttrOr("href", ""); doc.Find("article"+href).Length() != 1 {
			t.Errorf("%q leads nowhere", href)
		}
	})
	if doc.Find("#timeline svg text").Length() != doc.Find("#timeline [aria-hidden] text").Length() {
		t.Error("a picture is read out")
	}
	for i, mark := range []string{".t-diamond", ".t-arrow", ".t-planned", ".t-over"} {
		if rows.Eq(i).Find(mark).Length() == 0 {
			t.Errorf("row %d has no %s", i, mark)
		}
	}

	for range 196 {
		page.Active = append(page.Active, record("m"+strings.Repeat("x", len(page.Active)), "Many Ltd", BasisContract))
	}

	doc = draw(t, Records(page))
	if all, folded := doc.Find("#timeline ol li").
		Length(),
		doc.Find("#timeline details li").
			Length(); all != 200 ||
		folded != 192 {
		t.Errorf("of 200 rows there are %d, and %d folded away", all, folded)
	}
}

// Whatever the dates, nothing is drawn outside the picture.
func TestTimelineStaysInside(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 3, 13, 3, 0, 0, time.UTC)
	for name, alter := range map[string]func(*Record){
		"today":             func(r *Record) { r.Since = at },
		"no beginning":      func(r *Record) { r.Since = time.Time{} },
		"in the future":     func(r *Record) { r.Since = at.AddDate(1, 0, 0) },
		"a hundred years":   func(r *Record) { r.Since, r.Until = at.AddDate(-50, 0, 0), at.AddDate(50, 0, 0) },
		"ends within hours": func(r *Record) { r.Until = at.Add(time.Hour) },
		"ended before": func(r *Record) {
			r.State, r.EndedAt = RecordExpired, r.Since.AddDate(-1, 0, 0)
		},
	} {
		r := record("a", "Bright", BasisConsent)
		alter(&r)
		page := RecordsPage{Page: customer("en"), ReadAt: at, Active: []Record{r}}
		if !r.EndedAt.IsZero() {
			page.Active, page.Ended = nil, page.Active
		}

		draw(
			t,
			Records(page),
		).Find("#timeline .t-bar [x], #timeline .t-bar [x1]").
			Each(func(_ int, s *goquery.Selection) {
				for _, attribute := range []string{"x", "x1", "x2"} {
					if value := s.AttrOr(
						attribute,
						"50%",
					); len(value) > 6 || strings.HasPrefix(value, "-") ||
						value == "NaN%" {
						t.Errorf("%s: %s is at %s", name, goquery.NodeName(s), value)
					}
				}
			})
	}
}
