package docspage_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

func TestAccessibility(t *testing.T) {
	t.Parallel()

	doc := page(t, model(t))
	level := 0
	doc.Find("h1, h2, h3, h4, h5, h6").Each(func(_ int, heading *goquery.Selection) {
		next := int(goquery.NodeName(heading)[1] - '0')
		if next > level+1 {
			t.Errorf("the heading %q skips a level", text(heading))
		}
		level = next
	})
	doc.Find("table").Each(func(_ int, table *goquery.Selection) {
		if text(table.Find("caption")) == "" || table.Find("th:not([scope])").Length() > 0 ||
			table.Find("tbody tr").Length() != table.Find(`tbody th[scope="row"]`).Length() {
			t.Errorf("the table %q lacks a caption or a scope", text(table.Find("caption")))
		}
	})
	labels := map[string]bool{}
	doc.Find("pre, .scrolling").Each(func(_ int, region *goquery.Selection) {
		label, _ := region.Attr("aria-label")
		if id, given := region.Attr("aria-labelledby"); given {
			label = text(doc.Find("#" + id))
		}
		if index, _ := region.Attr("tabindex"); index != "0" || label == "" || labels[label] {
			t.Errorf("a scrolling part cannot be reached, or has no unique name: %q %.60q", label, text(region))
		}

		labels[label] = true
	})
	ids := map[string]bool{}
	doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
		id, _ := s.Attr("id")
		if ids[id] {
			t.Errorf("two elements have the id %s", id)
		}
		ids[id] = true
	})
	doc.Find(`a[href^="#"]`).Each(func(_ int, s *goquery.Selection) {
		if target, _ := s.Attr("href"); !ids[target[1:]] {
			t.Errorf("the link %s has no target", target)
		}
	})
	if doc.Find("script, style, [style]").Length() > 0 {
		t.Error("the page has a script or an inline style")
	}
}

func TestDemonstration(t *testing.T) {
	t.Parallel()

	m := model(t)
	if page(t, m).Find(".demonstration").Length() != 0 {
		t.Error("the page shows a demonstration")
	}

	m.Demonstration = true
	if page(t, m).Find(".demonstration").Length() != 1 {
		t.Error("the page shows no demonstration")
	}
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()

	m := model(t)
	m.Description = "<script>alert(1)</script> and `<img src=x onerror=alert(1)>`"
	if doc := page(t, m); doc.Find("script, img").Length() > 0 || !strings.Contains(doc.Text(), "<script>") {
		t.Error("text became markup")
	}
}
