package handlers

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

func (p *portal) showStart(c echo.Context) error {
	if isLink(c.QueryParams()) {
		return p.takeLink(c)
	}
	if p.part == partEmbed {
		p.tryCookie(c)
	}

	v, _ := p.find(c) // whoever has no session, or cannot be found one, can always start
	page := views.StartPage{Page: p.page(c, v)}
	if v != nil {
		page.Number = readable(v.MeterPoint).Number
	}
	if brought := p.heldLink(c); brought.Number != "" {
		page.Number, page.Linked = readable(brought.Number).Number, true
	} else if !brought.At.IsZero() && v == nil {
		page.NumberNeeded = true
	}

	return render(c, http.StatusOK, views.Start(page))
}

func (p *portal) postMeter(c echo.Context) error {
	if p.part == partEmbed && !p.keepsCookies(c) {
		return p.showNoCookies(c)
	}

	v, _ := p.find(c) // as above
	// A page that answers this form cannot be fetched again: its language switch sends the form once more, so that
	// the number is neither lost nor put into an address.
	if lang := c.Request().PostForm.Get("lang"); slices.Contains(p.languages, lang) {
		p.switchLanguage(c, lang)
	}

	typed := c.Request().PostForm.Get("number")
	number, mistake := parseMeterPoint(typed)
	if len(c.Request().PostForm["number"]) > 1 {
		mistake = "error.number.twice"
	}

	typed = shown(typed)
	if mistake != "" {
		page := views.StartPage{Page: p.page(c, v), Number: typed}
		page.Resend = resend(c)
		page.Errors = []views.FieldError{{Field: "number", Key: mistake}}
		return render(c, http.StatusUnprocessableEntity, views.Start(page))
	}

	brought := p.heldLink(c)
	// The back button brings customers here with the number that they are already in for.
	if v != nil && v.MeterPoint == number {
		return p.goOn(c, v, brought)
	}
	if !checkDigitHolds(number) && c.Request().PostForm.Get("confirmed") != "yes" {
		page := views.CheckNumberPage{Page: p.page(c, v), Number: typed, MeterPoint: readable(number)}
		page.Resend = resend(c)
		return render(c, http.StatusOK, views.CheckNumber(page))
	}

	if err := p.limitLookUp(c); err != nil {
		return err
	}

	known, err := p.Register.IdentityRecordExists(c.Request().Context(), number)
	if err != nil {
		return err
	}

	methods := p.preferred(known.AvailableMethods)
	if !known.Exists || len(methods) == 0 {
		page := p.page(c, v)
		page.Resend = resend(c)
		return p.showNoRecord(c, page, number)
	}

	if err := p.begin(c, newVisit(number, methods, brought.ReturnURL, p.Clock())); err != nil {
		return err
	}

	p.forgetLink(c)
	return seeOther(c, "/prove")
}

// goOn takes a customer who is in for this number already to where they were, and remembers where a link says that they
// have come from since.
func (p *portal) goOn(c echo.Context, v *visit, brought link) error {
	if brought.ReturnURL != "" {
		err := p.change(c, v, func(v *visit) error {
			v.ReturnURL = brought.ReturnURL
			return nil
		})
		if err != nil {
			return err
		}
	}

	p.forgetLink(c)
	return seeOther(c, "/prove")
}

// resend is the form of the start page as it came, for the language switch. The session's token is not in it: this
// form needs none.
func resend(c echo.Context) *views.Resend {
	form := c.Request().PostForm
	fields := []views.FormField{{Name: "number", Value: shown(form.Get("number"))}}
	if form.Get("confirmed") == "yes" {
		fields = append(fields, views.FormField{Name: "confirmed", Value: "yes"})
	}

	return &views.Resend{Action: base(c) + "/meter", Fields: fields}
}

// showNoRecord says that nobody at this meter point can be asked.
func (p *portal) showNoRecord(c echo.Context, page views.Page, number string) error {
	return render(c, http.StatusOK, views.NoRecord(views.NoRecordPage{Page: page, MeterPoint: readable(number)}))
}

