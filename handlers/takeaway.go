package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// takeAway answers with the list as a file: what the page shows at the same address without the ending, and nothing
// else. It is for the session that was confirmed.
func (p *portal) takeAway(
	ending, contentType string,
	write func(*portal, *visit, views.RecordsPage) ([]byte, error),
) echo.HandlerFunc {
	return p.visitor(func(c echo.Context, v *visit) error {
		if v.Reading == nil || !v.Opened {
			return seeOther(c, "/waiting")
		}

		page := p.recordsPage(c, v)
		file, err := write(p, v, page)
		if err != nil {
			return err
		}

		// The name tells what it is and of when, and not whose.
		name := page.Text.T("takeaway.file") + "-" + v.Reading.At.In(london).Format(time.DateOnly) + "." + ending
		c.Response().
			Header().
			Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
		return c.Blob(http.StatusOK, contentType, file)
	})
}

var london = func() *time.Location {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}
	return zone
}()

func writePDF(_ *portal, _ *visit, page views.RecordsPage) ([]byte, error) {
	var file bytes.Buffer
	if err := views.WritePDF(&file, page); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}

// writeCSV writes a table in words. It begins with the mark by which spreadsheets know that it is UTF-8: Welsh has
// letters that they otherwise spoil. Each cell is in quotes, for spreadsheets that begin a new one at a semicolon too: what
// an organisation wrote after it could be a formula.
func writeCSV(_ *portal, _ *visit, page views.RecordsPage) ([]byte, error) {
	file := bytes.NewBufferString("\ufeff")
	write := func(row []string) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = `"` + strings.ReplaceAll(harmless(cell), `"`, `""`) + `"`
		}
		file.WriteString(strings.Join(cells, ",") + "\r\n") // RFC 4180
	}
	heads := make([]string, len(views.Columns))
	for i, column := range views.Columns {
		heads[i] = page.Text.T("takeaway.column." + column)
	}

	write(heads)
	for _, entry := range page.Entries() {
		write(page.Row(entry))
	}

	return file.Bytes(), nil
}

// harmless keeps a spreadsheet from taking a cell for a formula: organisations choose their own names and purposes
// (OWASP, CSV Injection). Line breaks and tabs go too, for some programs begin a new cell at them.
func harmless(cell string) string {
	cell = strings.Join(strings.Fields(cell), " ")
	if first := []rune(
		strings.TrimLeft(cell, "'\" \u00a0\ufeff\u2068"),
	); len(first) > 0 &&
		strings.ContainsRune("=+-@|%", fullWidth(first[0])) {
		return "'" + cell
	}
	return cell
}

// fullWidth is the plain form of a wide character, which some spreadsheets take for the same.
func fullWidth(r rune) rune {
	if r >= '！' && r <= '～' {
		return r - '！' + '!'
	}
	return r
}

// The list for programs: each value in words, and beside it the register's code where there is one.
type (
	takenList struct {
		Title      string       `json:"title"`
		Language   string       `json:"language"`
		ReadAt     time.Time    `json:"read-at"`
		MeterPoint takenMeter   `json:"meter-point"`
		Answer     string       `json:"answer"`
		Shown      int          `json:"shown"`
		All        int          `json:"all"`
		Entries    []takenEntry `json:"entries"`
	}
	takenMeter struct {
		Number string `json:"number"`
		Fuel   string `json:"fuel"`
	}
	takenWord struct {
		Code  string `json:"code,omitempty"`
		Words string `json:"words"`
	}
	takenData struct {
		takenWord
		Reveals string `json:"can-show"`
	}
	takenEntry struct {
		Organisation string      `json:"organisation"`
		Status       takenWord   `json:"status"`
		Data         []takenData `json:"data"`
		Reason       *takenWord  `json:"reason"`
		Purpose      string      `json:"purpose,omitempty"`
		When         string      `json:"when"`
		Since        *time.Time  `json:"since"`
		Until        *time.Time  `json:"until"`
		Ended        *time.Time  `json:"ended"`
		Others       []string    `json:"responsible-with-it,omitempty"`
		Teller       string      `json:"registered-by,omitempty"`
		Reference    string      `json:"reference,omitempty"`
		Contact      string      `json:"contact,omitempty"`
		Changed      []string    `json:"changed,omitempty"`
	}
)

func writeJSON(p *portal, v *visit, page views.RecordsPage) ([]byte, error) {
	text := page.Text
	entries := page.Entries()
	fuel := "gas"
	if page.MeterPoint.Electricity {
		fuel = "electricity"
	}

	list := takenList{
		Title: text.T(
			"records.title",
		),
		Language:   text.Lang(),
		ReadAt:     page.ReadAt,
		MeterPoint: takenMeter{page.MeterPoint.Number, fuel},
		Answer:     page.Answer(),
		Shown:      len(entries),
		All:        page.All().Len(),
		Entries:    make([]takenEntry, 0, len(entries)),
	}
	moment := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	for _, e := range entries {
		held := v.record(e.Handle)
		if held == nil {
			return nil, errSessionEnded
		}

		codes := held.Summary.DataTypes
		if e.Group == "discovered" {
			codes = held.Summary.DiscoveredAccess.DataTypesObserved
		}

		entry := takenEntry{
			Organisation: e.Organisation,
			Status:       takenWord{string(stateNow(*held, p.Clock())), e.Status},
			Purpose:      e.Purpose,
			When:         e.When,
			Since:        moment(e.Since),
			Until:        moment(e.Until),
			Ended:        moment(e.Ended),
			Others:       e.Others,
			Teller:       e.Teller,
			Reference:    e.Reference,
			Contact:      e.Contact,
			Changed:      e.Changed,
			Data:         []takenData{},
		}
		for i, d := range e.Data {
			entry.Data = append(
				entry.Data,
				takenData{
					takenWord{string(codes[i]), text.T("records.data." + d.Key)},
					text.T("records.data." + d.Key + ".reveals"),
				},
			)
		}
		if e.Reason != "" {
			entry.Reason = &takenWord{string(value(held.Summary.LegalBasis)), e.Why}
		}

		list.Entries = append(list.Entries, entry)
	}

	var file bytes.Buffer
	encoder := json.NewEncoder(&file)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(list); err != nil {
		return nil, fmt.Errorf("write the list as JSON: %w", err)
	}

	return file.Bytes(), nil
}

// stateNow is the register's code for a record as it stands now, which the reading may be too old for.
func stateNow(held heldRecord, now time.Time) registerclient.AccessState {
	if s := held.Summary; s.State == registerclient.StateActive && s.Expiry != nil && !now.Before(*s.Expiry) {
		return registerclient.StateExpired
	}
	return held.Summary.State
}
