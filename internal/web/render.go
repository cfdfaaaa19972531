package web

import (
	"fmt"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

// Render renders a page into a buffer and then writes it with the status. If rendering fails nothing has been written,
// and the error can become a page of its own.
func Render(c echo.Context, status int, page templ.Component) error {
	buffer := templ.GetBuffer()
	defer templ.ReleaseBuffer(buffer)
	if err := page.Render(c.Request().Context(), buffer); err != nil {
		return fmt.Errorf("render a page: %w", err)
	}

	return c.HTMLBlob(status, buffer.Bytes())
}
