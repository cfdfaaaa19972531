package registertest

import (
	"testing"

	"central.consent/dar/registerclient"
)

// Must returns a function that returns the value, or fails the test if err is not nil: Must(f())(t).
func Must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}

		return value
	}
}

// Household puts one customer with an e-mail address on record. It returns clients of the record's owner and of a
// portal, and the key of the identity record.
func Household(t testing.TB, r *Register) (owner, portal *registerclient.Client, ir string) {
	t.Helper()

	owner = r.Client(t, registerclient.RoleDataUser)
	portal = r.Client(t, registerclient.RolePortal)
	created := Must(owner.CreateIdentityRecord(t.Context(), IdentityRecord(MeterPoint, "customer@example.com")))(t)

	return owner, portal, created.IR
}

// Start starts a challenge at MeterPoint.
func Start(t testing.TB, c *registerclient.Client, method registerclient.Method) *registerclient.ReidentifyResponse {
	t.Helper()

	return Must(c.Reidentify(t.Context(), registerclient.ReidentifyRequest{MPxN: MeterPoint, Method: method}))(t)
}

// ListRecords lists the access records at MeterPoint. A portal needs a token; a Data User lists its own without one.
func ListRecords(t testing.TB, c *registerclient.Client, token string) []registerclient.AccessRecordSummary {
	t.Helper()

	query := registerclient.ListAccessRecordsQuery{ReidentificationToken: token}

	return Must(c.ListAccessRecords(t.Context(), MeterPoint, query))(t).AccessRecords
}

// CreateRecord registers an access record on this legal basis, and returns its key.
func CreateRecord(t testing.TB, c *registerclient.Client, ir string, basis registerclient.LegalBasis) string {
	t.Helper()

	return Must(c.CreateAccessRecord(t.Context(), AccessRecord(ir, basis)))(t).AccessToken.Key
}

// Identity creates an identity record at MeterPoint, and returns its key. Its person has no address if email is empty.
func Identity(t testing.TB, c *registerclient.Client, email string) string {
	t.Helper()

	return Must(c.CreateIdentityRecord(t.Context(), IdentityRecord(MeterPoint, email)))(t).IR
}

// Revoke revokes an access record of the client's own, without a reason.
func Revoke(t testing.TB, c *registerclient.Client, ak string) {
	t.Helper()
	Must(c.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{}))(t)
}
