package handlers

import (
	"bytes"
	"compress/zlib"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

func TestExport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.discover(t)
	b := w.browser(t)
	for _, ending := range []string{"json", "csv", "pdf"} {
		b.get("/portal/records."+ending).wants(t, 403, "error.session-ended.title")
	}

	b.start()
	b.prove()
	b.get("/portal/records.json").sendsTo(t, "/portal/waiting")
	b.confirm()
	b.get("/portal/waiting/check")
	list := b.get("/portal/records")
	for _, ending := range []string{"json", "csv", "pdf"} {
		if list.doc.Find(`a[download][href="/portal/records.`+ending+`"]`).Length() != 1 {
			t.Errorf("the list has no link to its %s", ending)
		}

		p := b.get("/portal/records." + ending)
		want := `attachment; filename=who-can-see-my-energy-data-2026-06-01.` + ending
		if p.StatusCode != 200 || p.Header.Get("Content-Disposition") != want ||
			p.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %v", ending, p.StatusCode, p.Header)
		}
	}

	var exported struct {
		Shown, All int
		Entries    []struct {
			Organisation string
			Status       struct{ Code, Words string }
			Reason       *struct{ Code, Words string }
			Data         []struct{ Code, Words string }
		}
	}
	if err := json.Unmarshal([]byte(b.get("/portal/records.json").body), &exported); err != nil {
		t.Fatal(err)
	}
	if exported.Shown != 3 || exported.All != 3 || len(exported.Entries) != 3 {
		t.Fatalf("exported: %+v", exported)
	}

	sighting := exported.Entries[0]
	if sighting.Organisation != "Acme Energy Services Ltd" || sighting.Status.Code != "DISCOVERED" ||
		sighting.Reason != nil || sighting.Data[0].Code != "HH-CONSUMPTION" {
		t.Errorf("discovered: %+v", sighting)
	}

	consent := exported.Entries[1]
	if consent.Status.Code != "ACTIVE" || consent.Reason.Code != "uk-consent" ||
		consent.Reason.Words != "You gave permission" {
		t.Errorf("consent: %+v", consent)
	}

	table := strings.TrimPrefix(b.get("/portal/records.csv?reason=you-said-yes").body, byteOrderMark)
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil || len(rows) != 2 || rows[0][0] != "Organisation" || rows[1][3] != "You gave permission" {
		t.Errorf("the filtered table is %q (%v)", rows, err)
	}
	welsh := b.get("/portal/records.csv?lang=cy")
	if !strings.Contains(welsh.body, "Rhoddoch chi ganiatâd") ||
		!strings.Contains(welsh.Header.Get("Content-Disposition"), "pwy-all-weld") {
		t.Errorf("in Welsh: %s", welsh.body)
	}
	pdf := b.get("/portal/records.pdf").body
	if !strings.HasPrefix(pdf, "%PDF-") || !strings.Contains(pdf, "/Lang (cy)") ||
		strings.Contains(pdf, "HH-CONSUMPTION") {
		t.Error("that is no PDF in Welsh")
	}
}

// hardToPrint returns a list of n records with names that are hard to print.
func hardToPrint(n int) views.RecordsPage {
	page := views.RecordsPage{
		Page:       views.Page{Text: i18n.For("cy"), Brand: views.Brand{Name: "Cyngor ar Bopeth ŵ"}},
		MeterPoint: views.MeterPoint{Number: "23 1234 5678 901", Electricity: true}, ReadAt: now,
	}
	names := []string{
		"Ynni Tŷ Gŵyl",
		"شركة الطاقة",
		"電力",
		"Energy 🔌 Ltd",
		strings.Repeat("Averylongword", 30),
		"Żółć & Søn",
	}
	for i := range n {
		page.Active = append(page.Active, views.Record{
			Handle: fmt.Sprint(
				i,
			),
			Organisation: names[i%len(names)],
			Arrangement:  "sole",
			State:        views.RecordActive,
			Basis:        views.BasisConsent,
			Purpose: strings.Repeat(
				"Dadansoddi defnydd. ",
				5,
			),
			Since:     now.AddDate(-1, 0, 0),
			DataTypes: []views.DataType{{Key: views.DataHalfHourlyUse}},
			Controllers: []views.Controller{
				{Name: names[i%len(names)], ContactURL: "https://example.org/" + strings.Repeat("x", 200)},
			},
		})
	}

	return page
}

// A long list with names that are hard to print is printed. BenchmarkPDF measures how fast.
func TestPDFOf200Records(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	if err := views.WritePDF(&file, hardToPrint(200)); err != nil || !bytes.HasPrefix(file.Bytes(), []byte("%PDF-")) {
		t.Errorf("%d bytes, %v", file.Len(), err)
	}
}

func BenchmarkPDF(b *testing.B) {
	for b.Loop() {
		if err := views.WritePDF(io.Discard, hardToPrint(200)); err != nil {
			b.Fatal(err)
		}
	}
}

// pdfText returns what a document says: its lines of text, each word of a line after the other.
func pdfText(t testing.TB, document string) string {
	t.Helper()
	var text strings.Builder
	for _, stream := range strings.Split(document, "stream\n")[1:] {
		r, err := zlib.NewReader(strings.NewReader(stream))
		if err != nil {
			continue // an image, or the end of a stream
		}

		content, _ := io.ReadAll(r)
		for _, shown := range pdfString.FindAllSubmatch(content, -1) {
			raw := pdfEscape.ReplaceAll(shown[1], []byte("$1"))
			var units []uint16
			for i := 0; i+1 < len(raw); i += 2 {
				units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
			}

			text.WriteString(string(utf16.Decode(units)) + " ")
		}
	}

	return text.String()
}

var (
	// pdfString is a string that a page shows, in UTF-16.
	pdfString = regexp.MustCompile(`(?s)\(((?:\\.|[^\\)])*)\) ?Tj`)
	pdfEscape = regexp.MustCompile(`(?s)\\(.)`)
)

// The document of a demonstration says so on its first page and at the foot of each, in both languages. A real one does
// not.
func TestPDFOfADemonstration(t *testing.T) {
	t.Parallel()
	for _, demonstration := range []bool{true, false} {
		w := newWorld(t, func(s *setting) {
			if s.demonstration = demonstration; demonstration {
				s.register = nil
			}
		})
		for lang, label := range map[string]string{"en": "Demonstration", "cy": "Arddangosiad"} {
			b := w.browser(t)
			b.prove()
			b.get("/portal/waiting?lang=" + lang)
			if !demonstration {
				b.confirm()
			}
			b.get("/portal/waiting/check").sendsTo(t, "/portal/records")
			b.get("/portal/records")
			text := pdfText(t, b.get("/portal/records.pdf").body)
			if got := strings.Count(text, label); got > 0 != demonstration || demonstration && got < 2 {
				t.Errorf("in %s the document says %q %d times:\n%s", lang, label, got, text)
			}
		}
	}
}
