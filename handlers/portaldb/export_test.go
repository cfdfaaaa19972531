package portaldb

import "testing"

// CountRows returns how many rows a table has.
func (d *DB) CountRows(t *testing.T, table string) int {
	t.Helper()
	var n int
	if err := d.db.GetContext(t.Context(), &n, `SELECT count(*) FROM `+table); err != nil {
		t.Fatal(err)
	}

	return n
}
