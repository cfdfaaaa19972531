package handlers

import (
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

const (
	// idleTime is how long a session lasts without use.
	idleTime = 15 * time.Minute
	// grantTime is how long a session lasts at most, from the issue of its last token: the register's grant
	// ends then too (decisions.md, Token times).
	grantTime = time.Hour
)

// visit is what the portal remembers of one customer while the session lasts: one meter point, the proof,
// and the one reading that a proof is good for. It is stored encrypted.
type visit struct {
	// MeterPoint is the number in the register's form: digits alone.
	MeterPoint string
	// Methods are the ways to prove presence that the register offers here, best first.
	Methods []registerclient.Method
	// FormToken stands in every form of the session.
	FormToken string
	// EndsAt is the end whatever the customer does.
	EndsAt time.Time
	// Proving is the method that the last proof was begun with, and ProvingSince when.
	Proving      registerclient.Method
	ProvingSince time.Time
	// Challenge is the proof under way, or the one that Reading was had for; nil before.
	Challenge *challenge
	// Reading is nil until the customer has confirmed.
	Reading *reading
	// Resends is how often a letter was sent anew because none had come.
	Resends int
	// ReturnURL is where the customer came from, one of the portal's list; empty for anybody else.
	ReturnURL string
	// Opened says that the session got a new id after the confirmation. Before, the reading is not shown.
	Opened bool
	// Frame is the row of the visit in somebody's frame from which a ticket brought this one here; nil for any other.
	Frame []byte

	sessionRow
}

// challenge is one re-identification.
type challenge struct {
	Method registerclient.Method
	// TokenRef is the register's secret. No answer to the browser may hold it.
	TokenRef string
	// MatchCode is what the customer types on the register's page.
	MatchCode string
	// SentTo is masked.
	SentTo string
	// PasskeyURL is the register's page; empty where a mailed link leads there.
	PasskeyURL string
	// NewTab says that the passkey page knows no way back: it opens in a tab of its own, and MatchCode is typed there.
	// Otherwise it takes the place of this page, and comes back with Completion. A page in a frame needs a new tab too.
	NewTab bool
	// Completion is the code with which the browser came back from the passkey; empty before.
	Completion string
	StartedAt  time.Time
	ExpiresAt  time.Time
	State      views.WaitingState
	// ReadingSince is when a request set out to spend the token; zero before. Only one may at a time.
	ReadingSince time.Time
}

// reading is the one answer that a confirmed token is good for.
type reading struct {
	At      time.Time
	Records []heldRecord
}

// heldRecord is one record of the reading, kept as the register sent it.
type heldRecord struct {
	// Handle names it in this session's addresses. It is random, so that a page left open from an earlier
	// reading cannot name another record.
	Handle  string
	Summary registerclient.AccessRecordSummary
	// Withdrawal is nil unless the customer ended the record in this session.
	Withdrawal *withdrawal
	// Failure is why the last try to end it among several came to nothing, as in views.Outcome.
	Failure string
}

// withdrawal is the register's receipt.
type withdrawal struct {
	At time.Time
	// Reference is the register's transaction id.
	Reference string
}

// record finds a held record by its handle; nil where there is none to be shown.
func (v *visit) record(handle string) *heldRecord {
	if !v.Opened {
		return nil
	}
	for i := range v.Reading.Records {
		if v.Reading.Records[i].Handle == handle {
			return &v.Reading.Records[i]
		}
	}

	return nil
}

// newVisit begins with a meter point that the register knows. ReturnURL may be empty.
func newVisit(meterPoint string, methods []registerclient.Method, returnURL string, now time.Time) *visit {
	return &visit{
		MeterPoint: meterPoint,
		Methods:    methods,
		ReturnURL:  returnURL,
		FormToken:  rand.Text(),
		EndsAt:     now.Add(grantTime),
	}
}

// find loads the request's visit; errSessionEnded where it has none.
func (p *portal) find(c echo.Context) (*visit, error) {
	session, err := p.sessions.Get(c.Request(), p.sessions.name)
	if err != nil {
		return nil, err
	}

	v, ok := session.Values[visitKey].(*visit)
	if !ok {
		return nil, errSessionEnded
	}

	return v, nil
}

// begin replaces whatever session the request has by a new one.
func (p *portal) begin(c echo.Context, v *visit) error {
	session, err := p.sessions.Get(c.Request(), p.sessions.name)
	if err != nil && !errors.Is(err, errSessionEnded) {
		return err
	}
	if err := p.sessions.forget(c.Request().Context(), session); err != nil {
		return err
	}

	session.Values[visitKey] = v
	return session.Save(c.Request(), c.Response())
}

// change applies a change to the visit and saves it. Where another request of the same customer saved
// first, the change is applied to what that one left: neither is lost. Apply must therefore decide by the
// visit that it is given, and may refuse with an error.
func (p *portal) change(c echo.Context, v *visit, apply func(*visit) error) error {
	session, err := p.sessions.Get(c.Request(), p.sessions.name)
	if err != nil {
		return err
	}

	for range 10 {
		if err := apply(v); err != nil {
			return err
		}

		session.Values[visitKey] = v
		err := session.Save(c.Request(), c.Response())
		if err == nil && v.Frame != nil && p.framed != nil {
			p.tellFrame(c, v)
		}
		if !errors.Is(err, errStale) {
			return err
		}
		if err := p.sessions.load(c.Request(), session); err != nil {
			return err
		}

		*v = *session.Values[visitKey].(*visit)
	}

	return errStale
}

// visitor wraps a handler that needs a visit. It counts as use, and a form has to carry the visit's token.
func (p *portal) visitor(h func(echo.Context, *visit) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		v, err := p.find(c)
		if err != nil {
			return err
		}
		if c.Request().Method == http.MethodPost && !v.ownsForm(c.Request()) {
			return errForbidden
		}
		if err := p.sessions.touch(c.Request().Context(), v); err != nil {
			return err
		}

		return h(c, v)
	}
}

// postKeepAlive is for a customer who reads for a long time: visitor has already counted it as use.
func (p *portal) postKeepAlive(c echo.Context, _ *visit) error {
	return c.NoContent(http.StatusNoContent)
}

func (p *portal) postSignOut(c echo.Context, _ *visit) error {
	if err := p.endVisit(c); err != nil {
		return err
	}
	return seeOther(c, "/signed-out")
}

// endVisit deletes the request's session, and what a link brought.
func (p *portal) endVisit(c echo.Context) error {
	session, err := p.sessions.Get(c.Request(), p.sessions.name)
	if err != nil {
		return err
	}

	p.forgetLink(c)
	session.Options.MaxAge = -1
	return session.Save(c.Request(), c.Response())
}

func (p *portal) showSignedOut(c echo.Context) error {
	return render(c, http.StatusOK, views.SignedOut(views.SignedOutPage{Page: p.page(c, nil)}))
}
