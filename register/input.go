package register

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/mail"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
)

// jsonDepth is how deep a body may nest.
const jsonDepth = 32

// bodyKey is where decode leaves the body as it came.
const bodyKey = "register.body"

// decode reads a JSON body strictly into a value: a member that is unknown or given twice is a mistake that
// is named, as are a wrong type and anything after the value.
func decode(c echo.Context, into any) error {
	media, parameters, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || media != echo.MIMEApplicationJSON {
		return &Error{
			Kind:    UnsupportedMediaType,
			Code:    codeValidation,
			Message: "Send the body as Content-Type: application/json.",
		}
	}
	if charset, ok := parameters["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return &Error{
			Kind:    UnsupportedMediaType,
			Code:    codeValidation,
			Message: "Send the body in UTF-8, as RFC 8259 has it.",
		}
	}

	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		if fromEcho, ok := errors.AsType[*echo.HTTPError](
			err,
		); ok &&
			fromEcho.Code == http.StatusRequestEntityTooLarge {
			return fromEcho
		}
		return invalid("", "The body could not be read to its end.")
	}

	c.Set(bodyKey, body)
	return decodeText("body", body, into)
}

// decodeText is decode of a text by itself: the body, or a line of one, as what says.
func decodeText(what string, text []byte, into any) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return invalid("", fmt.Sprintf("The %s is empty.", what))
	}
	if err := checkDepth(what, text); err != nil {
		return err
	}
	if jsontext.Value(text).Kind() != '{' {
		return invalid("", "The "+what+" must be a JSON object.")
	}

	err := json.Unmarshal(
		text,
		into,
		json.RejectUnknownMembers(true),
		json.WithUnmarshalers(json.UnmarshalFromFunc(optionalText)),
	)
	if err == nil {
		return nil
	}

	if wrong, ok := errors.AsType[*json.SemanticError](err); ok {
		field := fieldOf(wrong.JSONPointer)
		switch {
		case errors.Is(wrong.Err, json.ErrUnknownName):
			return invalid(field, "is not a member of this request.")
		case wrong.GoType == reflect.TypeFor[time.Time]():
			return invalid(field, "must be a date and time, as 2024-01-15T10:00:00Z.")
		default:
			return invalid(field, "must be "+expected(wrong.GoType)+".")
		}
	}

	if wrong, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return syntax(what, wrong)
	}

	return invalid("", "The "+what+" is not what this resource takes.")
}

// optionalText reads a text that need not be given: an empty one counts as left out.
func optionalText(d *jsontext.Decoder, into **string) error {
	if d.PeekKind() != '"' {
		return errors.ErrUnsupported // null, or a mistake, as of any other member
	}

	var text string
	if err := json.UnmarshalDecode(d, &text); err != nil {
		return err
	}

	*into = nil
	if text != "" {
		*into = &text
	}

	return nil
}

func syntax(what string, wrong *jsontext.SyntacticError) error {
	if errors.Is(wrong.Err, jsontext.ErrDuplicateName) {
		return invalid(fieldOf(wrong.JSONPointer), "is given twice.")
	}
	return invalid(
		fieldOf(wrong.JSONPointer),
		fmt.Sprintf("The %s is not JSON: it goes wrong at byte %d.", what, wrong.ByteOffset),
	)
}

// checkDepth walks the text once before anything is made of it.
func checkDepth(what string, text []byte) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		_, err := decoder.ReadToken()
		if wrong, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
			return syntax(what, wrong)
		}
		if err != nil {
			return nil // the end
		}
		if decoder.StackDepth() > jsonDepth {
			return invalid(
				fieldOf(decoder.StackPointer()),
				fmt.Sprintf("The %s nests deeper than %d levels.", what, jsonDepth),
			)
		}
	}
}

// fieldOf writes a JSON pointer as the field's path: pii-principal.mpxn, controllers[1].name.
func fieldOf(pointer jsontext.Pointer) string {
	var path strings.Builder
	for token := range pointer.Tokens() {
		if regexpIndex.MatchString(token) {
			path.WriteString("[" + token + "]")
			continue
		}
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		if token == "" || !allLegible(token) {
			token = strconv.QuoteToASCII(token) // or nothing would be left to see of it
		}

		path.WriteString(token)
	}

	return printable(path.String())
}

// printable bounds and cleans a name that the caller chose before it stands in an answer or a log.
func printable(name string) string {
	const most = 100
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !legible(r) {
			return -1
		}
		return r
	}, name)
	if utf8.RuneCountInString(name) > most {
		name = string([]rune(name)[:most])
	}

	return name
}

