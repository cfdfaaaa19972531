package mail

import (
	"slices"
	"strings"
	"time"

	"central.consent/dar/views/i18n"
)

// AccessChangeKind is what an organisation has changed about its access, and the end of its text keys.
type AccessChangeKind string

// The kinds of changes.
const (
	AccessStartedAgain       AccessChangeKind = "started-again"
	AccessMoreData           AccessChangeKind = "more-data"
	AccessMoreOrganisations  AccessChangeKind = "more-organisations"
	AccessLonger             AccessChangeKind = "longer"
	AccessOtherReason        AccessChangeKind = "other-reason"
	AccessOtherPurpose       AccessChangeKind = "other-purpose"
	AccessOtherName          AccessChangeKind = "other-name"
	AccessRenewed            AccessChangeKind = "renewed"
	AccessOtherFacts         AccessChangeKind = "other-facts"
	AccessLessData           AccessChangeKind = "less-data"
	AccessFewerOrganisations AccessChangeKind = "fewer-organisations"
	AccessShorter            AccessChangeKind = "shorter"
)

// accessChangeKinds are the kinds in the order of a letter, the widest first.
var accessChangeKinds = []AccessChangeKind{
	AccessStartedAgain, AccessMoreData, AccessMoreOrganisations, AccessLonger, AccessOtherReason, AccessOtherPurpose,
	AccessOtherName, AccessRenewed, AccessOtherFacts, AccessLessData, AccessFewerOrganisations, AccessShorter,
}

// AccessChange is one change of an organisation's access.
type AccessChange struct {
	Kind AccessChangeKind
	// Data are the codes of kinds of data, such as HH-CONSUMPTION, if Kind is AccessMoreData or AccessLessData.
	Data []string
	// Date is when the customer stopped the access before it was started again, or the new end of the access. The zero
	// time means that it has no end.
	Date time.Time
}

// AccessDetails is the content of an AccessChanged letter.
type AccessDetails struct {
	// Language is "en" or "cy". Any other value means unknown, and the letter is in both languages.
	Language string
	// Org is the display name of the account that made the changes.
	Org   string
	Meter Meter
	// At is when the last change was made.
	At time.Time
	// Changes are in any order; of each kind there is one at most.
	Changes []AccessChange
}

// AccessChanged writes the letter that tells a household what an organisation has changed about its access, the widest
// change first. It holds no words of the organisation but its name. Its texts are mail.access.* in views/i18n.
func AccessChanged(d AccessDetails) Message {
	org := clean(d.Org, longestName)
	changes := slices.SortedStableFunc(slices.Values(d.Changes), func(a, b AccessChange) int {
		return slices.Index(accessChangeKinds, a.Kind) - slices.Index(accessChangeKinds, b.Kind)
	})

	return render(d.Language, func(text *i18n.Printer) letter {
		var sentences []string
		for _, change := range changes {
			sentences = append(sentences, change.sentence(text))
		}

		title := text.T("mail.access.title.other", "Org", org)
		if len(changes) > 0 {
			title = changes[0].title(text, org)
		}

		return letter{
			subject: title,
			title:   title,
			blocks: []block{
				{paragraph: text.T("mail.access.body", "Org", org)},
				{steps: sentences},
				{facts: []fact{
					{text.T("mail.access.who"), org},
					meterFact(text, d.Meter),
					{text.T("mail.fact.when"), ukTime(text, d.At)},
				}},
				{heading: text.T("mail.access.see")},
				{paragraph: text.T("mail.access.list")},
				{paragraph: text.T("mail.access.stop", "Org", org)},
				{paragraph: text.T("mail.access.nothing")},
			},
			footer: customerFooter(text),
		}
	})
}

// title returns the title of a letter that begins with the change.
func (c AccessChange) title(text *i18n.Printer, org string) string {
	switch c.Kind {
	case AccessStartedAgain, AccessMoreData, AccessMoreOrganisations, AccessLonger, AccessRenewed:
		return text.T("mail.access.title."+string(c.Kind), "Org", org)
	default:
		return text.T("mail.access.title.other", "Org", org)
	}
}

// sentence says what was changed.
func (c AccessChange) sentence(text *i18n.Printer) string {
	key := "mail.access." + string(c.Kind)
	switch c.Kind {
	case AccessMoreData, AccessLessData:
		return text.T(key, "What", dataNames(text, c.Data))
	case AccessStartedAgain, AccessShorter:
		return text.T(key, "Date", text.Date(c.Date))
	case AccessLonger, AccessRenewed:
		if c.Date.IsZero() {
			return text.T(key + ".no-end")
		}

		return text.T(key, "Date", text.Date(c.Date))
	default:
		return text.T(key)
	}
}

// dataKeys are the ends of the text keys of the kinds of data, by their codes.
var dataKeys = map[string]string{
	"HH-CONSUMPTION":     "half-hourly-use",
	"HH-EXPORT":          "half-hourly-export",
	"MTH-CONSUMPTION":    "monthly-use",
	"MTH-EXPORT":         "monthly-export",
	"ANNUAL-CONSUMPTION": "yearly-use",
	"ANNUAL-EXPORT":      "yearly-export",
	"TARIFF-IMPORT":      "price-of-use",
	"TARIFF-EXPORT":      "price-of-export",
}

// dataNames lists kinds of data in the words of the portal.
func dataNames(text *i18n.Printer, codes []string) string {
	names := make([]string, len(codes))
	for i, code := range codes {
		key, ok := dataKeys[code]
		if !ok {
			key = "other"
		}

		names[i] = text.T("records.data." + key)
	}

	return strings.Join(names, "; ")
}
