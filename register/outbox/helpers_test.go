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
