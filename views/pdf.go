package views

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"central.consent/dar/views/ui"
)

// pdfFont has the letters of English, Welsh and the other languages of Europe, which the portal's own letters, cut
// down for the web, have not: an organisation may be called anything.
const pdfFont = "Go"

var pdfLetters = func() *sfnt.Font {
	font, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		panic(err)
	}
	return font
}()

// printable puts a question mark for what the font has no letter for, so that a name is not silently shorter.
func printable(text string) string {
	var buffer sfnt.Buffer
	return strings.Map(func(r rune) rune {
		if glyph, err := pdfLetters.GlyphIndex(&buffer, r); r != '\n' && (err != nil || glyph == 0 || r > 0xffff) {
			return '?'
		}
		return r
	}, ui.Unmarked(text))
}

// WritePDF writes the shown list as a document to read, print or send: real text, in the page's words and order.
func WritePDF(w io.Writer, m RecordsPage) error {
	text := m.Text
	f := fpdf.New("P", "mm", "A4", "")
	f.AddUTF8FontFromBytes(pdfFont, "", goregular.TTF)
	f.AddUTF8FontFromBytes(pdfFont, "B", gobold.TTF)
	title := text.T("records.title")
	f.SetTitle(title, true)
	f.SetLang(text.Lang())
	f.SetAuthor(m.Brand.Name, true)
	f.SetCreator("", true)
	f.SetProducer("", true)
	f.SetCreationDate(m.ReadAt)
	f.SetModificationDate(m.ReadAt)
	f.SetCatalogSort(true)
	f.SetDisplayMode("fullwidth", "continuous")
	f.SetMargins(20, 18, 20)
	f.SetAutoPageBreak(true, 22)
	f.AliasNbPages("")
	f.SetFooterFunc(func() {
		f.SetY(-15)
		f.SetFont(pdfFont, "", 9)
		f.SetTextColor(70, 84, 90)
		f.CellFormat(0, 5, printable(text.T("takeaway.from", "Brand", m.Brand.Name)), "", 0, "L", false, 0, "")
		f.SetX(20)
		f.CellFormat(
			0,
			5,
			text.T("takeaway.page", "Number", strconv.Itoa(f.PageNo()), "Count", "{nb}"),
			"",
			0,
			"R",
			false,
			0,
			"",
		)
	})
	write := func(style string, size, after float64, words string) {
		f.SetFont(pdfFont, style, size)
		f.SetTextColor(22, 38, 43)
		f.MultiCell(0, size*.5, printable(words), "", "L", false)
		f.Ln(after)
	}
	fact := func(column, words string) {
		if words == "" {
			return
		}

		f.SetFont(pdfFont, "", 10.5)
		f.SetTextColor(70, 84, 90)
		label := printable(text.T("takeaway.column." + column))
		top := f.GetY()
		f.MultiCell(45, 5.2, label, "", "L", false)
		low := f.GetY()
		page := f.PageNo()
		f.SetXY(67, top)
		if page > 1 && low < top { // the label went over to the next page
			f.SetXY(67, low-5.2)
		}

		f.SetTextColor(22, 38, 43)
		f.SetLeftMargin(67)
		f.MultiCell(0, 5.2, printable(words), "", "L", false)
		f.SetLeftMargin(20)
		if f.PageNo() == page {
			f.SetY(max(low, f.GetY()))
		}

		f.SetX(20)
	}

	f.AddPage()
	write("B", 22, 2, title)
	write("", 11, 1, text.T("page.meter."+m.MeterPoint.fuel())+": "+m.MeterPoint.Number)
	write("", 11, 4, text.T("records.read-at", "When", text.DateTime(m.ReadAt)))
	write("B", 13, 3, m.Answer())
	if m.Found != nil {
		write("", 11, 3, m.found())
	}

	group := ""
	for _, e := range m.Entries() {
		// A heading does not stand alone at the foot of a page.
		if f.GetY() > 235 {
			f.AddPage()
		}

		if e.Group != group {
			group = e.Group
			f.Ln(3)
			f.Bookmark(printable(text.T("records."+group+".title")), 0, -1)
			write("B", 16, 2, text.T("records."+group+".title"))
		}

		f.SetDrawColor(190, 186, 175)
		f.Line(20, f.GetY(), 190, f.GetY())
		f.Ln(2)
		f.Bookmark(printable(e.Organisation), 1, -1)
		write("B", 12.5, 1, e.Organisation)
		row := m.Row(e)
		for i, column := range Columns {
			switch column {
			case "organisation", "since", "until", "ended":
				continue
			case "status":
				fact(column, e.Status+". "+e.When)
			default:
				fact(column, row[i])
			}
		}

		f.Ln(3)
	}

	if err := f.Output(w); err != nil {
		return fmt.Errorf("write the list as PDF: %w", err)
	}

	return nil
}
