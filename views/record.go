package views

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"central.consent/dar/views/i18n"
	"central.consent/dar/views/ui"
)

// Record is the access of one organisation, or of several that share it.
type Record struct {
	// Handle names the record in the addresses of this session. It means nothing outside the session.
	Handle string
	// Organisation is the sole or lead controller.
	Organisation string
	// Arrangement is sole, joint or group, and the end of its text keys.
	Arrangement string
	// Controllers are all responsible organisations, the lead first.
	Controllers []Controller
	// DataUser is the organisation that registered the record for another one; empty if that is Organisation itself.
	// What the record says is the word of DataUser.
	DataUser string
	// Registrant is the organisation that registered the record: Organisation, or DataUser.
	Registrant string
	// RegistrantStatus is the status of that organisation at the register; empty while it takes part.
	RegistrantStatus RegistrantStatus
	State            RecordState
	Basis            Basis
	// Purpose is in the organisation's own words.
	Purpose string
	// Language is the language of Purpose, taken from the privacy notice; empty means English.
	Language string
	// OrganisationReference is the Smart Energy Code reference of the registrant; empty if it has none.
	OrganisationReference string
	// Reference is the law or assessment that the organisation names; may be empty.
	Reference string
	DataTypes []DataType
	// Recipients are those that get the data from the organisation.
	Recipients []Recipient
	// DataSource is where the meter data comes from, in the organisation's own words; may be empty.
	DataSource string
	Since      time.Time
	// Renewed is when the access was last renewed, as the organisation says; zero if it was not.
	Renewed time.Time
	// Restart is nil if the customer did not stop access of this organisation shortly before.
	Restart *Restart
	// Until is zero if no end was set.
	Until time.Time
	// EndedAt is when the access ended; zero while it is active.
	EndedAt        time.Time
	PrivacyNotices []PrivacyNotice
	// Storage is nil if the organisation did not say where and how long it keeps the data.
	Storage *Storage
	// Earlier says that an earlier occupant gave the access, and that it is still active.
	Earlier bool
	// Changes are what the organisation has changed since it registered the record, the newest first.
	Changes []Change
	// CanWithdraw says that the customer may stop this access here.
	CanWithdraw bool
}

// RecordState is the state of a record, and the end of its text keys.
type RecordState string

// The states of a record.
const (
	RecordActive     RecordState = "active"
	RecordEndingSoon RecordState = "ending"    // active, with 30 days or less to go
	RecordSuspended  RecordState = "suspended" // not ended, of an organisation that is suspended
	RecordLeft       RecordState = "left"      // not ended, of an organisation that has left the register
	RecordExpired    RecordState = "expired"
	RecordStopped    RecordState = "stopped" // withdrawn by the customer
	RecordClosed     RecordState = "closed"  // withdrawn by the organisation
)

// RegistrantStatus is the status of an organisation that does not take part in the register any more, and the end of
// its text keys.
type RegistrantStatus string

// The statuses of a registrant that cannot register anything new. Whether it can still read data is not known.
const (
	RegistrantSuspended RegistrantStatus = "suspended"
	RegistrantLeft      RegistrantStatus = "left"
)

// Basis is the legal basis that an organisation claims, and the end of its text keys.
type Basis string

// The legal bases. BasisOther stands for one that this portal has no words for yet.
const (
	BasisConsent             Basis = "consent"
	BasisExplicitConsent     Basis = "explicit-consent"
	BasisContract            Basis = "contract"
	BasisLegalObligation     Basis = "legal-obligation"
	BasisPublicTask          Basis = "public-task"
	BasisLegitimateInterests Basis = "legitimate-interests"
	BasisOther               Basis = "other"
)

func (b Basis) isConsent() bool { return b == BasisConsent || b == BasisExplicitConsent }

// Controller is one responsible organisation.
type Controller struct {
	Name string
	// Role is sole, lead, joint or member, and the end of its text keys.
	Role       string
	ContactURL string
	// PrivacyURL is where customers use their data rights; may be empty.
	PrivacyURL string
}

