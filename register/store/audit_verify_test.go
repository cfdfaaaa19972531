package store_test

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"testing"

	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
)

// auditLog fills the audit log until a chain has four rows, and returns that chain. Chains are chosen at random.
func (d *data) auditLog() store.AuditHead {
	d.t.Helper()
	for {
		for range 20 {
			d.change(func(tx *store.Tx) error {
				tx.Audit(auditEvent("portal_ops"), auditEvent("portal_ops"))
				return nil
			})
		}

		heads, err := d.AuditHeads(d.t.Context())
		if err != nil {
			d.t.Fatal(err)
		}

		for _, head := range heads {
			if head.Length >= 4 {
				return head
			}
		}
	}
}

// unlockAudit drops the triggers that make the audit log append-only.
func (d *data) unlockAudit() {
	d.t.Helper()
	statements := []string{`DROP TRIGGER audit_events_no_update`, `DROP TRIGGER audit_events_no_delete`}
	if d.db.Postgres {
		statements = []string{`DROP TRIGGER audit_events_append_only ON audit_events`}
	}

	for _, statement := range statements {
		if _, err := d.db.Write.Exec(statement); err != nil {
			d.t.Fatal(err)
		}
	}
}

// tamper changes rows as no operation does. It fails the test if it changes none.
func (d *data) tamper(statement string, args ...any) {
	d.t.Helper()
	result, err := d.db.Write.Exec(d.db.Write.Rebind(statement), args...)
	if err != nil {
		d.t.Fatal(err)
	}
	if rows, err := result.RowsAffected(); err != nil || rows == 0 {
		d.t.Fatalf("%s changed %d rows (%v)", statement, rows, err)
	}
}

func firstRow(store.AuditHead) int64       { return 1 }
func secondRow(store.AuditHead) int64      { return 2 }
func lastRow(head store.AuditHead) int64   { return head.Length }
func rowBehind(head store.AuditHead) int64 { return head.Length + 1 }

// tampering is a change of the audit log. The arguments of the statement are the chain and the row to change.
type tampering struct {
	name      string
	statement string
	row       func(head store.AuditHead) int64
	fault     func(head store.AuditHead) int64 // the row that VerifyAudit names
}

var tamperings = []tampering{
	{
		"altered detail",
		`UPDATE audit_events SET detail = '{"x":1}' WHERE chain = ? AND place = ?`,
		secondRow, secondRow,
	},
	{
		"altered time",
		`UPDATE audit_events SET at = at + 1 WHERE chain = ? AND place = ?`,
		secondRow, secondRow,
	},
	{
		"altered account",
		`UPDATE audit_events SET account_id = 'another' WHERE chain = ? AND place = ?`,
		secondRow, secondRow,
	},
	{
		"meter point in another column",
		`UPDATE audit_events SET ak = mpxn, mpxn = '' WHERE chain = ? AND place = ?`,
		secondRow, secondRow,
	},
	{
		"altered hash",
		`UPDATE audit_events SET hash =
			(SELECT hash FROM audit_events o WHERE o.chain = audit_events.chain AND o.place = 1)
		WHERE chain = ? AND place = ?`,
		secondRow, secondRow,
	},
	{
		"removed row",
		`DELETE FROM audit_events WHERE chain = ? AND place = ?`,
		secondRow, secondRow,
	},
	{
		"removed first row",
		`DELETE FROM audit_events WHERE chain = ? AND place = ?`,
		firstRow, firstRow,
	},
	{
		"removed end",
		`DELETE FROM audit_events WHERE chain = ? AND place >= ?`,
		lastRow, lastRow,
	},
	{
		"extra row",
		`INSERT INTO audit_events (chain, place, event_id, at, account_id, event_type, ak, mpxn, detail, hash)
		SELECT chain, place + 1, 'aud_extra', at, account_id, event_type, ak, mpxn, detail, hash
		FROM audit_events WHERE chain = ? AND place = ?`,
		lastRow, rowBehind,
	},
}

