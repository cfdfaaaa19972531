package api_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

var importLines = flag.Int("importlines", 20_000, "how many lines BenchmarkImport imports")

// BenchmarkImport imports a stream that is generated on the fly into a SQLite file, as durably as a register stores it.
// It reports the rows per second, the peak memory of the process, and the time as a multiple of its floor: the same
// rows put into the same tables by bare prepared INSERTs. A million lines:
//
//	go test ./register/api -run '^$' -bench Import -timeout 1h -importlines 1000000
func BenchmarkImport(b *testing.B) {
	for b.Loop() {
		db := openFile(b, "import.db")
		service, account := importer(b, db, time.Now)
		read, write := io.Pipe()
		go writeLines(write, *importLines)
		started := time.Now()
		response, err := service.Rules.Import(b.Context(), account, read, nil)
		elapsed := time.Since(started)
		if err != nil || response.Imported != *importLines {
			b.Fatal(response.Imported, err, response.Errors)
		}

		peak := peakMemory(b)
		db = openFile(b, "floor.db")
		importer(b, db, time.Now)
		floor := insertBare(b, db, *importLines)
		b.ReportMetric(float64(*importLines)/elapsed.Seconds(), "rows/s")
		b.ReportMetric(elapsed.Seconds()/floor.Seconds(), "times-the-floor")
		b.ReportMetric(peak, "peak-MB")
		b.ReportMetric(0, "ns/op")
	}
}

// openFile opens a SQLite file with the register's schema.
func openFile(b *testing.B, name string) *migrations.DB {
	b.Helper()
	path := filepath.Join(b.TempDir(), name)
	db, err := migrations.Open(b.Context(), path, migrations.Register)
	if err != nil {
		b.Fatal(err)
	}

	b.Cleanup(func() { db.Close() })

	return db
}

// importer returns a register on a database, to be called without HTTP, and a Data User of it.
func importer(t testing.TB, db *migrations.DB, clock func() time.Time) (*register.Register, store.Account) {
	t.Helper()
	s := store.New(db.Write, db.Read)
	service := serviceOn(t, s, clock)
	made, _, err := service.Rules.AddAccount(t.Context(), registerclient.CreateAccountRequest{
		AccountID:             "importer",
		Role:                  registerclient.RoleDataUser,
		DisplayName:           "Bright Energy Ltd",
		ContactURL:            "https://bright.example/contact",
		OrganisationReference: "SEC-OU-00429",
	})
	if err != nil {
		t.Fatal(err)
	}

	return service, must(s.FindAccount(context.Background(), made.AccountID))(t)
}

// importMPxN returns the meter point of line i of an import, a different one for each line.
func importMPxN(i int) string { return fmt.Sprintf("%013d", (int64(i)*7_368_787+1)%10_000_000_000_000) }

// importLine returns line i of an import: a customer with evidence and an e-mail address.
func importLine(i int) registerclient.ImportLine {
	identity := registertest.IdentityRecord(importMPxN(i), fmt.Sprintf("customer%d@example.com", i))
	access := registertest.AccessRecord("", registerclient.BasisConsent)
	access.RecordMetadata.IdentityRecordRef = nil

	return registerclient.ImportLine{
		ImportReference: fmt.Sprintf("crm-%08d", i),
		IdentityRecord:  &identity,
		AccessRecord:    access,
	}
}

// writeLines writes the lines of importLine, but marshals only one.
func writeLines(to *io.PipeWriter, lines int) {
	out := bufio.NewWriterSize(to, 64<<10)
	first := importLine(0)
	template, err := json.Marshal(first)
	if err != nil {
		to.CloseWithError(err)

		return
	}

	for i := range lines {
		line := bytes.Replace(template, []byte(importMPxN(0)), []byte(importMPxN(i)), 1)
		line = bytes.Replace(line, []byte(first.ImportReference), fmt.Appendf(nil, "crm-%08d", i), 1)
		email := fmt.Appendf(nil, "customer%d@example.com", i)
		line = bytes.Replace(line, []byte(*first.IdentityRecord.Email), email, 1)
		if _, err := out.Write(append(line, '\n')); err != nil {
			to.CloseWithError(err)

			return
		}
	}

	to.CloseWithError(out.Flush())
}

// insertBare inserts as many rows as an import does, of the same sizes, 500 lines a transaction. It returns the time
// taken.
func insertBare(b *testing.B, db *migrations.DB, lines int) time.Duration {
	b.Helper()
	document := must(json.Marshal(registertest.AccessRecord("", registerclient.BasisConsent)))(b)
	random := func(n int) []byte {
		value := make([]byte, n)
		rand.Read(value)

		return value
	}
	key := func(prefix string) string { return prefix + hex.EncodeToString(random(12)) }
	statements := []string{
		`INSERT INTO imports (account_id, import_reference, line_hash, ak) VALUES (?, ?, ?, ?)`,
		`INSERT INTO identity_records (ir, account_id, mpxn, move_in_date, expressed_by, key_id,
			sealed_email, email_mac, sealed_detail, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		`INSERT INTO access_records (ak, mpxn, account_id, ir, state, legal_basis, expiry, record, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		`INSERT INTO audit_events (chain, place, event_id, at, account_id, event_type, ak, mpxn, detail, hash)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	}
	started := time.Now()
	for first := 0; first < lines; first += 500 {
		tx := must(db.Write.Beginx())(b)
		prepared := make([]*sqlx.Stmt, len(statements))
		for i, statement := range statements {
			prepared[i] = must(tx.Preparex(statement))(b)
		}

		now := time.Now().UnixMilli() / 1000 * 1000
		for i := first; i < min(first+500, lines); i++ {
			ak := key("ak_")
			ir := key("ir_")
			mpxn := importMPxN(i)
			const detail = `{"import":true}`
			for k, args := range [][]any{
				{"importer", fmt.Sprintf("crm-%08d", i), random(32), ak},
				{ir, "importer", mpxn, "2022-06-30", "data-subject", "test", random(52), random(32), random(400), now},
				{ak, mpxn, "importer", ir, "ACTIVE", "uk-consent", now + 1e11, string(document), now},
				{first / 500 % 16, i, key("aud_"), now, "importer", "record.created", ak, mpxn, detail, random(32)},
			} {
				if _, err := prepared[k].Exec(args...); err != nil {
					b.Fatal(err)
				}
			}
		}

		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}

	return time.Since(started)
}

// peakMemory returns the largest resident set of the process so far, in MB; 0 if the system does not report it.
func peakMemory(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}

	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes float64
	if _, err := fmt.Sscan(peak, &kilobytes); err != nil {
		b.Fatal(err)
	}

	return kilobytes / 1024
}
