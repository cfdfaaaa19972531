package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/internal/web"
	"central.consent/dar/views"
)

// A ticket leads out of a frame, into a tab of the portal's own. A record can be stopped there (docs/decisions.md,
// Framing).
const (
	// ticketTime is how long a ticket can be used. The customer asks for it with the press that opens the tab.
	ticketTime = time.Minute
	// ticketCookieTime is longer: a customer who comes late with a ticket is told so.
	ticketCookieTime = 15 * time.Minute
	// maxTicket is far above the length of a ticket; bytes.
	maxTicket = 100
)

// showLeaveFrame says, in the frame, that stopping is done on the portal's own page, in a new tab.
func (p *portal) showLeaveFrame(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	if held == nil {
		return echo.ErrNotFound
	}
	if !held.canWithdraw(p.Clock()) {
		return p.seeOther(c, "/records") // the list says why
	}

	return web.Render(c, http.StatusOK, views.LeaveFrame(p.leaveFramePage(c, v, held)))
}

func (p *portal) leaveFramePage(c echo.Context, v *visit, held *heldRecord) views.LeaveFramePage {
	return views.LeaveFramePage{
		Page:       p.page(c, v),
		MeterPoint: meterPointView(v.MeterPoint),
		Record:     recordView(*held, p.Clock()),
	}
}

// postLeaveFrame makes a ticket, and sends its address: in Location for the script, which has opened the tab with the
// same press, and as a link for a browser without scripts.
func (p *portal) postLeaveFrame(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	if held == nil {
		return echo.ErrNotFound
	}
	if !held.canWithdraw(p.Clock()) {
		return p.seeOther(c, "/records")
	}

	ctx := c.Request().Context()
	err := p.count(ctx, limited{action: "ticket of session", by: string(v.row.key)}, ticketsOfSession)
	if err != nil {
		return err
	}

	now := p.Clock()
	ticket := newSecret()
	err = p.DB.InsertTicket(ctx, p.Operator, portaldb.Ticket{
		Hash:       hashSecret(ticket),
		SessionKey: v.row.key,
		Handle:     held.Handle,
		ExpiresAt:  now.Add(ticketTime),
	}, now)
	if err != nil {
		return err
	}

	page := p.leaveFramePage(c, v, held)
	page.TicketURL = p.ownBase + "/ticket?" + url.Values{"ticket": {ticket}}.Encode()
	page.Path = p.Base + "/records"
	c.Response().Header().Set(echo.HeaderLocation, page.TicketURL)

	return web.Render(c, http.StatusCreated, views.LeaveFrame(page))
}

// showTicket moves the ticket out of the address into a cookie, and asks for a press. Neither uses the ticket: a
// browser that fetches ahead, or a program that scans links, changes nothing and gets nothing.
func (p *portal) showTicket(c echo.Context) error {
	if ticket := singleValue(c, "ticket"); ticket != "" && len(ticket) < maxTicket {
		p.setCookie(c, ticketCookie, ticket, ticketCookieTime)
		return p.seeOther(c, "/ticket")
	}

	ticket, ok := p.cookie(c, ticketCookie)
	if !ok {
		return errTicket
	}

	return web.Render(c, http.StatusOK, views.Ticket(views.TicketPage{
		Page:  p.page(c, nil),
		Token: web.MaskToken(ticketFormToken(ticket)),
	}))
}

// postTicket uses the ticket, once, and begins a visit of the portal's own with the reading of the visit in the frame.
// A visit that this browser had here before is over: a ticket for another meter point must not end up in it.
func (p *portal) postTicket(c echo.Context) error {
	ticket, ok := p.cookie(c, ticketCookie)
	token := c.Request().PostForm.Get("token")
	if !ok || !web.IsMaskOf(token, ticketFormToken(ticket)) {
		return errForbidden
	}

	ignoreCancel(c)
	p.deleteCookie(c, ticketCookie)
	v, handle, err := p.redeemTicket(c.Request().Context(), ticket)
	if err != nil {
		return err
	}

	if err := p.beginVisit(c, v); err != nil {
		return err
	}

	return p.seeOther(c, "/records/"+handle+"/withdraw")
}

// ticketFormToken returns the token of the form that uses a ticket. The token was never in an address, as the ticket
// was.
func ticketFormToken(ticket string) string {
	sum := sha256.Sum256([]byte("form of ticket " + ticket))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// redeemTicket exchanges a ticket for a visit and the handle of the record that it is for; errTicket if it is of no
// use. A ticket is single use across replicas.
func (p *portal) redeemTicket(ctx context.Context, ticket string) (v *visit, handle string, err error) {
	found, err := p.DB.TakeTicket(ctx, p.Operator, hashSecret(ticket), p.Clock())
	if errors.Is(err, portaldb.ErrNotFound) {
		return nil, "", fmt.Errorf("%w: %w", errTicket, err)
	}
	if err != nil {
		return nil, "", err
	}

	v, err = p.embedded.sessions.read(ctx, found.SessionKey)
	switch {
	case errors.Is(err, errSessionEnded):
		return nil, "", errTicket
	case err != nil:
		return nil, "", err
	case v.record(found.Handle) == nil:
		return nil, "", errTicket
	}

	v.Frame = found.SessionKey
	v.FormToken = newSecret()
	v.row = sessionRow{}

	return v, found.Handle, nil
}

// updateFrame writes into the visit in the frame what was stopped in the tab that it opened. It does nothing if that
// session has ended. A failure is only logged: the record has ended in any case.
func (p *portal) updateFrame(c echo.Context, v *visit) {
	ctx := c.Request().Context()
	for range mostSaves {
		err := p.tryUpdateFrame(ctx, v)
		if err == nil || errors.Is(err, errSessionEnded) {
			return
		}

		if !errors.Is(err, portaldb.ErrChanged) {
			p.Logger.ErrorContext(ctx, "the visit in the frame was not told of a withdrawal", "error", err)
			return
		}
	}
}

func (p *portal) tryUpdateFrame(ctx context.Context, v *visit) error {
	framed, err := p.embedded.sessions.read(ctx, v.Frame)
	if err != nil || !framed.Opened {
		return err
	}

	for _, stopped := range v.Reading.Records {
		if held := framed.record(stopped.Handle); held != nil && stopped.Withdrawal != nil {
			*held = stopped
		}
	}

	return p.embedded.sessions.write(ctx, framed)
}