func TestVerifyAuditFindsTampering(t *testing.T) {
	t.Parallel()
	for _, test := range tamperings {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachSealed(t, func(t *testing.T, d *data) {
				head := d.auditLog()
				rows, err := d.VerifyAudit(t.Context(), nil)
				if err != nil || rows == 0 {
					t.Fatalf("untouched: %d rows, %v", rows, err)
				}

				d.unlockAudit()
				d.tamper(test.statement, head.Chain, test.row(head))
				_, err = d.VerifyAudit(t.Context(), nil)
				fault, ok := errors.AsType[store.AuditFault](err)
				if !ok || fault.Chain != head.Chain || fault.Place != test.fault(head) {
					t.Errorf("found %v, want chain %d, row %d", err, head.Chain, test.fault(head))
				}
			})
		})
	}
}

// mutableLog is an audit log without the constraints and triggers that protect it.
type mutableLog struct {
	rows  []store.AuditEvent
	total int64
	// chains are the ends of the chains as they are, and earlier as they were at some moments since the last seal.
	chains  []chainRow
	earlier [][]chainRow
	// seals are the seals as they are, and oldSeals as they were before the last one was added.
	seals    []store.AuditSeal
	oldSeals []store.AuditSeal
}

// chainRow is a row of audit_chains.
type chainRow struct {
	Chain   int    `db:"chain"`
	Length  int64  `db:"length"`
	Hash    []byte `db:"hash"`
	Seal    int    `db:"seal"`
	LogRows int64  `db:"log_rows"`
	MAC     []byte `db:"mac"`
}

// mutableLog fills the audit log and removes what protects it.
func (d *data) mutableLog() *mutableLog {
	d.t.Helper()
	log := &mutableLog{}
	d.write(40)
	d.seal("k1")
	d.write(20)
	d.read(&log.oldSeals, `SELECT * FROM audit_seals ORDER BY number`)
	d.seal("k2")
	for range 20 {
		d.write(2)
		var chains []chainRow
		d.read(&chains, `SELECT * FROM audit_chains ORDER BY chain`)
		log.earlier = append(log.earlier, chains)
	}

	for _, table := range []string{"audit_events", "audit_chains", "audit_seals"} {
		for _, statement := range []string{
			`CREATE TABLE loose AS SELECT * FROM ` + table,
			`DROP TABLE ` + table,
			`ALTER TABLE loose RENAME TO ` + table,
		} {
			if _, err := d.db.Write.Exec(statement); err != nil {
				d.t.Fatal(err)
			}
		}
	}

	d.read(&log.rows, `SELECT * FROM audit_events ORDER BY chain, place`)
	d.read(&log.chains, `SELECT * FROM audit_chains ORDER BY chain`)
	d.read(&log.seals, `SELECT * FROM audit_seals ORDER BY number`)
	log.total = int64(len(log.rows))
	d.verify(log.total)

	return log
}

// read reads all rows of a query.
func (d *data) read(rows any, query string) {
	d.t.Helper()
	if err := d.db.Write.Select(rows, query); err != nil {
		d.t.Fatal(err)
	}
}

// Rows that are appended, and a seal that is added, while the log is read are no fault. Heads that were read in the
// meantime hold at the end.
func TestVerifyAuditBesideWriters(t *testing.T) {
	t.Parallel()
	eachSealed(t, func(t *testing.T, d *data) {
		var writers sync.WaitGroup
		for range 4 {
			writers.Go(func() { d.write(40) })
		}
		writers.Go(func() { d.seal("k2") })
		written := make(chan struct{})
		go func() {
			writers.Wait()
			close(written)
		}()

		var kept []store.AuditHead
		for isWriting := true; isWriting; {
			select {
			case <-written:
				isWriting = false
			default:
			}

			kept = append(kept, d.heads()...)
			if _, err := d.VerifyAudit(t.Context(), kept); err != nil {
				t.Error(err)
			}
		}

		d.verify(4 * 79)
	})
}

