package docspage_test

import (
	"os"
	"strings"
	"testing"

	"central.consent/dar/register/docspage"
)

func TestKindsOfOperations(t *testing.T) {
	t.Parallel()

	doc := page(t, model(t))
	for id, wants := range map[string][]string{
		"createIdentityRecord": {"Idempotency-Key in the header string, at most 255 characters matching ^[!-~]+$ no"},
		"replaceAccessRecord":  {"PUT /v1/access-records/{ak}", `curl -H "Authorization: Bearer $TOKEN" -X PUT`},
		"updateWebhook":        {"PATCH /v1/webhooks/{wid}", "Body: Fewer events", "Body: A new secret"},
		"deleteWebhook":        {"204 Ended. The answer is empty. none"},
		"listOwnRecords":       {"limit in the query integer, 1 to 500, otherwise 200 no"},
		"importAccessRecords": {
			"JSON Lines, as application/x-ndjson : one object in each line.",
			"import-reference string, at most 255 characters yes",
			"-H 'Content-Type: application/x-ndjson'", "--data-binary @records.ndjson", "line 2",
			`"import-reference": "crm-000002"`,
		},
		"consentWithdrawalEvent": {
			"POST your callback-url", "Event: consent.withdrawal",
			"Who may call: The register calls, and your server answers.",
			"X-DAR-Signature in the header string matching ^sha256=[0-9a-f]{64}$ yes",
			"webhook-signature in the header", "2XX Received.",
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

	verified := text(doc.Find("section:has(#schema-AccessVerified)"))
	if !strings.Contains(verified, "access-record AccessRecord or DiscoveredRecord yes") {
		t.Errorf("the schema AccessVerified reads: %s", verified)
	}
}

func TestUnknownBodyIsRefused(t *testing.T) {
	t.Parallel()

	document, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}

	for old, change := range map[string]string{
		"application/x-ndjson:":                            "text/csv:",
		"x-line-schema: '#/components/schemas/ImportLine'": "x-line-schema: '#/components/schemas/Nothing'",
		"example: |\n              {\"import-reference":    "example: |\n              \"import-reference",
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

func TestOperation(t *testing.T) {
	t.Parallel()

	doc := page(t, model(t))
	if got := doc.Find("section.operation").Length(); got != 62 {
		t.Errorf("%d operations and events, want 62", got)
	}

	withdrawal := doc.Find("section:has(#revokeAccessRecord)")
	for _, want := range []string{
		"DELETE /v1/access-records/{ak}",
		"Who may call: Data Users and portals, with a bearer token.",
		"ak in the path AccessKey yes",
		"reason in the query RevokeReason no Why the access ends.",
		"409 The record has expired, or the organisation has ended it itself (CON001). Error",
		"With the header Retry-After .",
		`curl -X DELETE -H "Authorization: Bearer $TOKEN"`,
		"/v1/access-records/ak_0123456789abcdef01234567?reason=customer-request&reidentification-token=mlr_",
		"Answer 200",
		`"revoked-at": "2026-05-03T13:03:09Z"`,
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
