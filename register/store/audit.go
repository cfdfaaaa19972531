package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// auditChains is how many chains the audit log has, so that transactions seldom wait for each other. The
// migration makes as many rows.
const auditChains = 16

// AuditEvent is one row of the audit log: who did what, to whose data, when.
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

// Audit notes events, which are appended to the log as the last thing before the transaction commits: until
// then no other has to wait for it.
func (t *Tx) Audit(events ...AuditEvent) { t.audit = append(t.audit, events...) }

type auditChain struct {
	Chain  int    `db:"chain"`
	Length int64  `db:"length"`
	Hash   []byte `db:"hash"`
}

// appendAudit writes what was noted to one chain, chosen at random. A transaction uses one alone, so that no
// two can wait for each other.
func (t *Tx) appendAudit(ctx context.Context) error {
	if len(t.audit) == 0 {
		return nil
	}

	var pick [1]byte
	rand.Read(pick[:])
	head, err := one[auditChain](
		ctx,
		t.tx,
		`UPDATE audit_chains SET length = length WHERE chain = ? RETURNING chain, length, hash`,
		int(pick[0])%auditChains,
	)
	if err != nil {
		return fmt.Errorf("lock a chain of the audit log: %w", err)
	}

	const columns, most = 10, 500
	for batch := range slices.Chunk(t.audit, most) {
		args := make([]any, 0, columns*len(batch))
		for _, event := range batch {
			head.Length++
			event.Chain, event.Place = head.Chain, head.Length
			head.Hash = event.hash(head.Hash)
			args = append(
				args,
				event.Chain,
				event.Place,
				event.EventID,
				event.At,
				event.AccountID,
				event.EventType,
				event.AK,
				event.MPxN,
				event.Detail,
				head.Hash,
			)
		}

		rows := strings.Repeat(", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", len(batch))[2:]
		if _, err := t.exec(ctx, `INSERT INTO audit_events (`+auditColumns+`) VALUES `+rows, args...); err != nil {
			return fmt.Errorf("append to the audit log: %w", err)
		}
	}

	if _, err := t.exec(
		ctx,
		`UPDATE audit_chains SET length = ?, hash = ? WHERE chain = ?`,
		head.Length,
		head.Hash,
		head.Chain,
	); err != nil {
		return fmt.Errorf("move the head of the audit log: %w", err)
	}

	return nil
}

// hash is the row's, over the hash of the row before and every column. Each text is preceded by its length, so
// that no two rows read alike.
func (e AuditEvent) hash(before []byte) []byte {
	h := sha256.New()
	h.Write(before)
	number := func(n int64) { h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) }
	number(int64(e.Chain))
	number(e.Place)
	number(e.At.Time().UnixMilli())
	for _, text := range []string{e.EventID, e.AccountID, e.EventType, e.AK, e.MPxN, e.Detail} {
		number(int64(len(text)))
		h.Write([]byte(text))
	}

	return h.Sum(nil)
}

// AuditFault is where the audit log is not what it was when it was written.
type AuditFault struct {
	Chain int
	// Place is the first row at fault.
	Place int64
	// What is wrong with it.
	What string
}

func (f AuditFault) Error() string {
	return fmt.Sprintf("chain %d, row %d: %s", f.Chain, f.Place, f.What)
}

// AuditHead is how long a chain of the audit log is, and the hash of its last row. Whoever keeps one elsewhere can
// prove later that nothing before it was altered, not even by somebody who recomputed every hash.
type AuditHead struct {
	Chain  int
	Length int64
	Hash   []byte
}

// AuditHeads lists the head of each chain.
func (s *Store) AuditHeads(ctx context.Context) ([]AuditHead, error) {
	chains, err := all[auditChain](ctx, s.read, `SELECT chain, length, hash FROM audit_chains ORDER BY chain`)
	if err != nil {
		return nil, fmt.Errorf("list the heads of the audit log: %w", err)
	}

	heads := make([]AuditHead, len(chains))
	for i, c := range chains {
		heads[i] = AuditHead(c)
	}

	return heads, nil
}

// VerifyAudit reads the whole audit log and checks each row against the one before it, the heads, and heads that
// were kept elsewhere. It answers how many rows it read, and as an AuditFault the first that is not what it was.
// Rows that are appended while it reads are left for the next time.
func (s *Store) VerifyAudit(ctx context.Context, kept []AuditHead) (rows int64, err error) {
	heads, err := s.AuditHeads(ctx)
	if err != nil {
		return 0, err
	}
	if len(heads) != auditChains {
		return 0, AuditFault{What: fmt.Sprintf("there are %d chains, not %d", len(heads), auditChains)}
	}

	for _, head := range heads {
		known := map[int64][]byte{head.Length: head.Hash}
		for _, k := range kept {
			if k.Chain != head.Chain {
				continue
			}
			if k.Length > head.Length {
				return rows, AuditFault{
					head.Chain,
					head.Length + 1,
					fmt.Sprintf("removed: the chain had %d rows, and has %d", k.Length, head.Length),
				}
			}
			if here, twice := known[k.Length]; twice && string(here) != string(k.Hash) {
				return rows, AuditFault{head.Chain, k.Length, "is not the row that was there"}
			}

			known[k.Length] = k.Hash
		}

		read, err := s.verifyChain(ctx, head, known)
		rows += read
		if err != nil {
			return rows, err
		}
	}

	return rows, nil
}

func (s *Store) verifyChain(ctx context.Context, head AuditHead, known map[int64][]byte) (int64, error) {
	const page = 1000
	before := []byte{}
	for place := int64(0); place < head.Length; {
		events, err := all[AuditEvent](ctx, s.read, `SELECT `+auditColumns+` FROM audit_events
			WHERE chain = ? AND place > ? AND place <= ? ORDER BY place LIMIT ?`, head.Chain, place, head.Length, page)
		if err != nil {
			return place, fmt.Errorf("read the audit log: %w", err)
		}
		if len(events) == 0 {
			return place, AuditFault{head.Chain, place + 1, "removed"}
		}

		for _, event := range events {
			place++
			want := event.hash(before)
			switch kept, isKept := known[place]; {
			case event.Place != place:
				return place, AuditFault{head.Chain, place, "removed"}
			case string(want) != string(event.Hash):
				return place, AuditFault{head.Chain, place, "altered"}
			case isKept && string(kept) != string(want):
				return place, AuditFault{head.Chain, place, "is not the row that was there"}
			}

			before = want
		}
	}

	extra, err := one[int64](ctx, s.read, `SELECT COUNT(*) FROM audit_events WHERE chain = ? AND place > ?
		AND place > (SELECT length FROM audit_chains WHERE chain = ?)`, head.Chain, head.Length, head.Chain)
	if err == nil && extra > 0 {
		err = AuditFault{head.Chain, head.Length + 1, "stands behind the chain's end"}
	}

	return head.Length, err
}

// AuditFilter narrows the audit log; empty members narrow nothing.
type AuditFilter struct {
	AccountID, EventType, AK, MPxN string
}

// ListAudit lists a page of the audit log, the newest first, and how many rows the filter lets through.
func (s *Store) ListAudit(ctx context.Context, f AuditFilter, page Page) ([]AuditEvent, int, error) {
	where := conditions{}
	where.equal("account_id", f.AccountID)
	where.equal("event_type", f.EventType)
	where.equal("ak", f.AK)
	where.equal("mpxn", f.MPxN)

	return paged[AuditEvent](ctx, s, auditColumns, `audit_events`, where, page, "at", "event_id")
}
