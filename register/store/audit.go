package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
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
	// Seal is the number of the seal that the row follows and has the key of; 0 before the first one.
	Seal int `db:"seal"`
	// LogRows is the number of rows of the whole log with this one, as far as its transaction saw: it is never more
	// than there were. It shows that rows of another chain were removed. It is 0 before the first seal.
	LogRows int64  `db:"log_rows"`
	Hash    []byte `db:"hash"`
}

const auditColumns = `chain, place, event_id, at, account_id, event_type, ak, mpxn, detail, seal, log_rows, hash`

// values returns what auditColumns hold, in that order.
func (e AuditEvent) values() []any {
	return []any{
		e.Chain, e.Place, e.EventID, e.At, e.AccountID, e.EventType, e.AK, e.MPxN, e.Detail, e.Seal, e.LogRows, e.Hash,
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

// auditChain is the end of a chain with what the next row needs.
type auditChain struct {
	AuditHead

	// Seal is the number of the seal that has the key in use, and LogRows that of the last row.
	Seal    int   `db:"seal"`
	LogRows int64 `db:"log_rows"`
	// MAC is the keyed hash of the head. The rows do not hold it, so that an intruder who removes the last rows cannot
	// restore an earlier head. It is empty before the first seal.
	MAC []byte `db:"mac"`
}

// appendAudit writes the events of the transaction to one chain, chosen at random, as one step: the head moves once.
// A transaction that used two chains could deadlock with another one.
func (t *Tx) appendAudit(ctx context.Context) error {
	if len(t.audit) == 0 {
		return nil
	}

	chain, err := t.lockAuditChain(ctx)
	if err != nil {
		return err
	}

	key, err := t.auditKey(ctx, chain.Seal)
	if err != nil {
		return err
	}

	const rowsAtOnce = 500
	for batch := range slices.Chunk(t.audit, rowsAtOnce) {
		var args []any
		for _, event := range batch {
			chain.add(&event, key)
			args = append(args, event.values()...)
		}

		_, err = t.exec(ctx, "append to the audit log", `INSERT INTO audit_events (`+auditColumns+`) VALUES `+
			placeholders(len(batch), len(args)/len(batch)), args...)
		if err != nil {
			return err
		}
	}

	_, err = t.exec(ctx, "move the head of the audit log",
		`UPDATE audit_chains SET length = ?, hash = ?, log_rows = ?, mac = ? WHERE chain = ?`,
		chain.Length, chain.Hash, chain.LogRows, chain.MAC, chain.Chain)

	return err
}

// lockAuditChain locks a chain and returns its end. LogRows is brought up to what the other chains show.
func (t *Tx) lockAuditChain(ctx context.Context) (auditChain, error) {
	var pick [1]byte
	rand.Read(pick[:])

	// On PostgreSQL the other chains may be read as they were before the wait for the lock. Then the number is too
	// low, which is allowed.
	type seen struct {
		auditChain

		Most   int64 `db:"most"`
		Others int64 `db:"others"`
	}
	found, err := queryRow[seen](ctx, t.db, "lock a chain of the audit log",
		`UPDATE audit_chains SET seal = seal WHERE chain = ?
		RETURNING chain, length, hash, seal, log_rows, mac,
			(SELECT MAX(o.log_rows) FROM audit_chains o) AS most,
			(SELECT CAST(SUM(o.length) AS BIGINT) FROM audit_chains o WHERE o.chain <> audit_chains.chain) AS others`,
		int(pick[0])%auditChains)
	if err != nil {
		return auditChain{}, err
	}

	chain := found.auditChain
	if chain.Seal > 0 {
		chain.LogRows = max(chain.LogRows, found.Most, found.Others+chain.Length)
	}

	return chain, nil
}

// add makes the event the next row of the chain, and moves the end of the chain behind it. The key is nil before the
// first seal.
func (c *auditChain) add(event *AuditEvent, key []byte) {
	before := c.Hash
	if key != nil {
		before = c.MAC
		c.LogRows++
	}
	c.Length++

	event.Chain = c.Chain
	event.Place = c.Length
	event.Seal = c.Seal
	event.LogRows = c.LogRows
	event.Hash = event.hash(key, before)
	c.Hash = event.Hash
	c.MAC = c.mac(key)
}

// mac returns the keyed hash of the head; nothing without a key.
func (c *auditChain) mac(key []byte) []byte {
	if key == nil {
		return []byte{}
	}

	h := auditHash{hmac.New(sha256.New, key)}
	h.text("head")
	h.number(int64(c.Chain))
	h.number(c.Length)
	h.number(int64(c.Seal))
	h.number(c.LogRows)
	h.text(string(c.Hash))

	return h.Sum(nil)
}

// hash returns the hash of the row: of what the chain was before it and of every column. It is keyed unless the row is
// from before the first seal.
func (e *AuditEvent) hash(key, before []byte) []byte {
	h := auditHash{sha256.New()}
	if key != nil {
		h = auditHash{hmac.New(sha256.New, key)}
		h.text("row")
		h.number(int64(e.Seal))
		h.number(e.LogRows)
	}

	h.Write(before)
	h.number(int64(e.Chain))
	h.number(e.Place)
	h.number(e.At.Time().UnixMilli())
	for _, text := range []string{e.EventID, e.AccountID, e.EventType, e.AK, e.MPxN, e.Detail} {
		h.text(text)
	}

	return h.Sum(nil)
}

// auditHash is a hash of numbers and texts. Each text is preceded by its length, so that no two different lists give
// the same input.
type auditHash struct{ hash.Hash }

func (h auditHash) number(n int64) { h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) }

func (h auditHash) text(text string) {
	h.number(int64(len(text)))
	h.Write([]byte(text))
}

// AuditFilter narrows the audit log. Empty fields match everything.
type AuditFilter struct {
	AccountID, EventType, AK string
	// MPxNs are the spellings of one meter point number.
	MPxNs []string
}

// ListAudit lists a page of the audit log, newest first, and returns the number of rows that match the filter. It
// leaves out rows outside the chains, which no program wrote.
func (r reader) ListAudit(ctx context.Context, f AuditFilter, page Page) ([]AuditEvent, Total, error) {
	var where conditions
	where.equal("account_id", f.AccountID)
	where.equal("event_type", f.EventType)
	where.equal("ak", f.AK)
	where.in("mpxn", f.MPxNs)
	where.and(`place BETWEEN 1 AND (SELECT c.length FROM audit_chains c WHERE c.chain = audit_events.chain
		AND c.chain BETWEEN 0 AND ?)`, auditChains-1)

	events := list{columns: auditColumns, from: `audit_events`, at: "at", seq: "log_rows", key: "event_id"}

	return queryPage[AuditEvent](ctx, r.db, events, where, page)
}
