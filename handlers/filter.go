package handlers

import (
	"slices"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"central.consent/dar/views"
)

// maxName is the longest name that is searched for; characters.
const maxName = 100

// The words of the filter in the address. They are no codes of the register, and reveal nothing of the customer's list.
const (
	slugStillSeen  = "still-seen"
	slugSeen       = "seen"
	slugCanSee     = "can-see"
	slugEndingSoon = "ending-soon"
	slugExcluded   = "suspended-or-left"
	slugEnded      = "ended"
	slugNone       = "none-given"
)

var (
	stateOptions = []views.Option{
		{Slug: slugStillSeen, Key: "filter.state.still-seen"},
		{Slug: slugSeen, Key: "filter.state.seen"},
		{Slug: slugCanSee, Key: "filter.state.can-see"},
		{Slug: slugEndingSoon, Key: "filter.state.ending-soon"},
		{Slug: slugExcluded, Key: "filter.state.excluded"},
		{Slug: slugEnded, Key: "filter.state.ended"},
	}
	basisSlugs = []basisSlug{
		{views.BasisConsent, "you-said-yes"},
		{views.BasisExplicitConsent, "you-said-yes-in-words"},
		{views.BasisContract, "contract"},
		{views.BasisLegalObligation, "law"},
		{views.BasisPublicTask, "public-duty"},
		{views.BasisLegitimateInterests, "business"},
		{views.BasisOther, "other"},
	}
)

type basisSlug struct {
	basis views.Basis
	slug  string
}

// readFilter takes from the address what narrows the list. A value that it does not know narrows nothing: an address
// may be old or mistyped, and the whole list is then better than an empty one.
func readFilter(c echo.Context) views.Filter {
	f := views.Filter{
		State: c.QueryParam("state"),
		Basis: c.QueryParam("reason"),
		Name:  searchedName(c.QueryParam("q")),
	}
	if !slices.ContainsFunc(stateOptions, func(o views.Option) bool { return o.Slug == f.State }) {
		f.State = ""
	}
	if f.Basis != slugNone && basisOf(f.Basis) == "" {
		f.Basis = ""
	}

	return f
}

// searchedName returns the name that a customer typed, in valid characters and of bounded length. It returns "" for
// what may be a meter point number.
func searchedName(typed string) string {
	name := []rune(strings.ToValidUTF8(strings.Join(strings.Fields(typed), " "), ""))
	name = name[:min(len(name), maxName)]
	if isNumberLike(string(name)) {
		return ""
	}

	return string(name)
}

// isNumberLike reports whether what was typed for a name may be the meter point number, which no address of the portal
// repeats.
func isNumberLike(typed string) bool {
	digits := 0
	for _, r := range typed {
		if unicode.IsDigit(r) {
			digits++
		}
	}

	return digits >= shortestMPRNLength
}

// basisOf returns the legal basis that a slug stands for; empty if it stands for none.
func basisOf(slug string) views.Basis {
	for _, b := range basisSlugs {
		if b.slug == slug {
			return b.basis
		}
	}

	return ""
}

// narrow returns the part of the list that passes the filter.
func narrow(list views.List, f views.Filter) views.List {
	var kept views.List
	for _, sighting := range list.StillSeen {
		isWanted := (f.State == "" || f.State == slugStillSeen) && f.Basis == ""
		if isWanted && containsName(f.Name, sighting.Organisation) {
			kept.StillSeen = append(kept.StillSeen, sighting)
		}
	}

	for _, sighting := range list.Discovered {
		if passesSighting(f, sighting) {
			kept.Discovered = append(kept.Discovered, sighting)
		}
	}

	for _, record := range list.Active {
		endingSoon := f.State == slugEndingSoon && record.State == views.RecordEndingSoon
		if (f.State == "" || f.State == slugCanSee || endingSoon) && passesRecord(f, record) {
			kept.Active = append(kept.Active, record)
		}
	}

	for _, record := range list.Excluded {
		if (f.State == "" || f.State == slugExcluded) && passesRecord(f, record) {
			kept.Excluded = append(kept.Excluded, record)
		}
	}

	for _, record := range list.Ended {
		if (f.State == "" || f.State == slugEnded) && passesRecord(f, record) {
			kept.Ended = append(kept.Ended, record)
		}
	}

	return kept
}

func passesSighting(f views.Filter, sighting views.Sighting) bool {
	return (f.State == "" || f.State == slugSeen) &&
		(f.Basis == "" || f.Basis == slugNone) &&
		containsName(f.Name, sighting.Organisation)
}

// passesRecord reports whether a record has the legal basis and the name of the filter. It ignores the state.
func passesRecord(f views.Filter, record views.Record) bool {
	if f.Basis != "" && record.Basis != basisOf(f.Basis) {
		return false
	}

	names := []string{record.Organisation, record.DataUser}
	for _, controller := range record.Controllers {
		names = append(names, controller.Name)
	}

	return containsName(f.Name, names...)
}

// containsName reports whether one of the names contains what the customer typed. Case and accents do not count.
func containsName(typed string, names ...string) bool {
	if typed == "" {
		return true
	}

	typed = foldName(typed)

	return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(foldName(name), typed) })
}

// foldName removes case and accents.
func foldName(name string) string {
	removeAccents := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)))
	folded, _, err := transform.String(removeAccents, name)
	if err != nil {
		folded = name
	}

	return strings.ToLower(folded)
}

// stateChoices returns the states of the filter that at least one entry passes, with their counts.
func stateChoices(list views.List) []views.Option {
	var choices []views.Option
	for _, option := range stateOptions {
		option.Count = narrow(list, views.Filter{State: option.Slug}).Len()
		if option.Count > 0 {
			choices = append(choices, option)
		}
	}

	return choices
}

// reasonChoices returns the legal bases of the filter that at least one entry passes, with their counts. A sighting has
// none.
func reasonChoices(list views.List) []views.Option {
	var choices []views.Option
	for _, b := range basisSlugs {
		n := narrow(list, views.Filter{Basis: b.slug}).Len()
		if n > 0 {
			choices = append(choices, views.Option{Slug: b.slug, Key: "records.basis." + string(b.basis), Count: n})
		}
	}

	if n := len(list.Discovered); n > 0 {
		choices = append(choices, views.Option{Slug: slugNone, Key: "records.discovered.badge", Count: n})
	}

	return choices
}
