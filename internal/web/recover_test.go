package web

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

func TestRecover(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var got error
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		got = err
		_ = c.NoContent(http.StatusInternalServerError)
	}
	e.Use(Recover())
	e.GET("/error", func(echo.Context) error { panic(broken) })
	e.GET("/text", func(echo.Context) error { panic("a text") })
	e.GET("/abort", func(echo.Context) error { panic(http.ErrAbortHandler) })

	send(e, http.MethodGet, "/error", nil)
	if !errors.Is(got, broken) || !strings.Contains(got.Error(), "recover_test.go") {
		t.Errorf("an error: %v", got)
	}

	send(e, http.MethodGet, "/text", nil)
	if !strings.HasPrefix(got.Error(), "panic: a text\n") {
		t.Errorf("a text: %v", got)
	}

	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Error("http.ErrAbortHandler is swallowed")
		}
	}()
	send(e, http.MethodGet, "/abort", nil)
}