// legible says that a character may stand in a text of one line: it has been assigned, and it is seen for what
// it is. With a control, a mark of direction or a character of no width an organisation could write a name
// that reads as somebody else's (Unicode Technical Report 36, 2.5 and 2.10).
func legible(r rune) bool {
	const brailleBlank = '\u2800'
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs) && r != brailleBlank &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// mostMarks is how many marks a letter may bear. A tower of them is drawn over what stands above and below, which may be
// somebody else's (Unicode Technical Standard 39, 5.4).
const mostMarks = 4

func allLegible(text string) bool {
	marks := 0
	for _, r := range text {
		if marks++; !unicode.In(r, unicode.Mn, unicode.Me) {
			marks = 0
		}
		if !legible(r) || marks > mostMarks {
			return false
		}
	}

	return true
}

// expected names in JSON's words what a Go type is read from.
func expected(t reflect.Type) string {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return "something else"
	}

	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Int:
		return "a whole number"
	}

	return "a number"
}

var (
	regexpIndex    = regexp.MustCompile(`^[0-9]+$`)
	patternMPxN    = regexp.MustCompile(`^(?:[0-9A-HJ-NPR-Z]{2}[0-9]{8,10}|[0-9]{6,13})$`)
	patternKey     = regexp.MustCompile(`^[a-z]+_[0-9a-f]{24}$`)
	patternDUID    = regexp.MustCompile(`^duid_[0-9a-z]{16,32}$`) // the demonstration's own are not hex
	patternAccount = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{2,63}$`)
	patternPost    = regexp.MustCompile(`^[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}$`)
	patternCountry = regexp.MustCompile(`^[A-Z]{2}$`)
	patternLang    = regexp.MustCompile(`^[a-z]{2}$`)
	patternPeriod  = regexp.MustCompile(`^P(?:[0-9]+W|(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?)$`)
)

// meterPoint reads a meter point number, without its spaces and dashes (docs/decisions.md, MPxN).
func meterPoint(field, text string) (string, error) {
	mpxn := strings.NewReplacer(" ", "", "-", "").Replace(text)
	if mpxn == "" {
		return "", invalid(field, "is required: an MPAN of 13 digits or an MPRN of 6 to 10.")
	}
	if !patternMPxN.MatchString(mpxn) {
		return "", invalid(field, "is not a meter point number: an MPAN of 13 digits or an MPRN of 6 to 10.")
	}

	return mpxn, nil
}

// knownQuery refuses a query parameter that the operation does not know, or that is given twice: a filter
// that is misspelt must not pass for none.
func knownQuery(c echo.Context, names ...string) error {
	var wrong Errors
	given := map[string]bool{}
	for part := range strings.SplitSeq(c.Request().URL.RawQuery, "&") {
		if part == "" {
			continue
		}

		rawName, rawValue, _ := strings.Cut(part, "=")
		name, nameErr := url.QueryUnescape(rawName)
		value, valueErr := url.QueryUnescape(rawValue)
		known := slices.Contains(names, name)
		field := name
		switch {
		case nameErr != nil:
			field = printable(rawName)
		case !known && (!utf8.ValidString(name) || !allLegible(name) || strings.Contains(name, ";")):
			// As it has to be written, for as it is it could not be read.
			field = printable(url.QueryEscape(name))
		case !known:
			field = printable(name)
		}

		refuse := func(message string) { wrong = append(wrong, invalid(field, message)) }
		switch {
		case nameErr != nil || valueErr != nil:
			refuse("is not escaped well: after a % come two hexadecimal digits.")
		case strings.Contains(part, ";"):
			refuse("has a semicolon: write it as %3B, and & between parameters.")
		case name == "":
			refuse("The query has a parameter without a name.")
		case !known:
			refuse("is not a parameter of this resource.")
		case given[name]:
			refuse("is given twice.")
		case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
			refuse("is not text.")
		}

		given[name] = true
	}

	if len(wrong) == 0 {
		return nil
	}

	slices.SortStableFunc(wrong, func(a, b *Error) int { return strings.Compare(a.Field, b.Field) })
	return wrong
}

// checks gathers the mistakes of one body, so that its sender can mend them all at once.
type checks struct{ wrong Errors }

func (k *checks) add(field, message string) { k.wrong = append(k.wrong, invalid(field, message)) }

func (k *checks) err() error {
	if len(k.wrong) == 0 {
		return nil
	}
	return k.wrong
}

// text checks a string that may be empty, stands on one line and holds at most so many characters.
func (k *checks) text(field, value string, most int) {
	if utf8.RuneCountInString(value) > most {
		k.add(field, fmt.Sprintf("must have at most %d characters.", most))
	}
	if !allLegible(value) {
		k.add(field, "must be one line, without control characters, invisible ones, or more than 4 marks on a letter.")
	}
}

// required checks a string that must say something.
func (k *checks) required(field, value string, most int) {
	if strings.TrimSpace(value) == "" {
		k.add(field, "is required.")
		return
	}
	k.text(field, value, most)
}

func (k *checks) optional(field string, value *string, most int) {
	if value != nil && strings.TrimSpace(*value) == "" {
		k.add(field, "must say something where it is given.")
	} else if value != nil {
		k.text(field, *value, most)
	}
}

func (k *checks) pattern(field, value string, pattern *regexp.Regexp, message string) {
	if !pattern.MatchString(value) {
		k.add(field, message)
	}
}

// link checks an address that a customer may be sent to. Only https and http: a javascript: link is a trap.
func (k *checks) link(field, value string) {
	if !webLink(value) {
		k.add(field, "must be an absolute https or http URL of at most 2000 characters.")
	}
}

func webLink(value string) bool {
	parsed, err := url.Parse(value)
	return err == nil && len(value) <= 2000 && (strings.HasPrefix(value, "https://") || strings.HasPrefix(value, "http://")) && parsed.Hostname() != "" &&
		parsed.User == nil && !strings.ContainsAny(value, " \t\r\n\"<>\\^`{|}") && utf8.ValidString(value) &&
		allLegible(value)
}

func (k *checks) optionalLink(field, value string) {
	if value != "" {
		k.link(field, value)
	}
}

func (k *checks) date(field string, value registerclient.Date) {
	if day, err := time.Parse(time.DateOnly, string(value)); err != nil {
		k.add(field, "must be a day, as 2024-01-15.")
	} else {
		k.year(field, day)
	}
}

// instant checks a date and time: it must be given, and lie in the years that a database and JSON can hold.
func (k *checks) instant(field string, value time.Time) {
	if value.IsZero() {
		k.add(field, "is required: a date and time, as 2024-01-15T10:00:00Z.")
	} else {
		k.year(field, value)
	}
}

func (k *checks) year(field string, value time.Time) {
	if value.Year() < 1900 || value.Year() > 2999 {
		k.add(field, "must lie in the years 1900 to 2999.")
	}
}

// email checks an e-mail address: one bare address, as mail servers take it.
func (k *checks) email(field, value string) {
	address, err := mail.ParseAddress(value)
	if err != nil || address.Address != value || len(value) > 254 || !allLegible(value) {
		k.add(field, "must be one e-mail address, as customer@example.com.")
	}
}

func oneOf[T ~string](k *checks, field string, value T, values ...T) {
	if !slices.Contains(values, value) {
		names := make([]string, len(values))
		for i, v := range values {
			names[i] = string(v)
		}
		k.add(field, "must be one of "+strings.Join(names, ", ")+".")
	}
}

func (k *checks) dataTypes(field string, types []registerclient.DataType) {
	if len(types) == 0 {
		k.add(field, "must name at least one type of data.")
	}

	for i, t := range types {
		oneOf(k, fmt.Sprintf("%s[%d]", field, i), t, allDataTypes...)
		if slices.Contains(types[:i], t) {
			k.add(fmt.Sprintf("%s[%d]", field, i), "is named twice.")
		}
	}
}

var allDataTypes = []registerclient.DataType{
	registerclient.HalfHourlyConsumption, registerclient.HalfHourlyExport,
	registerclient.MonthlyConsumption, registerclient.MonthlyExport,
	registerclient.AnnualConsumption, registerclient.AnnualExport,
	registerclient.TariffImport, registerclient.TariffExport,
}

func (k *checks) address(field string, a *registerclient.UKAddress) {
	if a == nil {
		return
	}

	k.required(field+".addressLine1", a.AddressLine1, 100)
	k.optional(field+".addressLine2", a.AddressLine2, 100)
	k.required(field+".townCity", a.TownCity, 100)
	k.optional(field+".county", a.County, 100)
	k.pattern(field+".postcode", a.Postcode, patternPost, "must be a UK postcode in capitals, as M14 5RT.")
}
