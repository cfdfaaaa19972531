package handlers

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// readingTime is how long a reading may take. The process of one that takes longer has stopped: the longest request is
// shorter.
const readingTime = requestTime + 5*time.Second

// handleLength is how many random characters name a record in a session.
const handleLength = 12

// readRecords uses the confirmed token for the one reading that it allows, and keeps the result.
//
// The claim comes first, so that of two windows that poll at once only one calls the register. The other finds the
// list with its next poll. The claim has an Idempotency-Key: if the response is lost, the next poll sends the request
// again with the same key, and gets the list.
func (p *portal) readRecords(c echo.Context, v *visit, proof challenge) error {
	ignoreCancel(c)

	key, err := p.claimReading(c, v, proof)
	if errors.Is(err, errInProgress) {
		return nil
	}
	if err != nil {
		return err
	}

	ctx := c.Request().Context()
	query := registerclient.ListAccessRecordsQuery{ReidentificationToken: proof.TokenRef}
	list, readErr := p.Register.ListAccessRecords(registerclient.WithIdempotencyKey(ctx, key), v.MeterPoint, query)

	// A token is used up if its one response was given and the register does not repeat it any more. It is void if the
	// person who confirmed has moved out since, or its hour is over. The waiting page says so. After any other failure
	// the token may be tried again.
	usedUp := errors.Is(readErr, registerclient.ErrConflict)
	void := errors.Is(readErr, registerclient.ErrForbidden)
	err = p.changeVisit(c, v, func(v *visit) error {
		switch {
		case !v.waitsFor(proof):
		case readErr == nil:
			v.Reading = newReading(list, p.Clock())
		case usedUp:
			v.Challenge.State = views.WaitingLost
		case void:
			v.Challenge.State = views.WaitingGone
		default:
			v.Challenge.ReadingSince = time.Time{}
		}

		return nil
	})

	switch {
	case usedUp:
		p.Logger.WarnContext(ctx, "the token is used up: its response was lost", "error", readErr)
		return err
	case void:
		p.Logger.WarnContext(ctx, "the token is void", "error", readErr)
		return err
	case readErr != nil:
		return errors.Join(fmt.Errorf("read the records: %w", readErr), err)
	default:
		return err
	}
}

// claimReading reserves the reading for this request and returns its Idempotency-Key, which is the same for every
// reading with the token. It returns errInProgress if another request has reserved it.
func (p *portal) claimReading(c echo.Context, v *visit, proof challenge) (string, error) {
	var key string
	err := p.changeVisit(c, v, func(v *visit) error {
		now := p.Clock()
		if !v.waitsFor(proof) || now.Sub(v.Challenge.ReadingSince) < readingTime {
			return errInProgress
		}

		if v.Challenge.ReadingKey == "" {
			v.Challenge.ReadingKey = rand.Text()
		}
		v.Challenge.ReadingSince = now
		key = v.Challenge.ReadingKey

		return nil
	})

	return key, err
}

func newReading(list *registerclient.ListAccessRecordsResponse, now time.Time) *reading {
	records := make([]heldRecord, len(list.AccessRecords))
	for i, record := range list.AccessRecords {
		records[i] = heldRecord{Handle: rand.Text()[:handleLength], Summary: record}
	}

	return &reading{At: now, Records: records, LeftOut: list.LeftOut, ContactsURL: list.ContactsURL}
}