// Restart says that access was registered again after the customer had stopped it.
type Restart struct{ On, Stopped time.Time }

// Recipient is an organisation to which the data is passed on.
type Recipient struct {
	Name string
	// Role is what it does with the data, in the words of the organisation that named it.
	Role string
	// PrivacyURL is its privacy notice; may be empty.
	PrivacyURL string
}

// PrivacyNotice is a privacy notice that the customer was shown.
type PrivacyNotice struct {
	// Controller is empty if one privacy notice speaks for all controllers.
	Controller string
	URL        string
	Version    string
}

// Storage is the place in which the data is kept, and the time.
type Storage struct {
	// Country is an ISO 3166-1 code, as GB.
	Country string
	// Retention is an ISO 8601 duration, as P2Y.
	Retention string
}

// words say where the data is kept and how long, as far as they can be said in words.
func (s Storage) words(text *i18n.Printer) string {
	parts := []string{text.Country(s.Country), text.Duration(s.Retention)}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })

	return strings.Join(parts, "; ")
}

// id is the id of the record's card on the page.
func (r Record) id() string { return "record-" + r.Handle }

// isShared says that more than one organisation is responsible for the record.
func (r Record) isShared() bool { return r.Arrangement == "joint" || r.Arrangement == "group" }

// lead is the controller that stands for the record.
func (r Record) lead() Controller {
	if len(r.Controllers) == 0 {
		return Controller{Name: r.Organisation}
	}
	return r.Controllers[0]
}

// hasNoLinks says that the only controller has neither a page for privacy rights nor one for contact.
func (r Record) hasNoLinks() bool {
	return !r.isShared() && r.lead().PrivacyURL == "" && r.lead().ContactURL == ""
}

// organisations are the names of all organisations that have this access, the lead first. If the record is stopped,
// the access of all of them ends.
func (r Record) organisations() []string {
	if !r.isShared() || len(r.Controllers) == 0 {
		return []string{r.Organisation}
	}

	var organisations []string
	for _, c := range r.Controllers {
		organisations = append(organisations, c.Name)
	}

	return organisations
}

// allNames names every organisation of the record in one phrase.
func (r Record) allNames(text *i18n.Printer) string { return nameList(text, r.organisations()) }

// shortNames names every organisation of the record if a heading or a button has room for that, else the first and
// the number of the others. The caller gives the name of the first, because that may be numbered (see headings).
func (r Record) shortNames(text *i18n.Printer, first string) string {
	organisations := r.organisations()
	if tooManyNames(text, organisations) {
		return text.N("records.and-others", len(organisations)-1, "Org", first)
	}

	marked := []string{first}
	for _, name := range organisations[1:] {
		marked = append(marked, ui.Name(name))
	}

	return text.List(marked)
}

// otherNames names the controllers beside the lead.
func (r Record) otherNames(text *i18n.Printer) string {
	var others []string
	for _, c := range r.Controllers[min(1, len(r.Controllers)):] {
		others = append(others, ui.Name(c.Name))
	}

	return text.List(others)
}

// registrant is the organisation that registered the record. The register tells its system of a withdrawal.
func (r Record) registrant() string { return cmp.Or(r.Registrant, r.DataUser, r.Organisation) }

// isExcluded says that the record has not ended, and that its registrant is suspended or has left the register.
func (r Record) isExcluded() bool { return r.State == RecordSuspended || r.State == RecordLeft }

// registeredFor says in the words of a key who registered the record, and for which organisation.
func (r Record) registeredFor(text *i18n.Printer, key string) string {
	return text.T(key, "Teller", ui.Name(r.DataUser), "Org", ui.Name(r.Organisation))
}

// registrantSentence says that the registrant does not take part in the register, and what that means for the record;
// empty if it does.
func (r Record) registrantSentence(text *i18n.Printer) string {
	if r.RegistrantStatus == "" {
		return ""
	}

	sentence := text.T("records.registrant."+string(r.RegistrantStatus), "Org", ui.Name(r.registrant()))
	if r.isExcluded() {
		sentence += " " + text.T("records.excluded.unknown")
	}

	return sentence
}

