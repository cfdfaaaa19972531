package registertest

import (
	"testing"

	"central.consent/dar/migrations"
)

// A test that gets a database of its own must not see another's rows, and no step of the schema may be missing.
func TestCopiesOfATemplate(t *testing.T) {
	t.Parallel()
	EachDatabase(t, func(t *testing.T, d Database) {
		first := d.Open(t, migrations.Portal)
		second := d.Open(t, migrations.Portal)
		migrated, err := migrations.Open(t.Context(), d.Address(t), migrations.Portal)
		if err != nil {
			t.Fatal(err)
		}
		defer migrated.Close()

		statement := `INSERT INTO portal_schema_version (version_id, is_applied) VALUES (99, TRUE)`
		if _, err := first.Write.Exec(statement); err != nil {
			t.Fatal(err)
		}

		const version = `SELECT MAX(version_id) FROM portal_schema_version`
		var got int
		if err := second.Read.Get(&got, version); err != nil {
			t.Fatal(err)
		}

		var want int
		if err := migrated.Read.Get(&want, version); err != nil {
			t.Fatal(err)
		}
		if got != want || want == 99 {
			t.Errorf("the copy is at version %d, want %d", got, want)
		}
	})
}
