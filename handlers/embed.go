package handlers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/static"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// The embedded pages are a second portal below the first, which the operator's listed origins may frame (decisions.md,
// Framing). It has the journey up to the list, cookies and sessions of its own, and nothing that ends an access: for that
// a ticket leads into a tab of the portal's own.
const (
	embedPath = "/embed"
	// ticketTime is how long a ticket leads out of the frame. The customer asks for it with the press that opens the tab.
	ticketTime = time.Minute
	// ticketCookieTime is longer, so that a late ticket is told to be late.
	ticketCookieTime = 15 * time.Minute
	// ticketsOfSession bounds what one frame can ask for in perSession.
	ticketsOfSession = 40
	// scriptTime is how long browsers keep embed.js. It stands at one address for good, for it is written into other people's
	// pages: what is mended in it has to reach them soon.
	scriptTime = 10 * time.Minute
)

// embed puts the embedded pages below the portal's own, as a router of their own, so that no route is theirs by accident.
func (p *portal) embed(e *echo.Echo) error {
	options := p.Options
	options.part, options.own, options.Base = partEmbed, p.Base, p.Base+embedPath
	// A passkey opens in a tab of its own and knows no way back into a frame. Nothing sends a frame to another origin.
	options.PublicURL, options.PasskeyOrigin, options.ReturnURLs = "", "", nil
	framed, err := newPortal(options)
	if err != nil {
		return err
	}
	if p.embedScript, err = embedScript(p); err != nil {
		return err
	}

	p.framed = framed
	inside := framed.echo()
	framed.routeEmbedded(inside)
	below(e, framed.Base, inside)
	p.onRead(e, embedPath+".js", p.showEmbedScript)
	e.GET(p.Base+"/ticket", p.showTicket)
	e.POST(p.Base+"/ticket", p.postTicket)

	return nil
}

// routeEmbedded is the route table of the embedded pages.
func (p *portal) routeEmbedded(e *echo.Echo) {
	e.Use(p.leaveWindow)
	p.routeJourney(e)
	p.onRead(e, "/records/:handle/withdraw", p.visitor(p.showLeaveFrame))
	e.POST(p.Base+"/records/:handle/ticket", p.visitor(p.postLeaveFrame))
	e.GET(p.Base+"/", toStart)
}

// leaveWindow sends whoever opens an embedded page by itself to the portal's own start: these pages are for frames.
// Browsers that do not tell the difference (Sec-Fetch-Dest) are shown the page, which can do no more there.
func (p *portal) leaveWindow(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if r := c.Request(); r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Dest") == "document" {
			return c.Redirect(http.StatusSeeOther, p.own)
		}
		return next(c)
	}
}

// embedScript is embed.js with the words of the operator's languages, and with the language that it puts first.
func embedScript(p *portal) ([]byte, error) {
	words := map[string]map[string]string{}
	for _, lang := range p.languages {
		text := i18n.For(lang)
		brand := p.Brand.In(lang)
		words[lang] = map[string]string{
			"title": text.T("embed.frame-title", "Brand", brand.Name),
			"link":  text.T("embed.link", "Brand", brand.Name),
		}
	}

	settings, err := json.Marshal(map[string]any{"words": words, "first": p.languages[0]})
	if err != nil {
		return nil, err
	}

	return bytes.Replace(static.Source("embed.js"), []byte("SETTINGS"), settings, 1), nil
}

// showEmbedScript is what an operator's page includes, from another origin.
func (p *portal) showEmbedScript(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(scriptTime.Seconds())))
	return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", p.embedScript)
}

// tryCookie sets the first cookie, by which the first form shows whether the browser keeps any in this frame.
func (p *portal) tryCookie(c echo.Context) {
	if !p.keepsCookies(c) {
		p.switchLanguage(c, c.Get(printerKey).(*i18n.Printer).Lang())
	}
}

func (p *portal) keepsCookies(c echo.Context) bool {
	_, err := c.Cookie(p.cookieName("lang"))
	return err == nil
}

// showNoCookies leads out of a frame in which no visit can be kept.
func (p *portal) showNoCookies(c echo.Context) error {
	return render(c, http.StatusOK, views.NoCookies(views.NoCookiesPage{Page: p.page(c, nil)}))
}

// showLeaveFrame tells that stopping is done on the portal's own page, in a new tab.
func (p *portal) showLeaveFrame(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	if held == nil {
		return echo.ErrNotFound
	}

	record := recordView(*held, p.Clock())
	if !record.CanWithdraw { // or no more: the list tells why
		return seeOther(c, "/records")
	}

	return render(c, http.StatusOK, views.LeaveFrame(p.leaveFrame(c, v, record)))
}

func (p *portal) leaveFrame(c echo.Context, v *visit, record views.Record) views.LeaveFramePage {
	return views.LeaveFramePage{Page: p.page(c, v), MeterPoint: readable(v.MeterPoint), Record: record}
}

