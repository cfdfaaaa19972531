package register

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
)

// How often things may be done, kept in the database so that replicas share them (docs/decisions.md, Limits). A
// register that asks nobody limits nobody.
const (
	// An account may start so many challenges, and ask so often whether somebody can be asked.
	startsOfAccount, askingsOfAccount = 60, 300
	perAccount                        = time.Minute
	// A meter point gets so many links and passkey pages, whoever asks for them.
	linksOfMeter, pagesOfMeter = 5, 20
	perMeter                   = time.Hour
	// From one address so many dead links, wrong codes and failed passkeys.
	failuresOfAddress = 30
	perAddress        = 15 * time.Minute
	// For one challenge a browser is asked so often for a passkey.
	ceremoniesOfChallenge = 30
	perChallenge          = 15 * time.Minute
)

func tooMany(message string, wait time.Duration) *Error {
	return &Error{Kind: TooMany, Code: codeUnclassified, Message: message, RetryAfter: wait}
}

// limitStarts counts a challenge towards its account's limit.
func (s *Register) limitStarts(c echo.Context) error {
	return s.limitAccount(c, "start", startsOfAccount, "This account has started too many challenges of late.")
}

func (s *Register) limitAccount(c echo.Context, what string, most int, message string) error {
	if s.stub {
		return nil
	}

	wait, err := s.hit(
		c.Request().Context(),
		store.Limit{Bucket: what + " account " + caller(c).AccountID, Most: most, Within: perAccount},
	)
	if err == nil && wait > 0 {
		err = tooMany(message, wait)
	}

	return err
}

// limitCustomer counts a challenge towards the limit of its meter point: a customer is not flooded with mail.
func (s *Register) limitCustomer(ctx context.Context, tx *store.Tx, challenge Challenge) error {
	limit := store.Limit{Bucket: "page " + challenge.MPxN, Most: pagesOfMeter, Within: perMeter}
	if challenge.Mailed {
		limit = store.Limit{Bucket: "link " + challenge.MPxN, Most: linksOfMeter, Within: perMeter}
	}

	wait, err := tx.CountTowards(ctx, limit, s.clock())
	if err == nil && wait > 0 {
		err = tooMany("The customer at this meter point has been asked too often of late.", wait)
	}

	return err
}

// hit counts towards a limit in a transaction of its own, whatever comes of the request.
func (s *Register) hit(ctx context.Context, limit store.Limit) (wait time.Duration, err error) {
	err = s.store.Transact(ctx, func(tx *store.Tx) (err error) {
		wait, err = tx.CountTowards(ctx, limit, s.clock())
		return err
	})
	return wait, err
}

// failuresFrom is the limit of failures from the address that a request came from.
func failuresFrom(c echo.Context) store.Limit {
	return store.Limit{Bucket: "failure " + c.RealIP(), Most: failuresOfAddress, Within: perAddress}
}
