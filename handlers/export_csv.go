package handlers

import (
	"bytes"
	"strings"

	"central.consent/dar/views"
)

// byteOrderMark tells spreadsheets that a file is UTF-8. Without it they spoil some Welsh letters.
const byteOrderMark = "\ufeff"

// newCSVExport returns the list as a table in words (RFC 4180). Each cell is quoted: some spreadsheets begin a new cell
// at a semicolon too, and the organisation's text after it could then be a formula.
func newCSVExport(page views.RecordsPage) []byte {
	var file bytes.Buffer
	file.WriteString(byteOrderMark)

	headings := make([]string, len(views.Columns))
	for i, column := range views.Columns {
		headings[i] = page.Text.T("takeaway.column." + column)
	}

	writeRow(&file, headings)
	for _, entry := range page.Entries() {
		writeRow(&file, page.Row(entry))
	}

	return file.Bytes()
}

func writeRow(file *bytes.Buffer, row []string) {
	cells := make([]string, len(row))
	for i, cell := range row {
		cells[i] = `"` + strings.ReplaceAll(harmlessCell(cell), `"`, `""`) + `"`
	}

	file.WriteString(strings.Join(cells, ",") + "\r\n")
}

// harmlessCell keeps a spreadsheet from reading a cell as a formula: organisations choose their own names and purposes
// (OWASP, CSV Injection). Line breaks and tabs are removed, because some programs begin a new cell at them.
func harmlessCell(cell string) string {
	cell = strings.Join(strings.Fields(cell), " ")
	text := []rune(strings.TrimLeft(cell, "'\" \u00a0\ufeff\u2068"))
	if len(text) > 0 && strings.ContainsRune("=+-@|%", narrowRune(text[0])) {
		return "'" + cell
	}

	return cell
}

// narrowRune returns the ASCII form of a full-width character: some spreadsheets take one for the other.
func narrowRune(r rune) rune {
	if r >= '！' && r <= '～' {
		return r - '！' + '!'
	}

	return r
}
