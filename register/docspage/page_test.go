package docspage_test

import (
	"encoding/json"
	"os"
	"slices"
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

// text is what a selection says, its parts set apart as they are on the page.
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

func TestPageShowsTheWholeOfAnOperation(t *testing.T) {
	t.Parallel()
	doc := page(t, model(t))
	if got := doc.Find("section.operation").Length(); got != 47 {
		t.Errorf("%d operations and events, want 47", got)
	}

	withdrawal := doc.Find("section:has(#revokeAccessRecord)")
	for _, want := range []string{
		"DELETE /v1/access-records/{ak}", "Who may call: Data Users and portals, with a bearer token.",
		"ak in the path AccessKey yes", "reason in the query RevokeReason no Why the access ends.",
		"409 The record has expired, or the organisation has ended it itself (CON001). Error", "With the header Retry-After .",
		`curl -X DELETE -H "Authorization: Bearer $TOKEN"`, "/v1/access-records/ak_0123456789abcdef01234567?reason=customer-request&reidentification-token=mlr_",
		"Answer 200", `"revoked-at": "2026-05-03T13:03:09Z"`,
	} {
		if !strings.Contains(text(withdrawal), want) {
			t.Errorf("the withdrawal does not say %q:\n%s", want, text(withdrawal))
		}
	}

	for id, want := range map[string]string{
		"issueBearerToken":   "Every account, by its id and secret (HTTP Basic).",
		"verifyAccessRecord": "Anyone, without credentials.",
		"createAccount":      "Administrators, with a bearer token.",
		"readDataUser":       "Data Providers, Data Users and administrators, with a bearer token.",
		"readSelf":           "Every account, with a bearer token.",
	} {
		if got := text(doc.Find("section:has(#" + id + ")")); !strings.Contains(got, want) {
			t.Errorf("%s does not say who may call: %q", id, want)
		}
	}

	address := text(doc.Find("section:has(#schema-UKAddress)"))
	if !strings.Contains(address, "addressLine2 string, at most 100 characters or null no More of the same.") {
		t.Errorf("the schema UKAddress reads: %s", address)
	}
}

func TestPageShowsEveryKindOfOperation(t *testing.T) {
	t.Parallel()
	doc := page(t, model(t))
	for id, wants := range map[string][]string{
		"createIdentityRecord": {"Idempotency-Key in the header string, at most 255 characters matching ^[!-~]+$ no"},
		"replaceAccessRecord":  {"PUT /v1/access-records/{ak}", `curl -H "Authorization: Bearer $TOKEN" -X PUT`},
		"updateWebhook":        {"PATCH /v1/webhooks/{wid}", "Body: Fewer events", "Body: A new secret"},
		"deleteWebhook":        {"204 Ended. The answer is empty. none"},
		"listOwnRecords":       {"limit in the query integer, 1 to 500, otherwise 200 no"},
		"importAccessRecords": {
			"JSON Lines, as application/x-ndjson : one object in each line.", "import-reference string, at most 255 characters yes",
			"-H 'Content-Type: application/x-ndjson'", "--data-binary @records.ndjson", "line 2", `"import-reference": "crm-000002"`,
		},
		"consentWithdrawalEvent": {
			"POST your callback-url", "Event: consent.withdrawal", "Who may call: The register calls, and your server answers.",
			"X-DAR-Signature in the header string matching ^sha256=[0-9a-f]{64}$ yes", "webhook-signature in the header", "2XX Received.",
			`"reason": "customer-request"`,
		},
	} {
		got := text(doc.Find("section:has(#" + id + ")"))
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s does not say %q:\n%s", id, want, got)
			}
		}
	}

	if got := text(doc.Find("section:has(#consentWithdrawalEvent)")); strings.Contains(got, "curl") {
		t.Error("an event has a command")
	}
	if got := text(
		doc.Find("section:has(#schema-AccessVerified)"),
	); !strings.Contains(
		got,
		"access-record AccessRecord or DiscoveredRecord yes",
	) {
		t.Errorf("the schema AccessVerified reads: %s", got)
	}
}

func TestBodyThatIsNeitherJSONNorLinesIsRefused(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}

	for old, change := range map[string]string{
		"application/x-ndjson:":                                     "text/csv:",
		"x-line-schema: '#/components/schemas/ImportLine'":          "x-line-schema: '#/components/schemas/Nothing'",
		"            example: |\n              {\"import-reference": "            example: |\n              \"import-reference",
	} {
		changed := strings.Replace(string(document), old, change, 1)
		if changed == string(document) {
			t.Fatalf("the document has no %q", old)
		}
		if _, err := docspage.New([]byte(changed)); err == nil {
			t.Errorf("accepted with %q", change)
		}
	}
}

func TestPageCanBeReadWithoutSight(t *testing.T) {
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
			t.Errorf("a part that scrolls cannot be reached, or has no name of its own: %q %.60q", label, text(region))
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
			t.Errorf("the link %s leads nowhere", target)
		}
	})
	if doc.Find("script, style, [style]").Length() > 0 {
		t.Error("the page has a script, or a style of its own")
	}
}

func TestExamplesAreJSONInTheOrderOfTheTables(t *testing.T) {
	t.Parallel()
	for _, group := range model(t).Groups {
		for _, o := range group.Operations {
			for _, example := range slices.Concat(o.Requests, o.Replies) {
				if !json.Valid([]byte(example.Text)) {
					t.Errorf("%s, %s is not JSON:\n%s", o.ID, example.Title, example.Text)
				}
			}

			if o.ID == "submitDiscoveredAccess" {
				const want = `{
  "mpxn": "2312345678901",
  "organisation-name": "Acme Energy Services Ltd",
  "organisation-reference": "SEC-OU-00429",
  "first-seen": "2024-06-01",
  "data-types-observed": ["HH-CONSUMPTION"],
  "source-reference": "DCC-TRANS-2024-06-01",
  "last-seen": "2026-02-28"
}`
				if o.Requests[0].Text != want {
					t.Errorf("got %s\nwant %s", o.Requests[0].Text, want)
				}
			}
		}
	}
}

func TestPageSaysWhereItIsADemonstration(t *testing.T) {
	t.Parallel()
	m := model(t)
	if page(t, m).Find(".demonstration").Length() != 0 {
		t.Error("it says so where it is none")
	}

	m.Demonstration = true
	if page(t, m).Find(".demonstration").Length() != 1 {
		t.Error("it does not say so")
	}
}

func TestHostileDocumentIsShownAsText(t *testing.T) {
	t.Parallel()
	m := model(t)
	m.Description = "<script>alert(1)</script> and `<img src=x onerror=alert(1)>`"
	if doc := page(t, m); doc.Find("script, img").Length() > 0 || !strings.Contains(doc.Text(), "<script>") {
		t.Error("text became markup")
	}
}

func TestDocumentThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := docspage.New([]byte("openapi: [")); err == nil {
		t.Error("accepted")
	}
}
