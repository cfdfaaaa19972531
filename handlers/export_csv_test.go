package handlers

import (
	"bytes"
	"encoding/csv"
	"regexp"
	"strings"
	"testing"
)

// Organisations choose their own names. No name becomes a formula.
func TestHarmlessCell(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		`=HYPERLINK("https://evil.example","x")`: `'=HYPERLINK("https://evil.example","x")`,
		"+1":                                     "'+1",
		"-1":                                     "'-1",
		"@SUM(A1)":                               "'@SUM(A1)",
		"|calc":                                  "'|calc",
		"%0a":                                    "'%0a",
		"\t=1":                                   "'=1",
		"\r\n=1":                                 "'=1",
		" =1":                                    "'=1",
		"'=1":                                    "''=1",
		"＝1":                                     "'＝1",
		"'＝1":                                    "''＝1",
		"\u2068=1":                               "'\u2068=1",
		"Bright\tEnergy\nLtd":                    "Bright Energy Ltd",
		"Bright & Co - Energy":                   "Bright & Co - Energy",
		"":                                       "",
	} {
		if got := harmlessCell(cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
}

// Some spreadsheets begin a cell at each semicolon or tab as well as at each comma, but not inside quotes.
func TestCSVCellsAreQuoted(t *testing.T) {
	t.Parallel()
	page := hardToPrint(1)
	page.Active[0].Organisation = `Bright;=1+cmd|' /C calc'!A0`
	page.Active[0].Purpose = `Research, "both";=1;`
	file := newCSVExport(page)
	cell := regexp.MustCompile(`"(?:[^"]|"")*"`)
	between := cell.ReplaceAllString(strings.TrimPrefix(string(file), "\ufeff"), "")
	if strings.Trim(between, ",\r\n") != "" {
		t.Errorf("outside of cells stands %q in\n%s", between, file)
	}

	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff")))).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][0] != page.Active[0].Organisation ||
		rows[1][4] != page.Active[0].Purpose {
		t.Errorf("the table is %q (%v)", rows, err)
	}
}
