package portaldb_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
)

var now = time.Date(2026, time.June, 1, 9, 0, 0, 0, time.UTC)

// eachDatabase runs a test on an empty portal database of every kind.
func eachDatabase(t *testing.T, test func(*testing.T, *portaldb.DB)) {
	t.Helper()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		test(t, portaldb.New(d.Open(t, migrations.Portal).Write))
	})
}

// hash returns a key as the tables want them.
func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
