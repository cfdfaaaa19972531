package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
	"central.consent/dar/views/i18n"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		err    error
		status int
		kind   string
	}{
		{"no session", errSessionEnded, 403, "session-ended"},
		{"a row that does not open", fmt.Errorf("%w: %w", errSessionEnded, errors.New("cipher")), 403, "session-ended"},
		{"another site's form", errForbidden, 403, "forbidden"},
		{"too many windows at once", fmt.Errorf("save: %w", portaldb.ErrChanged), 503, "busy"},
		{"out of time", context.DeadlineExceeded, 503, "unavailable"},
		{"the browser went away", fmt.Errorf("load: %w", context.Canceled), 499, "gone"},
		{"the register is down", &registerclient.Error{}, 503, "unavailable"},
		{"the register fails", &registerclient.Error{Status: 500}, 500, "internal"},
		{"the register finds us at fault", &registerclient.Error{Status: 400}, 500, "internal"},
		{"a bad gateway", &registerclient.Error{Status: 502}, 503, "unavailable"},
		{"no such page", echo.ErrNotFound, 404, "not-found"},
		{"no such method", echo.ErrMethodNotAllowed, 405, "method"},
		{"too large", echo.ErrStatusRequestEntityTooLarge, 413, "too-long"},
		{"anything of echo", echo.NewHTTPError(415, "inner"), 415, "media"},
		{"anything else", errors.New("inner"), 500, "internal"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := classify(test.err)
			if got.status != test.status || got.kind != test.kind {
				t.Errorf("got %d %s, want %d %s", got.status, got.kind, test.status, test.kind)
			}
		})
	}
}

func TestEveryKindOfErrorHasWords(t *testing.T) {
	t.Parallel()
	kinds := []string{"not-found", "method", "invalid", "internal"}
	for _, o := range failures {
		if o.kind != kindGone {
			kinds = append(kinds, o.kind)
		}
	}

	for _, kind := range kinds {
		for _, lang := range i18n.Languages() {
			// T panics if there is no such text.
			i18n.For(lang).T("error." + kind + ".title")
			i18n.For(lang).T("error." + kind + ".body")
		}
	}
}

func TestBrowserThatWentAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	ctx, cancel := context.WithCancel(t.Context())
	w.wire.set(func(r *http.Request) *http.Response {
		cancel()
		<-r.Context().Done() // otherwise the response might be faster than the browser
		return nil
	}, nil)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+"/portal/waiting/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := b.Do(r); err == nil {
		response.Body.Close()
		t.Fatal("answered")
	}

	w.wire.set(nil, nil)
	b.get("/portal/waiting").wants(t, 200, "waiting.magic-link.title")
}

func TestPanicIsAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.echo.GET("/portal/panic", func(echo.Context) error { panic("inner canary") })
	w.echo.GET("/portal/nil", func(c echo.Context) error { return c.Get("nothing").(error) })
	b := w.browser(t)
	for _, path := range []string{"/portal/panic", "/portal/nil"} {
		p := b.get(path).wants(t, 500, "error.internal.title")
		if !strings.Contains(p.body, p.Header.Get("X-Request-ID")) {
			t.Error("the page has no reference")
		}
	}

	if !strings.Contains(w.log.String(), "errors_test.go") {
		t.Error("the log has no stack")
	}
}

// If a template fails halfway, nothing of its page is sent.
func TestRenderFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.echo.GET("/portal/half", func(c echo.Context) error { return web.Render(c, http.StatusOK, half{}) })
	p := w.browser(t).get("/portal/half").wants(t, 500, "error.internal.title")
	if strings.Contains(p.body, "first half") {
		t.Error("half a page was sent")
	}
}

type half struct{}

func (half) Render(_ context.Context, w io.Writer) error {
	fmt.Fprint(w, "first half")
	return io.ErrUnexpectedEOF
}
