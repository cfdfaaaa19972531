package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

func TestRender(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	page := func(failure error) templ.Component {
		return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
			_, _ = io.WriteString(w, "<p>half a page")
			return failure
		})
	}
	e := echo.New()
	e.GET("/sound", func(c echo.Context) error { return Render(c, http.StatusGone, page(nil)) })
	e.GET("/broken", func(c echo.Context) error {
		err := Render(c, http.StatusOK, page(broken))
		if !errors.Is(err, broken) || c.Response().Committed {
			t.Errorf("error %v, committed %v", err, c.Response().Committed)
		}

		return c.String(http.StatusInternalServerError, "error page")
	})

	response := send(e, http.MethodGet, "/sound", nil)
	if response.Code != http.StatusGone || response.Body.String() != "<p>half a page" ||
		response.Header().Get("Content-Type") != "text/html; charset=UTF-8" {
		t.Errorf("%d %s %v", response.Code, response.Body, response.Header())
	}

	response = send(e, http.MethodGet, "/broken", nil)
	if response.Code != http.StatusInternalServerError || response.Body.String() != "error page" {
		t.Errorf("%d %s", response.Code, response.Body)
	}
}