// lang is the lang attribute of the organisation's own words.
func (r Record) lang() string {
	if r.Language == "" {
		return "en"
	}
	return r.Language
}

// fromEarlierOccupant says that the access is a permission that the customer did not give.
func (r Record) fromEarlierOccupant() bool { return r.Earlier && r.Basis.isConsent() }

// basisName is the legal basis in a few words.
func (r Record) basisName(text *i18n.Printer) string {
	if r.fromEarlierOccupant() {
		return text.T("records.earlier.consent")
	}
	return text.T("records.basis." + string(r.Basis))
}

// basisMeaning is what the registrant claims with the legal basis of the organisation.
func (r Record) basisMeaning(text *i18n.Printer) string {
	org := ui.Name(r.Organisation)
	since := text.Date(r.Since)
	if r.fromEarlierOccupant() {
		return text.T(
			"records.earlier.consent.means",
			"Org",
			ui.Name(cmp.Or(r.DataUser, r.Organisation)),
			"Date",
			since,
		)
	}
	if r.DataUser != "" {
		return text.T("records.told."+string(r.Basis), "Teller", ui.Name(r.DataUser), "Org", org, "Date", since)
	}

	return text.T("records.basis."+string(r.Basis)+".means", "Org", org, "Date", since)
}

// whatToAsk says what the customer can ask the organisation, because the access cannot be stopped here.
func (r Record) whatToAsk(text *i18n.Printer) string {
	if r.Basis.isConsent() {
		return text.T("records.basis."+string(r.Basis)+".elsewhere", "Org", ui.Name(r.Organisation))
	}
	return text.T("records.basis."+string(r.Basis)+".do", "Org", ui.Name(r.Organisation))
}

// moreHeading is the heading of the folded part of the card of a record that has not ended.
func (r Record) moreHeading(text *i18n.Printer, heading string) string {
	if r.isExcluded() {
		return text.T("records.excluded.more", "Org", heading)
	}
	return text.T("records.active.more", "Org", heading)
}

// dataHeading is the heading of the data types of a record that has not ended.
func (r Record) dataHeading(text *i18n.Printer) string {
	if r.isExcluded() {
		return text.T("records.excluded.data")
	}
	return text.T("records.can-see")
}

// earlierNote says that an earlier occupant gave the access.
func (r Record) earlierNote(text *i18n.Printer) string {
	if r.isExcluded() {
		return text.T("records.earlier.excluded")
	}
	return text.T("records.earlier")
}

// stopLabel is the label of the button that leads to stopping the record.
func (r Record) stopLabel(text *i18n.Printer, heading string) string {
	names := r.shortNames(text, heading)
	if r.isExcluded() {
		return text.T("records.excluded.stop", "Org", names)
	}

	return text.T("records.stop", "Org", names)
}

// stopQuestion asks if the customer wants to stop the record.
func (r Record) stopQuestion(text *i18n.Printer) string {
	names := r.shortNames(text, ui.Name(r.Organisation))
	if r.isExcluded() {
		return text.T("withdraw.title.excluded", "Org", names)
	}

	return text.T("withdraw.title", "Org", names)
}

// noticeLink names a privacy notice of the record.
func (r Record) noticeLink(text *i18n.Printer, n PrivacyNotice) string {
	org := ui.Name(cmp.Or(n.Controller, r.Organisation))
	return text.T("records.notice-link", "Org", org, "Version", ui.Name(n.Version))
}

// restarted says that the access was started again after the customer had stopped it; empty if it was not.
func (r Record) restarted(text *i18n.Printer) string {
	if r.Restart == nil {
		return ""
	}

	return text.T("records.restarted", "Date", text.Date(r.Restart.On), "Stopped", text.Date(r.Restart.Stopped))
}

