package docspage_test

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestExamples(t *testing.T) {
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
