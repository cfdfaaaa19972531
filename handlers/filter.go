package handlers

import (
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

// The words of the filter in the address. They are nobody's codes, and say nothing of the customer's list.
const (
	slugSeen       = "seen"
	slugCanSee     = "can-see"
	slugEndingSoon = "ending-soon"
	slugEnded      = "ended"
	slugNone       = "none-given"
)

var (
	stateSlugs = []views.Option{
		{Slug: slugSeen, Key: "filter.state.seen"},
		{Slug: slugCanSee, Key: "filter.state.can-see"},
		{Slug: slugEndingSoon, Key: "filter.state.ending-soon"},
		{Slug: slugEnded, Key: "filter.state.ended"},
	}
	reasonSlugs = []struct {
		basis views.Basis
		slug  string
	}{
		{views.BasisConsent, "you-said-yes"},
		{views.BasisExplicitConsent, "you-said-yes-in-words"},
		{views.BasisContract, "contract"},
		{views.BasisLegalObligation, "law"},
		{views.BasisPublicTask, "public-duty"},
		{views.BasisLegitimateInterests, "business"},
		{views.BasisOther, "other"},
	}
)

// readFilter takes from the address what narrows the list. What it does not know narrows nothing: an address may be
// old, or mistyped, and then everything is better than nothing.
func readFilter(c echo.Context) views.Filter {
	f := views.Filter{
		State:  c.QueryParam("state"),
		Reason: c.QueryParam("reason"),
		Name:   strings.Join(strings.Fields(c.QueryParam("q")), " "),
	}
	if !known(f.State, stateSlugs) {
		f.State = ""
	}
	if f.Reason != slugNone && reasonOf(f.Reason) == "" {
		f.Reason = ""
	}
	if name := []rune(strings.ToValidUTF8(f.Name, "")); len(name) > maxName {
		f.Name = string(name[:maxName])
	} else {
		f.Name = string(name)
	}

	if numberLike(f.Name) {
		f.Name = ""
	}

	return f
}

// numberLike says that what was typed for a name may be the meter point number, which no address of ours repeats.
func numberLike(typed string) bool {
	digits := 0
	for _, r := range typed {
		if unicode.IsDigit(r) {
			digits++
		}
	}

	return digits >= 6
}

func known(slug string, options []views.Option) bool {
	for _, o := range options {
		if o.Slug == slug {
			return true
		}
	}

	return false
}

func reasonOf(slug string) views.Basis {
	for _, r := range reasonSlugs {
		if r.slug == slug {
			return r.basis
		}
	}

	return ""
}

// narrow keeps of the list what the filter lets through.
func narrow(all views.List, f views.Filter) views.List {
	var kept views.List
	for _, d := range all.Discovered {
		if (f.State == "" || f.State == slugSeen) && (f.Reason == "" || f.Reason == slugNone) &&
			named(f.Name, d.Organisation) {
			kept.Discovered = append(kept.Discovered, d)
		}
	}

	lets := func(r views.Record) bool {
		if f.Reason != "" && r.Basis != reasonOf(f.Reason) {
			return false
		}

		names := []string{r.Organisation, r.DataUser}
		for _, controller := range r.Controllers {
			names = append(names, controller.Name)
		}

		return named(f.Name, names...)
	}
	for _, r := range all.Active {
		if (f.State == "" || f.State == slugCanSee || f.State == slugEndingSoon && r.State == views.RecordEndingSoon) &&
			lets(r) {
			kept.Active = append(kept.Active, r)
		}
	}

	for _, r := range all.Ended {
		if (f.State == "" || f.State == slugEnded) && lets(r) {
			kept.Ended = append(kept.Ended, r)
		}
	}

	return kept
}

// named reports whether one of the names holds what the customer typed, whatever its case and accents.
func named(typed string, names ...string) bool {
	if typed == "" {
		return true
	}
	for _, name := range names {
		if strings.Contains(plain(name), plain(typed)) {
			return true
		}
	}

	return false
}

func plain(s string) string {
	bare, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn))), s)
	if err != nil {
		bare = s
	}
	return strings.ToLower(bare)
}

// choices are the options of the filter that let something through, and how much.
func choices(all views.List) (states, reasons []views.Option) {
	for _, option := range stateSlugs {
		if option.Count = narrow(all, views.Filter{State: option.Slug}).Len(); option.Count > 0 {
			states = append(states, option)
		}
	}

	for _, r := range reasonSlugs {
		if n := narrow(all, views.Filter{Reason: r.slug}).Len(); n > 0 {
			reasons = append(reasons, views.Option{Slug: r.slug, Key: "records.basis." + string(r.basis), Count: n})
		}
	}

	if n := len(all.Discovered); n > 0 {
		reasons = append(reasons, views.Option{Slug: slugNone, Key: "records.discovered.badge", Count: n})
	}

	return states, reasons
}
