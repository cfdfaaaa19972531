package id_test

import (
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// must is registertest.Must.
func must[T any](value T, err error) func(testing.TB) T { return registertest.Must(value, err) }

// household is registertest.Household.
func household(t testing.TB, r *registertest.Register) (owner, portal *registerclient.Client, ir string) {
	t.Helper()

	return registertest.Household(t, r)
}

// start is registertest.Start.
func start(t testing.TB, c *registerclient.Client, method registerclient.Method) *registerclient.ReidentifyResponse {
	t.Helper()

	return registertest.Start(t, c, method)
}

// list is registertest.ListRecords.
func list(t testing.TB, c *registerclient.Client, token string) []registerclient.AccessRecordSummary {
	t.Helper()

	return registertest.ListRecords(t, c, token)
}

// audited is registertest.CountAudited.
func audited(t testing.TB, r *registertest.Register, eventType, mpxn string) int {
	t.Helper()

	return registertest.CountAudited(t, r, eventType, mpxn)
}

// movedIn puts a person on record who moved in on a day, and returns the key of the identity record.
func movedIn(t testing.TB, c *registerclient.Client, day registerclient.Date, email string) string {
	t.Helper()
	in := registertest.IdentityRecord(registertest.MeterPoint, email)
	in.PIIPrincipal.MoveInDate = day

	return must(c.CreateIdentityRecord(t.Context(), in))(t).IR
}
