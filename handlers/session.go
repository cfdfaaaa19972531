package handlers

import (
	"errors"
	"net/http"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"central.consent/dar/handlers/portaldb"
)

// visitHandler handles a request of a visit.
type visitHandler func(echo.Context, *visit) error

// withVisit wraps a handler that needs a visit. The request counts as use, and a form must carry the visit's token.
func (p *portal) withVisit(h visitHandler) echo.HandlerFunc {
	return func(c echo.Context) error {
		v, err := p.findVisit(c)
		if err != nil {
			return err
		}

		if c.Request().Method == http.MethodPost && !v.ownsForm(c.Request()) {
			return errForbidden
		}

		if err := p.sessions.extend(c.Request().Context(), v); err != nil {
			return err
		}

		return h(c, v)
	}
}

// withRecords wraps a handler that needs the list of a confirmed customer. Other customers are sent to prove presence.
func (p *portal) withRecords(h visitHandler) echo.HandlerFunc {
	return p.withVisit(func(c echo.Context, v *visit) error {
		if !v.Opened {
			return p.seeOther(c, "/waiting")
		}

		return h(c, v)
	})
}

// session returns the request's session, which is new and empty if its cookie leads to none.
func (p *portal) session(c echo.Context) (*sessions.Session, error) {
	return p.sessions.Get(c.Request(), p.sessions.name)
}

// findVisit returns the request's visit; errSessionEnded if it has none.
func (p *portal) findVisit(c echo.Context) (*visit, error) {
	session, err := p.session(c)
	if err != nil {
		return nil, err
	}

	v, ok := session.Values[visitKey].(*visit)
	if !ok {
		return nil, errSessionEnded
	}

	if p.kind.advised {
		a, err := p.adviser(c)
		if err != nil {
			return nil, err
		}
		if !v.belongsTo(a) {
			return nil, errSessionEnded
		}
	}

	return v, nil
}

// beginVisit begins a new session, and ends the one that the request has.
func (p *portal) beginVisit(c echo.Context, v *visit) error {
	session, err := p.session(c)
	if err != nil && !errors.Is(err, errSessionEnded) {
		return err
	}

	if err := p.sessions.forget(c.Request().Context(), session); err != nil {
		return err
	}
	if ended, ok := session.Values[visitKey].(*visit); ok {
		p.signOutAllBut(c, ended, v)
	}

	if p.kind.advised {
		a, err := p.adviser(c)
		if err != nil {
			return err
		}
		if a == nil {
			return errForbidden // signed out meanwhile
		}
		v.Adviser = a.Key
	}

	session.Values[visitKey] = v

	return session.Save(c.Request(), c.Response())
}

// mostSaves is how often a change is tried against requests that save first.
const mostSaves = 10

// changeVisit applies a change to the visit and saves it. If another request of the same customer saved first, the
// change is applied to what that request has saved: no change is lost. So apply must decide by the visit that it is
// given. It may refuse with an error.
func (p *portal) changeVisit(c echo.Context, v *visit, apply func(*visit) error) error {
	session, err := p.session(c)
	if err != nil {
		return err
	}

	for range mostSaves {
		if err := apply(v); err != nil {
			return err
		}

		session.Values[visitKey] = v
		err := session.Save(c.Request(), c.Response())
		if err == nil && v.Frame != nil && p.embedded != nil {
			p.updateFrame(c, v)
		}
		if !errors.Is(err, portaldb.ErrChanged) {
			return err
		}

		if err := p.sessions.load(c.Request(), session); err != nil {
			return err
		}

		*v = *session.Values[visitKey].(*visit)
	}

	return portaldb.ErrChanged
}

// openVisit gives the session a new id and the visit a new form token: from here on it opens more than before.
func (p *portal) openVisit(c echo.Context, v *visit) error {
	session, err := p.session(c)
	if err != nil {
		return err
	}

	v.open()

	return p.sessions.renew(c.Request(), c.Response(), session)
}

// postKeepAlive is for a customer who reads for a long time: withVisit has already counted the request as use.
func (p *portal) postKeepAlive(c echo.Context, _ *visit) error {
	return c.NoContent(http.StatusNoContent)
}