// postLeaveFrame makes the ticket that leads out of the frame. It answers with its address: in Location for the script,
// which has opened the tab with the very press, and as a link for whoever has none.
func (p *portal) postLeaveFrame(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	if held == nil {
		return echo.ErrNotFound
	}

	record := recordView(*held, p.Clock())
	if !record.CanWithdraw {
		return seeOther(c, "/records")
	}

	ctx := c.Request().Context()
	now := p.Clock()
	if err := p.hit(ctx, limit{"ticket of session", string(v.key), ticketsOfSession, perSession}); err != nil {
		return err
	}

	ticket := newSessionID()
	_, err := p.DB.ExecContext(
		ctx,
		p.DB.Rebind(
			`INSERT INTO portal_tickets (ticket_hash, operator, session_key, handle, expires_at) VALUES (?, ?, ?, ?, ?)`,
		),
		rowKey(ticket),
		p.Operator,
		v.key,
		record.Handle,
		now.Add(ticketTime).UnixMilli(),
	)
	if err != nil {
		return fmt.Errorf("make a ticket: %w", err)
	}
	if _, err = p.DB.ExecContext(
		ctx,
		p.DB.Rebind(`DELETE FROM portal_tickets WHERE expires_at <= ?`),
		now.UnixMilli(),
	); err != nil {
		return fmt.Errorf("sweep tickets: %w", err)
	}

	page := p.leaveFrame(c, v, record)
	page.TicketURL = p.own + "/ticket?" + url.Values{"ticket": {ticket}}.Encode()
	page.Path = p.Base + "/records"
	c.Response().Header().Set(echo.HeaderLocation, page.TicketURL)

	return render(c, http.StatusCreated, views.LeaveFrame(page))
}

// showTicket moves the ticket out of the address, and asks for a press. Neither uses it: a browser that fetches ahead, or
// a program that looks at links, changes nothing and gets nothing.
func (p *portal) showTicket(c echo.Context) error {
	if ticket := only(c.QueryParams(), "ticket"); ticket != "" && len(ticket) < 100 {
		p.setCookie(c, "portal_ticket", ticket, ticketCookieTime)
		return seeOther(c, "/ticket")
	}

	cookie, err := c.Cookie(p.cookieName("portal_ticket"))
	if err != nil {
		return errTicket
	}

	return render(
		c,
		http.StatusOK,
		views.Ticket(views.TicketPage{Page: p.page(c, nil), Token: ticketToken(cookie.Value)}),
	)
}

// postTicket uses the ticket, once, and begins a visit of the portal's own, with the reading of the visit in the frame.
// Whatever visit this browser had here before is over: a ticket for another meter point must not end up in it.
func (p *portal) postTicket(c echo.Context) error {
	cookie, err := c.Cookie(p.cookieName("portal_ticket"))
	if err != nil ||
		subtle.ConstantTimeCompare([]byte(c.Request().PostForm.Get("token")), []byte(ticketToken(cookie.Value))) != 1 {
		return errForbidden
	}

	uncancel(c)
	p.setCookie(c, "portal_ticket", "", -time.Second)
	v, handle, err := p.redeem(c.Request().Context(), cookie.Value)
	if err != nil {
		return err
	}
	if err := p.begin(c, v); err != nil {
		return err
	}

	return seeOther(c, "/records/"+handle+"/withdraw")
}

// ticketToken is the token of the form that uses a ticket. It is not in the address, as the ticket was.
func ticketToken(ticket string) string {
	sum := sha256.Sum256([]byte("form of ticket " + ticket))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// redeem turns a ticket into a visit, and the handle of the record that it is for. Of any number of requests one gets it.
func (p *portal) redeem(ctx context.Context, ticket string) (*visit, string, error) {
	var row struct {
		SessionKey []byte `db:"session_key"`
		Handle     string
	}
	err := p.DB.GetContext(
		ctx,
		&row,
		p.DB.Rebind(`DELETE FROM portal_tickets WHERE ticket_hash = ? AND operator = ? AND expires_at > ?
		RETURNING session_key, handle`),
		rowKey(ticket),
		p.Operator,
		p.Clock().UnixMilli(),
	)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", errTicket
	}
	if err != nil {
		return nil, "", fmt.Errorf("use a ticket: %w", err)
	}

	v, err := p.framed.sessions.read(ctx, row.SessionKey)
	if errors.Is(err, errSessionEnded) || err == nil && v.record(row.Handle) == nil {
		return nil, "", errTicket
	}
	if err != nil {
		return nil, "", err
	}

	v.Frame, v.FormToken, v.sessionRow = row.SessionKey, newSessionID(), sessionRow{}
	return v, row.Handle, nil
}

// tellFrame lets the visit in the frame know what was stopped in the tab that it opened. A frame that is gone need not
// know; and what goes wrong here changes nothing for the customer, whose access is stopped.
func (p *portal) tellFrame(c echo.Context, v *visit) {
	ctx := c.Request().Context()
	for range 10 {
		inFrame, err := p.framed.sessions.read(ctx, v.Frame)
		if errors.Is(err, errSessionEnded) {
			return
		}

		if err == nil && inFrame.Opened {
			for _, told := range v.Reading.Records {
				if held := inFrame.record(told.Handle); held != nil && told.Withdrawal != nil {
					*held = told
				}
			}

			err = p.framed.sessions.write(ctx, inFrame)
		}

		if err == nil {
			return
		}
		if !errors.Is(err, errStale) {
			p.Logger.ErrorContext(ctx, "tell the frame of a withdrawal", "cause", err)
			return
		}
	}
}
