package web

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"
)

func TestRefuseOptions(t *testing.T) {
	t.Parallel()
	e := echo.New()
	e.Use(RefuseOptions)
	e.Match([]string{http.MethodGet, http.MethodHead}, "/page", func(c echo.Context) error {
		return c.String(http.StatusOK, "page")
	})
	for _, test := range []struct {
		method string
		path   string
		status int
		allow  string
	}{
		{http.MethodGet, "/page", http.StatusOK, ""},
		{http.MethodOptions, "/page", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodPost, "/page", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodOptions, "/nothing", http.StatusNotFound, ""},
	} {
		response := send(e, test.method, test.path, nil)
		if response.Code != test.status || response.Header().Get("Allow") != test.allow {
			t.Errorf("%s %s: %d, Allow %q", test.method, test.path, response.Code, response.Header().Get("Allow"))
		}
	}
}
