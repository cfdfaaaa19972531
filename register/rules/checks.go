package rules

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"central.consent/dar/internal/web/address"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

var (
	patternIndex   = regexp.MustCompile(`^[0-9]+$`)
	patternMPxN    = regexp.MustCompile(`^(?:[0-9A-HJ-NPR-Z]{2}[0-9]{8,10}|[0-9]{6,13})$`)
	patternKey     = regexp.MustCompile(`^[a-z]+_[0-9a-f]{24}$`)
	patternDUID    = regexp.MustCompile(`^duid_[0-9a-z]{16,32}$`) // the demonstration's own are not hex
	patternAccount = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{2,63}$`)
	patternPost    = regexp.MustCompile(`^[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}$`)
	patternCountry = regexp.MustCompile(`^[A-Z]{2}$`)
	patternLang    = regexp.MustCompile(`^[a-z]{2}$`)
	patternPeriod  = regexp.MustCompile(`^P(?:[0-9]+W|(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?)$`)
)

// Checks collects the mistakes of one request, so that the caller can correct all of them at once. The zero value is
// ready for use.
type Checks struct{ mistakes Errors }

// Add records a mistake in a field.
func (k *Checks) Add(field, message string) { k.mistakes = append(k.mistakes, Invalid(field, message)) }

// Merge records the mistakes that another check returned; nil adds none.
func (k *Checks) Merge(err error) {
	if err != nil {
		k.mistakes = append(k.mistakes, Refusals(err)...)
	}
}

// Err returns Errors with every mistake, or nil if there is none.
func (k *Checks) Err() error {
	if len(k.mistakes) == 0 {
		return nil
	}
	return k.mistakes
}

// text checks a string of one line and at most most characters; it may be empty.
func (k *Checks) text(field, value string, most int) {
	if utf8.RuneCountInString(value) > most {
		k.Add(field, fmt.Sprintf("must have at most %d characters.", most))
	}
	if !Legible(value) {
		k.Add(field, "must be one line, without control characters, invisible ones, or more than 4 marks on a letter.")
	}
}

// required checks a string that must not be empty.
func (k *Checks) required(field, value string, most int) {
	if strings.TrimSpace(value) == "" {
		k.Add(field, "is required.")
		return
	}
	k.text(field, value, most)
}

// optional checks a string that must not be empty if it is given.
func (k *Checks) optional(field string, value *string, most int) {
	if value != nil && strings.TrimSpace(*value) == "" {
		k.Add(field, "must say something where it is given.")
	} else if value != nil {
		k.text(field, *value, most)
	}
}

// pattern checks a string against a pattern.
func (k *Checks) pattern(field, value string, pattern *regexp.Regexp, message string) {
	if !pattern.MatchString(value) {
		k.Add(field, message)
	}
}

// link checks an address that a page may link to. Only https and http: a javascript: address would run as a script.
func (k *Checks) link(field, value string) {
	if !webLink(value) {
		k.Add(field, "must be an absolute https or http URL of at most 2000 characters.")
	}
}

// webLink reports whether value is an absolute web address without user info.
func webLink(value string) bool { return address.IsWebURL(value) && Legible(value) }

func (k *Checks) optionalLink(field, value string) {
	if value != "" {
		k.link(field, value)
	}
}

// date checks a day, as 2024-01-15, and reports whether it is one.
func (k *Checks) date(field string, value registerclient.Date) bool {
	day, err := time.Parse(time.DateOnly, string(value))
	if err != nil {
		k.Add(field, "must be a day, as 2024-01-15.")

		return false
	}

	k.year(field, day)

	return true
}

// dayWithin is date for a day that lies at most a number of days ahead, in London.
func (k *Checks) dayWithin(field string, value registerclient.Date, now time.Time, days int) {
	before := len(k.mistakes)
	if k.date(field, value) && len(k.mistakes) == before && string(value) > store.LondonDay(now, days) {
		k.Add(field, fmt.Sprintf("must be at most %d days ahead.", days))
	}
}

// instant checks a date and time: it is required, and must lie in the years that the database and JSON can hold.
func (k *Checks) instant(field string, value time.Time) {
	if value.IsZero() {
		k.Add(field, "is required: a date and time, as 2024-01-15T10:00:00Z.")
	} else {
		k.year(field, value)
	}
}

// maxClockLead is how far a time that has passed may lie ahead: the caller's clock may be fast.
const maxClockLead = 5 * time.Minute

// pastInstant is instant for a time that has passed.
func (k *Checks) pastInstant(field string, value, now time.Time) {
	k.instant(field, value)
	if value.After(now.Add(maxClockLead)) {
		k.Add(field, "must lie at most 5 minutes ahead.")
	}
}

// year checks that a time lies in the years that the database and JSON can hold.
func (k *Checks) year(field string, value time.Time) {
	if value.Year() < 1900 || value.Year() > 2999 {
		k.Add(field, "must lie in the years 1900 to 2999.")
	}
}

// longestEmail is how many bytes an e-mail address has at most (RFC 5321).
const longestEmail = 254

// email checks an e-mail address: one bare address, as mail servers accept it.
func (k *Checks) email(field, value string) {
	parsed, err := mail.ParseAddress(value)
	if err != nil || parsed.Address != value || len(value) > longestEmail || !Legible(value) ||
		len(normalEmail(value)) > longestEmail {
		k.Add(field, "must be one e-mail address, as customer@example.com.")
	}
}

// mailbox checks an e-mail address to which the register is to write: it must be at a domain name, because mail to an
// address literal or to a bare host name goes where the mail server stands.
func (k *Checks) mailbox(field, value string) {
	before := len(k.mistakes)
	k.email(field, value)
	if len(k.mistakes) == before && !address.IsMailDomain(value[strings.LastIndexByte(value, '@')+1:]) {
		k.Add(field, "must be at a domain name, as customer@example.com: not at an IP address or a host name alone.")
	}
}

// OneOf checks that a value is one of values.
func OneOf[T ~string](k *Checks, field string, value T, values ...T) {
	if !slices.Contains(values, value) {
		names := make([]string, len(values))
		for i, v := range values {
			names[i] = string(v)
		}
		k.Add(field, "must be one of "+strings.Join(names, ", ")+".")
	}
}

// dataTypes checks a list of data types: not empty, each known and named once.
func (k *Checks) dataTypes(field string, types []registerclient.DataType) {
	if len(types) == 0 {
		k.Add(field, "must name at least one type of data.")
	}

	for i, t := range types {
		OneOf(k, fmt.Sprintf("%s[%d]", field, i), t, AllDataTypes...)
		if slices.Contains(types[:i], t) {
			k.Add(fmt.Sprintf("%s[%d]", field, i), "is named twice.")
		}
	}
}

// AllDataTypes are the kinds of data that an access record can name.
var AllDataTypes = []registerclient.DataType{
	registerclient.HalfHourlyConsumption, registerclient.HalfHourlyExport,
	registerclient.MonthlyConsumption, registerclient.MonthlyExport,
	registerclient.AnnualConsumption, registerclient.AnnualExport,
	registerclient.TariffImport, registerclient.TariffExport,
}

// address checks a postal address; nil is none.
func (k *Checks) address(field string, a *registerclient.UKAddress) {
	if a == nil {
		return
	}

	k.required(field+".addressLine1", a.AddressLine1, 100)
	k.optional(field+".addressLine2", a.AddressLine2, 100)
	k.required(field+".townCity", a.TownCity, 100)
	k.optional(field+".county", a.County, 100)
	k.pattern(field+".postcode", a.Postcode, patternPost, "must be a UK postcode in capitals, as M14 5RT.")
}
