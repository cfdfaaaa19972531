package handlers

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/labstack/echo/v4"
)

// How often what may be done, kept in the database so that replicas share it (decisions.md, Limits of a portal).
const (
	startsOfSession, perSession  = 5, 15 * time.Minute
	startsOfAddress              = 20
	lookUpsOfAddress, perAddress = 30, time.Hour
)

// limit is how often something may be done: most times in any stretch of within. What is counted is the name of the
// limit, and of whom is their session or address.
type limit struct {
	what, of string
	most     int
	within   time.Duration
}

// tooOftenError is a limit that is reached. Wait is how long until it can be tried again.
type tooOftenError struct{ Wait time.Duration }

func (*tooOftenError) Error() string { return "a limit of the portal is reached" }

// limitStart counts the start of a proof, whatever comes of it.
func (p *portal) limitStart(c echo.Context, v *visit) error {
	if err := p.hit(
		c.Request().Context(),
		limit{"start of session", string(v.key), startsOfSession, perSession},
	); err != nil {
		return err
	}
	return p.hit(c.Request().Context(), limit{"start of address", c.RealIP(), startsOfAddress, perAddress})
}

// limitLookUp counts a look-up of a meter point, by which a stranger could find out which are on record.
func (p *portal) limitLookUp(c echo.Context) error {
	return p.hit(c.Request().Context(), limit{"look-up of address", c.RealIP(), lookUpsOfAddress, perAddress})
}

// hit counts one more time, unless that is one too many: then it counts nothing and answers a *tooOftenError. However
// many replicas ask at once, the limit holds. A demonstration limits nobody.
func (p *portal) hit(ctx context.Context, l limit) error {
	if p.Demonstration {
		return nil
	}

	now, bucket := p.Clock(), p.bucket(l)
	var wait time.Duration
	err := p.sessions.inTransaction(ctx, func(tx *sqlx.Tx) error {
		var kept string
		// The update changes nothing. It locks a row that is there, so that it is neither counted twice nor swept.
		err := tx.GetContext(ctx, &kept, tx.Rebind(`INSERT INTO portal_limits (bucket, hits, until) VALUES (?, '[]', ?)
			ON CONFLICT (bucket) DO UPDATE SET until = portal_limits.until RETURNING hits`), bucket, now.Add(l.within).UnixMilli())
		if err != nil {
			return err
		}

		var hits []int64
		if err := json.Unmarshal([]byte(kept), &hits); err != nil {
			return err
		}
		for len(hits) > 0 && hits[0] <= now.Add(-l.within).UnixMilli() {
			hits = hits[1:]
		}
		if len(hits) >= l.most {
			wait = time.UnixMilli(hits[len(hits)-l.most]).Add(l.within).Sub(now)
			return nil
		}

		text, err := json.Marshal(append(hits, now.UnixMilli()))
		if err != nil {
			return err
		}

		_, err = tx.ExecContext(ctx, tx.Rebind(`UPDATE portal_limits SET hits = ?, until = ? WHERE bucket = ?`),
			string(text), now.Add(l.within).UnixMilli(), bucket)
		return err
	})
	if err == nil {
		// Apart from the transaction, which waits for nobody else's row and so can stand in nobody's way.
		_, err = p.DB.ExecContext(ctx, p.DB.Rebind(`DELETE FROM portal_limits WHERE until <= ?`), now.UnixMilli())
	}
	if err != nil {
		return fmt.Errorf("count towards a limit: %w", err)
	}
	if wait > 0 {
		return &tooOftenError{wait}
	}

	return nil
}

// forgive makes a limit count anew.
func (p *portal) forgive(ctx context.Context, l limit) error {
	if _, err := p.DB.ExecContext(
		ctx,
		p.DB.Rebind(`DELETE FROM portal_limits WHERE bucket = ?`),
		p.bucket(l),
	); err != nil {
		return fmt.Errorf("forgive a limit: %w", err)
	}
	return nil
}

// bucket is the row of a limit: a keyed hash, for the addresses of Britain can all be tried against a bare one.
func (p *portal) bucket(l limit) []byte {
	mac := hmac.New(sha256.New, p.limitKey)
	mac.Write([]byte(l.what + "\x00" + l.of))
	return mac.Sum(nil)
}

// derivedKey is a key of its own for each purpose, so that none is used in two ways.
func derivedKey(sessionKey []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, sessionKey, nil, "central.consent/dar/handlers "+purpose, 32)
}
