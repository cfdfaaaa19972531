package mail

import (
	"bytes"
	"net/mail"
	"regexp"
	"strings"
	"unicode"

	"github.com/emersion/go-msgauth/dkim"
	gomail "github.com/wneessen/go-mail"

	"central.consent/dar/internal/web/address"
)

// envelope is a letter in the form of SMTP: addresses in angle brackets, and the signed contents.
type envelope struct {
	from     string
	to       string
	utf8     bool // an address has characters beyond ASCII
	contents []byte
}

var (
	idForm     = regexp.MustCompile(`^[0-9A-Za-z_-]+(\.[0-9A-Za-z_-]+)*$`)
	domainForm = regexp.MustCompile(
		`^[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?(\.[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?)*$`,
	)
	languageForm = regexp.MustCompile(`^[a-z]{2}(, [a-z]{2})*$`)
)

// compose writes and signs a letter.
func (s *Sender) compose(letter Letter) (envelope, error) {
	if problem := problemOf(letter); problem != "" {
		return envelope{}, unwritable(problem)
	}

	to := &mail.Address{Address: letter.To}
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(s.from)
	message.ToMailAddress(to)
	message.Subject(letter.Subject)
	message.SetDateWithValue(s.clock())
	message.SetMessageIDWithValue(letter.ID + "@" + s.messageDomain)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // no automatic replies (RFC 3834)
	message.SetGenHeader("X-Auto-Response-Suppress", "All")  // the same for Exchange
	message.SetGenHeader("Content-Language", letter.Language)
	message.SetBodyString(gomail.TypeTextPlain, letter.Text)
	message.AddAlternativeString(gomail.TypeTextHTML, letter.HTML)

	var written bytes.Buffer
	if _, err := message.WriteTo(&written); err != nil {
		return envelope{}, unwritable("go-mail failed")
	}

	contents := written.Bytes()
	if s.signing != nil {
		var signed bytes.Buffer
		if err := dkim.Sign(&signed, &written, s.signing); err != nil {
			return envelope{}, &failure{step: "sign it"}
		}
		contents = signed.Bytes()
	}

	from := &mail.Address{Address: s.from.Address}

	return envelope{
		from:     from.String(),
		to:       to.String(),
		utf8:     !isASCII(from.Address + to.Address),
		contents: contents,
	}, nil
}

// problemOf says why a letter cannot be sent. It is empty if nothing is wrong. Text that could add a header or a
// recipient is refused and not cleaned: the register's own letters contain none.
func problemOf(letter Letter) string {
	to, err := mail.ParseAddress(letter.To)

	switch {
	case len(letter.ID) > 128 || !idForm.MatchString(letter.ID):
		return "its ID is not letters, digits, dashes, underscores and single dots"
	case err != nil || to.Address != letter.To || hasControl(letter.To):
		return "its recipient is not a bare address"
	case !address.IsMailDomain(to.Address[strings.LastIndexByte(to.Address, '@')+1:]):
		return "its recipient is not at a domain name"
	case letter.Subject == "" || hasControl(letter.Subject):
		return "its subject is empty or has control characters"
	case letter.Text == "" || letter.HTML == "":
		return "one of its two parts is empty"
	case !languageForm.MatchString(letter.Language):
		return "its language is not a language code"
	}

	return ""
}

// unwritable is the permanent failure of a letter that cannot be written.
func unwritable(problem string) *failure {
	return &failure{step: "write it: " + problem, permanent: true}
}

func hasControl(text string) bool {
	return strings.ContainsFunc(text, unicode.IsControl) || strings.ContainsAny(text, "\u2028\u2029")
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}
