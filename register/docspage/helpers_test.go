package docspage_test

import (
	"os"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"central.consent/dar/register/docspage"
)

func model(t testing.TB) docspage.Model {
	t.Helper()
	document, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}

	m, err := docspage.New(document)
	if err != nil {
		t.Fatal(err)
	}

	return m
}

func page(t testing.TB, m docspage.Model) *goquery.Document {
	t.Helper()
	var markup strings.Builder
	if err := docspage.Page(m).Render(t.Context(), &markup); err != nil {
		t.Fatal(err)
	}

	doc, err := goquery.NewDocumentFromReader(strings.NewReader(markup.String()))
	if err != nil {
		t.Fatal(err)
	}

	return doc
}

// text returns the words of a selection, with a space between elements.
func text(s *goquery.Selection) string {
	var parts []string
	for _, root := range s.Nodes {
		for node := range root.Descendants() {
			if node.Type == html.TextNode {
				parts = append(parts, strings.Fields(node.Data)...)
			}
		}
	}

	return strings.Join(parts, " ")
}
