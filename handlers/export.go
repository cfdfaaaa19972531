package handlers

import (
	"bytes"
	"mime"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/views"
)

// The exports are the list as a file: what the page shows at the same address without the ending, and nothing else.

func (p *portal) exportJSON(c echo.Context, v *visit) error {
	page := p.recordsPage(c, v)
	file, err := newJSONExport(v, page, p.Clock())
	if err != nil {
		return err
	}

	return sendFile(c, page, "json", echo.MIMEApplicationJSON, file)
}

func (p *portal) exportCSV(c echo.Context, v *visit) error {
	page := p.recordsPage(c, v)
	return sendFile(c, page, "csv", "text/csv; charset=utf-8", newCSVExport(page))
}

func (p *portal) exportPDF(c echo.Context, v *visit) error {
	page := p.recordsPage(c, v)
	var file bytes.Buffer
	if err := views.WritePDF(&file, page); err != nil {
		return err
	}

	return sendFile(c, page, "pdf", "application/pdf", file.Bytes())
}

// sendFile sends an export. The name of the file says what it is and when it was read. It does not name the customer.
func sendFile(c echo.Context, page views.RecordsPage, ending, contentType string, file []byte) error {
	name := page.Text.T("takeaway.file") + "-" + page.ReadAt.In(london).Format(time.DateOnly) + "." + ending
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": name})
	c.Response().Header().Set(echo.HeaderContentDisposition, disposition)

	return c.Blob(http.StatusOK, contentType, file)
}

var london = mustLoadLocation("Europe/London")

func mustLoadLocation(name string) *time.Location {
	location, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}

	return location
}
