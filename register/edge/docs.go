package edge

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/docspage"
)

// docsPolicy is the content security policy of the API's page.
const docsPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'"

// ShowDocs is GET /docs: the description of the API as a page.
func ShowDocs(docs docspage.Model) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Response().Header()
		header.Set(echo.HeaderContentSecurityPolicy, docsPolicy)
		header.Set(echo.HeaderXFrameOptions, "DENY")

		return web.Render(c, http.StatusOK, docspage.Page(docs))
	}
}
