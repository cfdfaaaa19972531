package registertest

import "testing"

// Tamper changes rows of a register's database in a way that no operation does: as an intruder, a fault or an older
// program would. It is the only place here that writes SQL. It fails the test if the statement changes no row.
func Tamper(t testing.TB, r *Register, statement string, args ...any) {
	t.Helper()

	result, err := r.DB.Write.Exec(r.DB.Write.Rebind(statement), args...)
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := result.RowsAffected(); err != nil || rows == 0 {
		t.Fatalf("%s changed %d rows (%v)", statement, rows, err)
	}
}
