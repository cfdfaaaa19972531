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

// pdfFont has the letters of English, Welsh and the other languages of Europe. The portal's own fonts are cut down for
// the web and lack most of them, and an organisation may have any name.
const pdfFont = "Go"

// The page is A4 in portrait; all lengths are millimetres, and sizes of letters are points.
const (
	pdfMargin      = 20.0
	pdfRight       = 190.0 // the end of a line across the page
	pdfValueMargin = 67.0  // the beginning of the values of facts
	pdfLabelWidth  = 45.0
	pdfFactSize    = 10.5
	pdfFactHeight  = 5.2   // of one line
	pdfLastEntry   = 235.0 // below this no entry begins
)

var pdfLetters = func() *sfnt.Font {
	font, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		panic(err)
	}

	return font
}()

// WritePDF writes the shown list as a document to read, print or send. It holds real text, in the words and the order
// of the page.
func WritePDF(w io.Writer, m RecordsPage) error {
	p := newPDFPage(m)
	p.file.AddPage()
	p.head()

	group := ""
	for _, e := range m.Entries() {
		if p.file.GetY() > pdfLastEntry {
			p.file.AddPage() // a heading must not be the last line of a page
		}
		if e.Group != group {
			group = e.Group
			p.groupHeading(group)
		}

		p.entry(e)
	}

	if err := p.file.Output(w); err != nil {
		return fmt.Errorf("write the list as PDF: %w", err)
	}

	return nil
}

// pdfPage writes a RecordsPage to a file.
type pdfPage struct {
	RecordsPage
	file *fpdf.Fpdf
}

// newPDFPage is an empty document. It has no dates but that of the list, so that equal lists are equal files.
func newPDFPage(m RecordsPage) pdfPage {
	f := fpdf.New("P", "mm", "A4", "")
	f.AddUTF8FontFromBytes(pdfFont, "", goregular.TTF)
	f.AddUTF8FontFromBytes(pdfFont, "B", gobold.TTF)

	f.SetTitle(m.Text.T("records.title"), true)
	f.SetLang(m.Text.Lang())
	f.SetAuthor(m.Brand.Name, true)
	f.SetCreator("", true)
	f.SetProducer("", true)
	f.SetCreationDate(m.ReadAt)
	f.SetModificationDate(m.ReadAt)
	f.SetCatalogSort(true)

	f.SetDisplayMode("fullwidth", "continuous")
	f.SetMargins(pdfMargin, 18, pdfMargin)
	f.SetAutoPageBreak(true, 22)
	f.AliasNbPages("")

	p := pdfPage{RecordsPage: m, file: f}
	f.SetFooterFunc(p.foot)

	return p
}

// foot names the operator, counts the pages, and marks each page of a demonstration.
func (p pdfPage) foot() {
	p.file.SetY(-15)
	p.file.SetFont(pdfFont, "", 9)
	p.setLightInk()

	from := printable(p.Text.T("takeaway.from", "Brand", p.Brand.Name))
	p.file.CellFormat(0, 5, from, "", 0, "L", false, 0, "")

	if p.Demonstration {
		p.file.SetX(pdfMargin)
		p.file.CellFormat(0, 5, printable(p.Text.T("ui.demonstration.label")), "", 0, "C", false, 0, "")
	}

	p.file.SetX(pdfMargin)
	page := p.Text.T("takeaway.page", "Number", strconv.Itoa(p.file.PageNo()), "Count", "{nb}")
	p.file.CellFormat(0, 5, page, "", 0, "R", false, 0, "")
}

// head says what the list is about, when it was read, and what it comes to.
func (p pdfPage) head() {
	p.write("B", 22, 2, p.Text.T("records.title"))
	if p.Demonstration {
		p.write("B", 11, 2, p.Text.T("ui.demonstration.label")+". "+p.Text.T("ui.demonstration"))
	}
	p.write("", 11, 1, p.Text.T("page.meter."+p.MeterPoint.fuel())+": "+p.MeterPoint.Number)
	p.write("", 11, 4, p.Text.T("records.read-at", "When", p.Text.DateTime(p.ReadAt)))
	p.write("B", 13, 3, p.Answer())
	if p.Found != nil {
		p.write("", 11, 3, p.foundCount())
	}
}

func (p pdfPage) groupHeading(group string) {
	heading := p.groupTitle(group)
	p.file.Ln(3)
	p.file.Bookmark(printable(heading), 0, -1)
	p.write("B", 16, 2, heading)
}

func (p pdfPage) entry(e Entry) {
	p.file.SetDrawColor(190, 186, 175)
	p.file.Line(pdfMargin, p.file.GetY(), pdfRight, p.file.GetY())
	p.file.Ln(2)
	p.file.Bookmark(printable(e.Organisation), 1, -1)
	p.write("B", 12.5, 1, e.Organisation)

	row := p.Row(e)
	for i, column := range Columns {
		switch column {
		case "organisation", "since", "until", "ended", "renewed", "restarted", "meter-point", "contact":
			continue // they stand above, in the sentence of the status, or with the pages
		case "status":
			p.fact(column, e.Status+". "+e.When)
		default:
			p.fact(column, row[i])
		}
	}

	p.file.Ln(3)
}

// write writes a paragraph over the whole width, with some space after it.
func (p pdfPage) write(style string, size, after float64, words string) {
	p.file.SetFont(pdfFont, style, size)
	p.setDarkInk()
	p.file.MultiCell(0, size*.5, printable(words), "", "L", false)
	p.file.Ln(after)
}

// fact writes a label, and the words beside it. It writes nothing if there are no words.
func (p pdfPage) fact(column, words string) {
	if words == "" {
		return
	}

	p.file.SetFont(pdfFont, "", pdfFactSize)
	p.setLightInk()
	label := printable(p.Text.T("takeaway.column." + column))
	top := p.file.GetY()
	p.file.MultiCell(pdfLabelWidth, pdfFactHeight, label, "", "L", false)
	bottom := p.file.GetY()
	page := p.file.PageNo()

	p.file.SetXY(pdfValueMargin, top)
	if page > 1 && bottom < top { // the label continued on the next page
		p.file.SetXY(pdfValueMargin, bottom-pdfFactHeight)
	}

	p.setDarkInk()
	p.file.SetLeftMargin(pdfValueMargin)
	p.file.MultiCell(0, pdfFactHeight, printable(words), "", "L", false)
	p.file.SetLeftMargin(pdfMargin)
	if p.file.PageNo() == page {
		p.file.SetY(max(bottom, p.file.GetY()))
	}

	p.file.SetX(pdfMargin)
}

func (p pdfPage) setDarkInk() { p.file.SetTextColor(22, 38, 43) }

func (p pdfPage) setLightInk() { p.file.SetTextColor(70, 84, 90) }

// printable puts a question mark for each letter that the font does not have, so that a name never gets shorter
// unseen.
func printable(words string) string {
	var buffer sfnt.Buffer

	return strings.Map(func(r rune) rune {
		if glyph, err := pdfLetters.GlyphIndex(&buffer, r); r != '\n' && (err != nil || glyph == 0 || r > 0xffff) {
			return '?'
		}
		return r
	}, ui.Unmarked(words))
}
