package handlers

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web/limit"
)

// Limits are those that an operator may set (docs/decisions.md, Limits of a portal). Each is a number an hour. Zero is
// the default, which DefaultLimits has.
type Limits struct {
	// StartsOfAddress bounds the proofs that customers behind one address start, and LookUpsOfAddress the meter points
	// that they look up.
	StartsOfAddress  int
	LookUpsOfAddress int
	// AdviserStartsOfAddress and AdviserLookUpsOfAddress are the same for advisers behind one address: an office.
	AdviserStartsOfAddress  int
	AdviserLookUpsOfAddress int
	// StartsOfAdviser and LookUpsOfAdviser bound one adviser, from any address.
	StartsOfAdviser  int
	LookUpsOfAdviser int
}

// DefaultLimits let a household, or a small office, pass, and an adviser who helps a customer every other minute.
var DefaultLimits = Limits{
	StartsOfAddress:         20,
	LookUpsOfAddress:        30,
	AdviserStartsOfAddress:  600,
	AdviserLookUpsOfAddress: 900,
	StartsOfAdviser:         40,
	LookUpsOfAdviser:        60,
}

// withDefaults replaces each zero.
func (l Limits) withDefaults() Limits {
	d := DefaultLimits

	return Limits{
		StartsOfAddress:         cmp.Or(l.StartsOfAddress, d.StartsOfAddress),
		LookUpsOfAddress:        cmp.Or(l.LookUpsOfAddress, d.LookUpsOfAddress),
		AdviserStartsOfAddress:  cmp.Or(l.AdviserStartsOfAddress, d.AdviserStartsOfAddress),
		AdviserLookUpsOfAddress: cmp.Or(l.AdviserLookUpsOfAddress, d.AdviserLookUpsOfAddress),
		StartsOfAdviser:         cmp.Or(l.StartsOfAdviser, d.StartsOfAdviser),
		LookUpsOfAdviser:        cmp.Or(l.LookUpsOfAdviser, d.LookUpsOfAdviser),
	}
}

// The limits that no operator sets. The counts are in the database: replicas share them.
var (
	startsOfSession  = limit.Window{Most: 5, Within: 15 * time.Minute}
	ticketsOfSession = limit.Window{Most: 40, Within: 15 * time.Minute}
)

// hourly is a limit of an operator.
func hourly(most int) limit.Window { return limit.Window{Most: most, Within: time.Hour} }

// limited is what is counted: an action, and the session or address that does it.
type limited struct {
	action string
	by     string
}

// limitStarts counts the start of a proof, even if it fails.
func (p *portal) limitStarts(c echo.Context, v *visit) error {
	ctx := c.Request().Context()
	err := p.count(ctx, limited{action: "start of session", by: string(v.row.key)}, startsOfSession)
	if err != nil {
		return err
	}
	if p.kind.advised {
		return p.limitAdviser(c, "start", p.Limits.StartsOfAdviser, p.Limits.AdviserStartsOfAddress)
	}

	return p.count(ctx, limited{action: "start of address", by: c.RealIP()}, hourly(p.Limits.StartsOfAddress))
}

// limitLookUps counts a look-up of a meter point, by which a stranger could find out which are on record.
func (p *portal) limitLookUps(c echo.Context) error {
	if p.kind.advised {
		return p.limitAdviser(c, "look-up", p.Limits.LookUpsOfAdviser, p.Limits.AdviserLookUpsOfAddress)
	}

	ctx := c.Request().Context()

	return p.count(ctx, limited{action: "look-up of address", by: c.RealIP()}, hourly(p.Limits.LookUpsOfAddress))
}

// limitAdviser counts what an adviser does, for the adviser and for the office. Those who share a code count by their
// sign-in. The counts are the operator's own, and apart from those of customers behind the same address.
func (p *portal) limitAdviser(c echo.Context, action string, mostOfAdviser, mostOfAddress int) error {
	a, err := p.adviser(c)
	if err != nil {
		return err
	}
	if a == nil {
		return errForbidden
	}

	ctx := c.Request().Context()
	who := cmp.Or(foldAdviser(a.Name), hex.EncodeToString(a.Key))
	own := limited{action: action + " of adviser of " + p.Operator, by: who}
	if err := p.count(ctx, own, hourly(mostOfAdviser)); err != nil {
		return err
	}

	office := limited{action: action + " of advisers of " + p.Operator + " of address", by: c.RealIP()}

	return p.count(ctx, office, hourly(mostOfAddress))
}

// count counts an action. If the rule forbids it, count counts nothing, and returns a *tooOftenError. A demonstration
// has no limits.
func (p *portal) count(ctx context.Context, l limited, rule limit.Rule) error {
	return p.countAt(ctx, l, rule, p.Clock())
}

// countAt is count for an action that may be taken back by its time.
func (p *portal) countAt(ctx context.Context, l limited, rule limit.Rule, now time.Time) error {
	if p.Demonstration {
		return nil
	}

	wait, err := p.DB.CountEvent(ctx, p.bucket(l), rule, now)
	if err != nil {
		return err
	}
	if wait > 0 {
		return &tooOftenError{Wait: wait}
	}

	return nil
}

// forgive deletes what was counted.
func (p *portal) forgive(ctx context.Context, l limited) error {
	return p.DB.DeleteLimit(ctx, p.bucket(l))
}

// bucket returns the key of a limit's row: a keyed hash, because all addresses of Britain could be tried against a
// plain one.
func (p *portal) bucket(l limited) []byte {
	mac := hmac.New(sha256.New, p.limitKey)
	mac.Write([]byte(l.action + "\x00" + l.by))

	return mac.Sum(nil)
}