// A text that is stored as bytes is read as the same text, and no filter finds it.
func TestVerifyAuditFindsAnotherType(t *testing.T) {
	t.Parallel()
	db := registertest.SQLite.Open(t, migrations.Register)
	d := &data{Store: store.New(db.Write, db.Read), t: t, db: db}
	d.seal("k1")
	head := d.auditLog()
	d.unlockAudit()
	d.tamper(`UPDATE audit_events SET mpxn = CAST(mpxn AS BLOB) WHERE chain = ? AND place = 2`, head.Chain)
	_, err := d.VerifyAudit(t.Context(), nil)
	fault, ok := errors.AsType[store.AuditFault](err)
	if !ok || fault.Chain != head.Chain || fault.Place != 2 {
		t.Errorf("found %v, want chain %d, row 2", err, head.Chain)
	}
}

// An intruder who can write to the database cannot make a chain consistent again: the heads are keyed. If the whole
// log is brought back to an earlier state, only a head that was kept outside of the database shows it.
func TestKeptHeadsFindAnEarlierLog(t *testing.T) {
	t.Parallel()
	eachSealed(t, func(t *testing.T, d *data) {
		d.auditLog()
		if _, err := d.db.Write.Exec(`CREATE TABLE earlier AS SELECT * FROM audit_chains`); err != nil {
			t.Fatal(err)
		}

		before := d.heads()
		d.write(1)
		kept := d.heads()
		if _, err := d.VerifyAudit(t.Context(), kept); err != nil {
			t.Fatalf("untouched: %v", err)
		}

		var last store.AuditHead // the one that moved
		for i, head := range kept {
			if head.Length > before[i].Length {
				last = head
			}
		}

		d.unlockAudit()
		d.tamper(`DELETE FROM audit_events WHERE chain = ? AND place = ?`, last.Chain, last.Length)
		d.tamper(`UPDATE audit_chains SET length = length - 1, hash = (SELECT hash FROM earlier e
			WHERE e.chain = audit_chains.chain) WHERE chain = ?`, last.Chain)
		if _, err := d.VerifyAudit(t.Context(), nil); err == nil {
			t.Error("a head that the intruder computed was accepted")
		}

		d.tamper(`DELETE FROM audit_chains`)
		d.tamper(`INSERT INTO audit_chains SELECT * FROM earlier`)
		if _, err := d.VerifyAudit(t.Context(), nil); err != nil {
			t.Fatalf("the earlier log is not consistent: %v", err)
		}

		_, err := d.VerifyAudit(t.Context(), kept)
		fault, ok := errors.AsType[store.AuditFault](err)
		if !ok || fault.Chain != last.Chain || fault.Place != last.Length {
			t.Errorf("found %v, want chain %d, row %d", err, last.Chain, last.Length)
		}

		forged := before
		forged[d.longest()].Length = 1
		forged[d.longest()].Hash = []byte("another")
		if _, err := d.VerifyAudit(t.Context(), forged); err == nil {
			t.Error("another hash of the first row was accepted")
		}
	})
}

// heads returns the head of each chain.
func (d *data) heads() []store.AuditHead {
	d.t.Helper()
	heads, err := d.AuditHeads(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}

	return heads
}

// longest returns the longest chain.
func (d *data) longest() int {
	d.t.Helper()
	longest := slices.MaxFunc(d.heads(), func(a, b store.AuditHead) int { return cmp.Compare(a.Length, b.Length) })

	return longest.Chain
}

func TestAuditLogIsAppendOnly(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.auditLog()
		statements := []string{`UPDATE audit_events SET detail = '{}'`, `DELETE FROM audit_events`}
		if d.db.Postgres {
			statements = append(statements, `TRUNCATE audit_events`)
		}

		for _, statement := range statements {
			if _, err := d.db.Write.Exec(statement); err == nil {
				t.Errorf("%s was accepted", statement)
			}
		}
	})
}
