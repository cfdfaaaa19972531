package handlers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web/limit"
)

// The limits of a portal (docs/decisions.md, Limits of a portal). The counts are in the database: replicas share them.
var (
	startsOfSession  = limit.Window{Most: 5, Within: 15 * time.Minute}
	startsOfAddress  = limit.Window{Most: 20, Within: time.Hour}
	lookUpsOfAddress = limit.Window{Most: 30, Within: time.Hour}
	ticketsOfSession = limit.Window{Most: 40, Within: 15 * time.Minute}
	// wrongSecrets bounds the guesses at the adviser's secret.
	wrongSecrets = limit.Window{Most: 10, Within: time.Hour}
)

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

	return p.count(ctx, limited{action: "start of address", by: c.RealIP()}, startsOfAddress)
}

// limitLookUps counts a look-up of a meter point, by which a stranger could find out which are on record.
func (p *portal) limitLookUps(c echo.Context) error {
	return p.count(c.Request().Context(), limited{action: "look-up of address", by: c.RealIP()}, lookUpsOfAddress)
}

// count counts an action. If the window is full it counts nothing, and returns a *tooOftenError. A demonstration has no
// limits.
func (p *portal) count(ctx context.Context, l limited, window limit.Window) error {
	if p.Demonstration {
		return nil
	}

	wait, err := p.DB.CountEvent(ctx, p.bucket(l), window, p.Clock())
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
