package store

import (
	"bytes"
	"context"
	"fmt"
)

// AuditFault says that the audit log is not as it was written.
type AuditFault struct {
	Chain int
	// Place is the first row at fault.
	Place int64
	// What says what is wrong with it.
	What string
}

func (f AuditFault) Error() string {
	return fmt.Sprintf("chain %d, row %d: %s", f.Chain, f.Place, f.What)
}

// notTheRow is the fault of a row that differs from the one a kept head saw.
const notTheRow = "is not the row that was there"

// AuditHeads lists the head of each chain.
func (r reader) AuditHeads(ctx context.Context) ([]AuditHead, error) {
	return queryRows[AuditHead](ctx, r.db, "list the heads of the audit log",
		`SELECT chain, length, hash FROM audit_chains ORDER BY chain`)
}

// VerifyAudit reads the whole audit log. It checks each row against the row before it, against the heads, and against
// the heads that were kept elsewhere. It returns how many rows it has read, and the first fault as an AuditFault. It
// leaves out rows that are appended while it reads.
func (r reader) VerifyAudit(ctx context.Context, kept []AuditHead) (rows int64, err error) {
	heads, err := r.AuditHeads(ctx)
	if err != nil {
		return 0, err
	}
	if len(heads) != auditChains {
		return 0, AuditFault{What: fmt.Sprintf("there are %d chains, not %d", len(heads), auditChains)}
	}

	for _, head := range heads {
		expected, err := expectedHashes(head, kept)
		if err != nil {
			return rows, err
		}

		read, err := r.verifyChain(ctx, head, expected)
		rows += read
		if err != nil {
			return rows, err
		}
	}

	return rows, nil
}

// expectedHashes returns the hashes that rows of a chain must have, by place, as its head and the kept heads say.
func expectedHashes(head AuditHead, kept []AuditHead) (map[int64][]byte, error) {
	expected := map[int64][]byte{head.Length: head.Hash}
	for _, k := range kept {
		if k.Chain != head.Chain {
			continue
		}
		if k.Length > head.Length {
			what := fmt.Sprintf("removed: the chain had %d rows, and has %d", k.Length, head.Length)
			return nil, AuditFault{head.Chain, head.Length + 1, what}
		}
		if hash, ok := expected[k.Length]; ok && !bytes.Equal(hash, k.Hash) {
			return nil, AuditFault{head.Chain, k.Length, notTheRow}
		}

		expected[k.Length] = k.Hash
	}

	return expected, nil
}

// verifyChain checks the rows of a chain up to its head, and returns how many it has read.
func (r reader) verifyChain(ctx context.Context, head AuditHead, expected map[int64][]byte) (int64, error) {
	const rowsAtOnce = 1000
	before := []byte{}
	for place := int64(0); place < head.Length; {
		events, err := queryRows[AuditEvent](ctx, r.db, "read the audit log", `SELECT `+auditColumns+`
			FROM audit_events WHERE chain = ? AND place > ? AND place <= ? ORDER BY place LIMIT ?`,
			head.Chain, place, head.Length, rowsAtOnce)
		if err != nil {
			return place, err
		}
		if len(events) == 0 {
			return place, AuditFault{head.Chain, place + 1, "removed"}
		}

		for _, event := range events {
			place++
			hash := event.hash(before)
			wanted, isWanted := expected[place]
			switch {
			case event.Place != place:
				return place, AuditFault{head.Chain, place, "removed"}
			case !bytes.Equal(hash, event.Hash):
				return place, AuditFault{head.Chain, place, "altered"}
			case isWanted && !bytes.Equal(wanted, hash):
				return place, AuditFault{head.Chain, place, notTheRow}
			}

			before = hash
		}
	}

	return head.Length, r.verifyChainEnd(ctx, head)
}

// verifyChainEnd checks that no row stands behind the end of a chain. The end may have moved since head was read.
func (r reader) verifyChainEnd(ctx context.Context, head AuditHead) error {
	extra, err := queryRow[int64](ctx, r.db, "count rows behind the end of the audit log",
		`SELECT COUNT(*) FROM audit_events WHERE chain = ? AND place > ?
		AND place > (SELECT length FROM audit_chains WHERE chain = ?)`, head.Chain, head.Length, head.Chain)
	if err == nil && extra > 0 {
		err = AuditFault{head.Chain, head.Length + 1, "stands behind the chain's end"}
	}

	return err
}
