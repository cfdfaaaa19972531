package outbox_test

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

// create is registertest.CreateRecord.
func create(t testing.TB, c *registerclient.Client, ir string, basis registerclient.LegalBasis) string {
	t.Helper()

	return registertest.CreateRecord(t, c, ir, basis)
}

// revoke is registertest.Revoke.
func revoke(t testing.TB, c *registerclient.Client, ak string) {
	t.Helper()
	registertest.Revoke(t, c, ak)
}

// withdraw registers a consent and revokes it, which is one event, and returns the key of the record.
func withdraw(t testing.TB, c *registerclient.Client, ir string) string {
	t.Helper()
	ak := create(t, c, ir, registerclient.BasisConsent)
	revoke(t, c, ak)

	return ak
}