// preference is the order in which a customer is asked: nothing is easier or safer than a passkey that they
// have, and a new one comes last.
var preference = []registerclient.Method{
	registerclient.MethodPasskeyAssert, registerclient.MethodMagicLink, registerclient.MethodPasskeyRegister,
}

// adviserPreference begins with what works wherever the customer is. Their passkey is of use on the adviser's computer only
// to somebody across the desk, and to set up another is offered to them on their own device once they have confirmed.
var adviserPreference = []registerclient.Method{registerclient.MethodMagicLink, registerclient.MethodPasskeyAssert}

// preferred sorts the methods that the register offers, and leaves out what is of no use here.
func (p *portal) preferred(offered []registerclient.Method) []registerclient.Method {
	order := preference
	if p.part == partAdviser {
		order = adviserPreference
	}

	var sorted []registerclient.Method
	for _, method := range order {
		if slices.Contains(offered, method) {
			sorted = append(sorted, method)
		}
	}

	return sorted
}

const (
	mpanLength = 13
	// The long form of a bill puts profile class, time switch code and line loss factor class, eight
	// characters, before the MPAN.
	longLength                = 21
	shortestMPRN, longestMPRN = 6, 10
)

// parseMeterPoint reads a meter point number as people copy it from a bill: an MPAN of 13 digits or an MPRN
// of 6 to 10, with whatever stands between the digits, and an MPAN also in the long form that begins with S.
// Mistake is the text key of what is wrong, and empty if nothing is.
func parseMeterPoint(typed string) (number, mistake string) {
	var b strings.Builder
	for _, r := range typed {
		if !unicode.In(r, unicode.Space, unicode.Pd, unicode.Cf, unicode.Cc) && !strings.ContainsRune("./,_|", r) {
			b.WriteRune(r)
		}
	}

	number = b.String()
	if number == "" {
		return "", "error.number.empty"
	}

	long := strings.TrimLeft(number, "Ss")
	if len(long) == longLength && isAlphanumeric(long[:longLength-mpanLength]) {
		number = long[longLength-mpanLength:]
	}
	if strings.Trim(number, "0123456789") != "" {
		return "", "error.number.characters"
	}
	if len(number) != mpanLength && (len(number) < shortestMPRN || len(number) > longestMPRN) {
		return "", "error.number.length"
	}

	return number, ""
}

// isAlphanumeric reports whether s holds ASCII letters and digits alone: a line loss factor class may have letters.
func isAlphanumeric(s string) bool {
	for i := range len(s) {
		if !('0' <= s[i] && s[i] <= '9' || 'A' <= s[i] && s[i] <= 'Z' || 'a' <= s[i] && s[i] <= 'z') {
			return false
		}
	}

	return true
}

// checkDigitHolds reports whether an MPAN's last digit is the check of the first twelve: each times a prime,
// the sum modulo 11, modulo 10. The primes are the industry's (MPAN core, Balancing and Settlement Code). An
// MPRN has no check digit, and always holds.
func checkDigitHolds(number string) bool {
	if len(number) != mpanLength {
		return true
	}

	sum := 0
	for i, prime := range []int{3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43} {
		sum += int(number[i]-'0') * prime
	}

	return byte('0'+sum%11%10) == number[mpanLength-1]
}

// readable groups an MPAN as bills do. An MPRN stands there in one piece.
func readable(number string) views.MeterPoint {
	if len(number) != mpanLength {
		return views.MeterPoint{Number: number}
	}

	return views.MeterPoint{
		Number:      number[:2] + " " + number[2:6] + " " + number[6:10] + " " + number[10:],
		Electricity: true,
	}
}

// shown is what a customer typed, fit to be given back: whole characters, and not endlessly many.
func shown(typed string) string {
	const longest = 60
	runes := []rune(strings.ToValidUTF8(typed, ""))
	return string(runes[:min(len(runes), longest)])
}
