package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// auditChains is the number of chains of the audit log. With several chains, transactions seldom wait for each other.
// The migration inserts as many rows.
const auditChains = 16

// AuditEvent is one row of the audit log: who did what, to which data, when.
type AuditEvent struct {
	Chain     int    `db:"chain"`
	Place     int64  `db:"place"`
	EventID   string `db:"event_id"`
	At        Millis `db:"at"`
	AccountID string `db:"account_id"`
	EventType string `db:"event_type"`
	AK        string `db:"ak"`
	MPxN      string `db:"mpxn"`
	Detail    string `db:"detail"` // JSON
	Hash      []byte `db:"hash"`
}

const auditColumns = `chain, place, event_id, at, account_id, event_type, ak, mpxn, detail, hash`

// values returns what auditColumns hold, in that order.
func (e AuditEvent) values() []any {
	return []any{
		e.Chain, e.Place, e.EventID, e.At, e.AccountID, e.EventType, e.AK, e.MPxN, e.Detail, e.Hash,
	}
}

// Audit adds events to the audit log. They are written as the last step before the transaction commits, because other
// transactions wait from then on.
func (t *Tx) Audit(events ...AuditEvent) { t.audit = append(t.audit, events...) }

// AuditHead is the end of a chain of the audit log: its length and the hash of its last row. A head that is kept
// outside the database proves later that no row before it was altered, even if all hashes were computed again.
type AuditHead struct {
	Chain  int    `db:"chain"`
	Length int64  `db:"length"`
	Hash   []byte `db:"hash"`
}

// appendAudit writes the events of the transaction to one chain, chosen at random. A transaction that used two chains
// could deadlock with another one.
func (t *Tx) appendAudit(ctx context.Context) error {
	if len(t.audit) == 0 {
		return nil
	}

	var pick [1]byte
	rand.Read(pick[:])
	head, err := queryRow[AuditHead](ctx, t.db, "lock a chain of the audit log",
		`UPDATE audit_chains SET length = length WHERE chain = ? RETURNING chain, length, hash`,
		int(pick[0])%auditChains)
	if err != nil {
		return err
	}

	const rowsAtOnce = 500
	for batch := range slices.Chunk(t.audit, rowsAtOnce) {
		var args []any
		for _, event := range batch {
			head.Length++
			event.Chain = head.Chain
			event.Place = head.Length
			event.Hash = event.hash(head.Hash)
			head.Hash = event.Hash
			args = append(args, event.values()...)
		}

		_, err = t.exec(ctx, "append to the audit log", `INSERT INTO audit_events (`+auditColumns+`) VALUES `+
			placeholders(len(batch), len(args)/len(batch)), args...)
		if err != nil {
			return err
		}
	}

	_, err = t.exec(ctx, "move the head of the audit log",
		`UPDATE audit_chains SET length = ?, hash = ? WHERE chain = ?`, head.Length, head.Hash, head.Chain)

	return err
}

// hash returns the hash of the row: of the hash of the row before it and of every column. Each text is preceded by its
// length, so that no two different rows give the same input.
func (e AuditEvent) hash(before []byte) []byte {
	h := sha256.New()
	writeNumber := func(n int64) { h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) }

	h.Write(before)
	writeNumber(int64(e.Chain))
	writeNumber(e.Place)
	writeNumber(e.At.Time().UnixMilli())
	for _, text := range []string{e.EventID, e.AccountID, e.EventType, e.AK, e.MPxN, e.Detail} {
		writeNumber(int64(len(text)))
		h.Write([]byte(text))
	}

	return h.Sum(nil)
}

// AuditFilter narrows the audit log. Empty fields match everything.
type AuditFilter struct {
	AccountID, EventType, AK, MPxN string
}

// ListAudit lists a page of the audit log, newest first, and returns the number of rows that match the filter.
func (r reader) ListAudit(ctx context.Context, f AuditFilter, page Page) ([]AuditEvent, int, error) {
	var where conditions
	where.equal("account_id", f.AccountID)
	where.equal("event_type", f.EventType)
	where.equal("ak", f.AK)
	where.equal("mpxn", f.MPxN)

	events := list{columns: auditColumns, from: `audit_events`, at: "at", key: "event_id"}

	return queryPage[AuditEvent](ctx, r.db, events, where, page)
}
