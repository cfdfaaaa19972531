package handlers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"

	"central.consent/dar/internal/web/argon"
	"central.consent/dar/internal/web/limit"
)

// errWrongCode means that a name and a code do not belong together.
var errWrongCode = errors.New("the name and the code do not belong together")

// Wrong codes only slow down those that follow, so that no one can shut an office out by guessing: half a minute after
// the last try that counted the next one counts (docs/decisions.md, Advisers).
const longestDelay = 30 * time.Second

var (
	// wrongOfOne slows down the codes for one name from one address, or from one browser that has signed in with the
	// name before.
	wrongOfOne = limit.Delay{Free: 3, First: time.Second, Longest: longestDelay, Within: time.Hour}
	// wrongOfMany slows down the codes for all names from one address, and for one name from all addresses. It does not
	// count for a browser that has signed in with the name before: what strangers do is none of its doing.
	wrongOfMany = limit.Delay{Free: 30, First: time.Second, Longest: longestDelay, Within: time.Hour}
)

// credentials are what a person signs in with.
type credentials struct {
	// name is empty for the shared code.
	name string
	code string
}

// hashing bounds the hashes that are computed at once: each holds 19 MiB and one processor.
var hashing = semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0)))

// checkAdviser returns the name of the adviser as the operator writes it; empty for the shared code. It returns
// errWrongCode, or a *tooOftenError if too many codes were wrong.
//
// Each try counts before it is checked, so that those made at once count too. A right one is taken back.
func (p *portal) checkAdviser(c echo.Context, given credentials) (name string, err error) {
	ctx := c.Request().Context()
	counts := p.wrongCodes(c, given.name)
	now := p.Clock()
	for i, count := range counts {
		if err := p.countAt(ctx, count.limited, count.rule, now); err != nil {
			return "", errors.Join(err, p.uncount(ctx, counts[:i], now))
		}
	}

	name, err = p.compareCode(ctx, given)
	if err != nil {
		return "", err
	}

	// The one who knows the code has made no guesses: those in this browser were mistakes.
	if err := p.forgive(ctx, counts[0].limited); err != nil {
		return "", err
	}
	if err := p.uncount(ctx, counts[1:], now); err != nil {
		return "", err
	}

	return name, p.knowBrowser(c, given.name)
}

// compareCode is checkAdviser without the limits. An unknown name takes as long as a known one.
func (p *portal) compareCode(ctx context.Context, given credentials) (name string, err error) {
	folded := foldAdviser(given.name)
	if folded == "" {
		if p.AdviserSecret == "" || !equalSecrets(given.code, p.AdviserSecret) {
			return "", errWrongCode
		}
		return "", nil
	}
	if len(p.Advisers) == 0 {
		return "", errWrongCode
	}

	found, known := p.advisers[folded]
	if !known {
		found = p.Advisers[0]
	}

	if err := hashing.Acquire(ctx, 1); err != nil {
		return "", fmt.Errorf("wait to check a code: %w", err)
	}
	defer hashing.Release(1)

	right, err := argon.Verify(given.code, found.SecretHash)
	switch {
	case err != nil:
		return "", fmt.Errorf("check a code: %w", err)
	case !right || !known:
		return "", errWrongCode
	default:
		return found.Name, nil
	}
}

func equalSecrets(a, b string) bool {
	x := sha256.Sum256([]byte(a))
	y := sha256.Sum256([]byte(b))

	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// byName returns the advisers by the folded form of their names, or an error if one could never sign in.
func byName(advisers []Adviser) (map[string]Adviser, error) {
	found := map[string]Adviser{}
	for _, a := range advisers {
		folded := foldAdviser(a.Name)
		if _, twice := found[folded]; twice || folded == "" {
			return nil, fmt.Errorf("handlers: two advisers have the name %q, or it is empty", a.Name)
		}
		if _, err := argon.CostOf(a.SecretHash); err != nil {
			return nil, fmt.Errorf("handlers: the code of the adviser %q: %w", a.Name, err)
		}

		found[folded] = a
	}

	return found, nil
}

// foldAdviser returns the form in which two spellings of an adviser's name are equal.
func foldAdviser(name string) string {
	return strings.ToLower(norm.NFKC.String(strings.Join(strings.Fields(name), " ")))
}

// wrongCode is one count of wrong codes, and what it slows down.
type wrongCode struct {
	limited
	rule limit.Rule
}

// wrongCodes returns what a try counts for, the narrowest first. Tries count for this operator alone: an adviser of
// another one must not be able to have them forgiven there.
func (p *portal) wrongCodes(c echo.Context, name string) []wrongCode {
	who := foldAdviser(name)
	if browser := p.knownBrowser(c, name); browser != "" {
		return []wrongCode{{p.wrongCodesOf("browser", browser, who), wrongOfOne}}
	}

	return []wrongCode{
		{p.wrongCodesOf("name and address", c.RealIP(), who), wrongOfOne},
		{p.wrongCodesOf("address", c.RealIP()), wrongOfMany},
		{p.wrongCodesOf("name", who), wrongOfMany},
	}
}

func (p *portal) wrongCodesOf(what string, by ...string) limited {
	return limited{
		action: "wrong code for " + p.Operator + " of " + what,
		by:     strings.Join(by, "\x00"),
	}
}

// uncount takes back events that were counted at a time.
func (p *portal) uncount(ctx context.Context, counts []wrongCode, at time.Time) error {
	if p.Demonstration {
		return nil
	}

	var errs []error
	for _, count := range counts {
		errs = append(errs, p.DB.UncountEvent(ctx, p.bucket(count.limited), at))
	}

	return errors.Join(errs...)
}

// knownTime is how long a browser is known in which an adviser has signed in.
const knownTime = 90 * 24 * time.Hour

// knowBrowser lets the browser say that an adviser of this name has signed in with it. That opens nothing.
func (p *portal) knowBrowser(c echo.Context, name string) error {
	if p.knownBrowser(c, name) != "" {
		return nil
	}

	id := newSecret()
	p.setCookie(c, knownCookie, id+"."+p.browserMAC(id, name), knownTime)

	return nil
}

// knownBrowser returns the id of a browser in which an adviser of this name has signed in; empty for any other.
func (p *portal) knownBrowser(c echo.Context, name string) string {
	value, _ := p.cookie(c, knownCookie)
	id, mac, ok := strings.Cut(value, ".")
	if !ok || !hmac.Equal([]byte(mac), []byte(p.browserMAC(id, name))) {
		return ""
	}

	return id
}

// browserMAC binds the id of a browser to an adviser's name and to what the adviser signs in with.
func (p *portal) browserMAC(id, name string) string {
	mac := hmac.New(sha256.New, p.adviserKey)
	mac.Write([]byte("browser\x00" + id + "\x00" + foldAdviser(name) + "\x00"))
	mac.Write(p.adviserProof(p.advisers[foldAdviser(name)].Name))

	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
