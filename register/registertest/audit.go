package registertest

import (
	"testing"

	"central.consent/dar/register/store"
)

// CountAudited returns the number of events of a type in the audit log of a meter point.
func CountAudited(t testing.TB, r *Register, eventType, mpxn string) int {
	t.Helper()

	filter := store.AuditFilter{EventType: eventType}
	if mpxn != "" {
		filter.MPxNs = []string{mpxn}
	}

	_, count, err := r.Store.ListAudit(t.Context(), filter, store.Page{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}

	return count.Rows
}