// mainChanges are the changes that a customer should see first: the last one, and the last one that allows more.
func (r Record) mainChanges() []Change {
	if len(r.Changes) == 0 {
		return nil
	}

	widest := slices.IndexFunc(r.Changes, Change.widens)
	if widest <= 0 {
		return r.Changes[:1]
	}

	return []Change{r.Changes[0], r.Changes[widest]}
}

// otherChanges are the changes that are not among the main ones.
func (r Record) otherChanges() []Change {
	if len(r.Changes) == 0 {
		return nil
	}

	others := slices.Clone(r.Changes[1:])
	if widest := slices.IndexFunc(r.Changes, Change.widens); widest > 0 {
		others = slices.Delete(others, widest-1, widest)
	}

	return others
}

// period says when the access began, when it was renewed, when it ends, and what happens then.
func (r Record) period(text *i18n.Printer) string { return r.withRenewal(text, r.firstPeriod(text)) }

// withRenewal adds to a sentence when the access was renewed, if it was.
func (r Record) withRenewal(text *i18n.Printer, sentence string) string {
	if r.Renewed.IsZero() {
		return sentence
	}

	return sentence + " " + text.T("records.renewed", "Date", text.Date(r.Renewed))
}

// firstPeriod says when the access began, when it ends, and what happens then.
func (r Record) firstPeriod(text *i18n.Printer) string {
	since := text.Date(r.Since)
	until := text.Date(r.Until)
	switch {
	case r.Until.IsZero():
		return text.T("records.when.none", "Since", since)
	case r.State == RecordEndingSoon && r.Basis.isConsent():
		return text.T("records.when.ending", "Since", since, "Until", until)
	case r.State == RecordEndingSoon:
		org := ui.Name(r.Organisation)
		return text.T("records.when.ending-other", "Since", since, "Until", until, "Org", org)
	}

	return text.T("records.when.until", "Since", since, "Until", until)
}

// shortPeriod says when the access began and when it ends, and no more.
func (r Record) shortPeriod(text *i18n.Printer) string {
	if r.Until.IsZero() {
		return text.T("timeline.open", "Since", text.Date(r.Since))
	}
	return text.T("timeline.until", "Since", text.Date(r.Since), "Until", text.Date(r.Until))
}

// endedPeriod says when an ended access began and ended.
func (r Record) endedPeriod(text *i18n.Printer) string {
	period := text.T("records.when.ended", "Since", text.Date(r.Since), "Until", text.Date(r.EndedAt))

	return r.withRenewal(text, period)
}

// numberedNames are the headings of the records. Organisations with several records are numbered, because no two
// headings and no two buttons may have the same name.
func numberedNames(text *i18n.Printer, records []Record) []string {
	counts := map[string]int{}
	for _, r := range records {
		counts[r.Organisation]++
	}

	numbers := map[string]int{}
	headings := make([]string, len(records))
	for i, r := range records {
		org := ui.Name(r.Organisation)
		count := counts[r.Organisation]
		if count == 1 {
			headings[i] = org
			continue
		}

		numbers[r.Organisation]++
		number := numbers[r.Organisation]
		headings[i] = text.T("records.heading-twin", "Org", org, "Number", number, "Count", count)
	}

	return headings
}

// namesOrCount lists the names if a reader can take them in at a glance, else it says how many they are.
func namesOrCount(text *i18n.Printer, names []string) string {
	if tooManyNames(text, names) {
		return text.N("records.organisations", len(names))
	}
	return nameList(text, names)
}

// tooManyNames says that a heading has no room for all names.
func tooManyNames(text *i18n.Printer, names []string) bool {
	return len(names) > 3 || utf8.RuneCountInString(text.List(names)) > 120
}

// nameList is the names in one phrase, each marked as a name.
func nameList(text *i18n.Printer, names []string) string {
	marked := make([]string, len(names))
	for i, name := range names {
		marked[i] = ui.Name(name)
	}

	return text.List(marked)
}
