package store

import (
	"bytes"
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
)

// AuditFault says that the audit log is not as it was written.
type AuditFault struct {
	// Chain is -1 if the fault is in no single chain.
	Chain int
	// Place is the first row at fault.
	Place int64
	// What says what is wrong with it.
	What string
}

func (f AuditFault) Error() string {
	if f.Chain < 0 {
		return f.What
	}

	return fmt.Sprintf("chain %d, row %d: %s", f.Chain, f.Place, f.What)
}

// logFault returns the fault of the whole log.
func logFault(format string, args ...any) AuditFault {
	return AuditFault{Chain: -1, What: fmt.Sprintf(format, args...)}
}

// notTheRow is the fault of a row that differs from the one a kept head saw.
const notTheRow = "is not the row that was there"

// ErrAuditUnsealed says that the audit log has no seal yet, and cannot be verified without it.
var ErrAuditUnsealed = errors.New("the audit log is not sealed: start the register with its keys once")

// AuditHeads lists the head of each chain.
func (r reader) AuditHeads(ctx context.Context) ([]AuditHead, error) {
	return queryRows[AuditHead](ctx, r.db, "list the heads of the audit log",
		`SELECT chain, length, hash FROM audit_chains ORDER BY chain`)
}

// VerifyAudit reads the whole audit log. It checks each row against its key and the row before it, against the seals
// and the heads, and against the heads that were kept elsewhere, and looks for rows outside the chains. It returns how
// many rows it has read, and the first fault as an AuditFault. It leaves out rows that are appended while it reads. It
// returns ErrAuditUnsealed if the log has no seal.
func (r reader) VerifyAudit(ctx context.Context, kept []AuditHead) (rows int64, err error) {
	chains, err := r.listAuditChains(ctx)
	if err != nil {
		return 0, err
	}
	if err = checkChains(chains, func(chain auditChain) int { return chain.Chain }); err != nil {
		return 0, err
	}

	verifier, err := r.newAuditVerifier(ctx, chains)
	if err != nil {
		return 0, err
	}

	var total int64
	for _, end := range chains {
		read, err := verifier.verifyChain(ctx, end, kept)
		rows += read
		total += end.Length
		if err != nil {
			return rows, err
		}
	}

	if verifier.logRows > total {
		return rows, logFault("rows were removed: the log had %d and has %d", verifier.logRows, total)
	}

	return rows, r.verifyOutside(ctx)
}

// auditVerifier checks chains against the seals.
type auditVerifier struct {
	reader

	keys [][]byte
	// heads are the heads of each seal.
	heads [][]AuditHead
	// logRows is the highest number of rows of the whole log that a row has seen.
	logRows int64
}

// newAuditVerifier opens the seals that the ends of the chains follow. A seal that is added later is left out.
func (r reader) newAuditVerifier(ctx context.Context, chains []auditChain) (*auditVerifier, error) {
	seals, err := r.AuditSeals(ctx)
	if err != nil {
		return nil, err
	}

	number := 0
	for _, chain := range chains {
		number = max(number, chain.Seal)
	}
	if len(seals) < number {
		return nil, logFault("seal %d was removed", number)
	}
	if len(seals) == 0 {
		return nil, ErrAuditUnsealed
	}

	v := &auditVerifier{reader: r}
	if v.keys, err = r.openSeals(seals); err != nil {
		return nil, err
	}

	for _, seal := range seals[:number] {
		heads, err := seal.heads()
		if err != nil {
			return nil, err
		}

		v.heads = append(v.heads, heads)
	}

	return v, nil
}

// verifyChain checks the rows of a chain up to its end, and returns how many it has read.
func (v *auditVerifier) verifyChain(ctx context.Context, end auditChain, kept []AuditHead) (int64, error) {
	for _, heads := range v.heads {
		kept = append(kept[:len(kept):len(kept)], heads[end.Chain])
	}

	expected, err := expectedHashes(end.AuditHead, kept)
	if err != nil {
		return 0, err
	}

	const rowsAtOnce = 1000
	chain := &auditChain{AuditHead: AuditHead{Chain: end.Chain, Hash: []byte{}}, MAC: []byte{}}
	for chain.Length < end.Length {
		// The places bound the page, and not a number of rows: so it holds every row that has one of them.
		last := min(chain.Length+rowsAtOnce, end.Length)
		events, err := queryRows[AuditEvent](ctx, v.db, "read the audit log", `SELECT `+auditColumns+`
			FROM audit_events WHERE chain = ? AND place > ? AND place <= ? ORDER BY place`,
			end.Chain, chain.Length, last)
		if err != nil {
			return chain.Length, err
		}

		for _, event := range events {
			if err := v.verifyRow(chain, event, expected); err != nil {
				return chain.Length, err
			}
		}

		if chain.Length < last {
			return chain.Length, AuditFault{end.Chain, chain.Length + 1, "removed"}
		}
	}

	return chain.Length, v.verifyEnd(chain, end)
}

// verifyRow checks that event is the next row of the chain, with the hash that is expected at its place, if there is
// one. It moves the end of the chain behind the row.
func (v *auditVerifier) verifyRow(chain *auditChain, event AuditEvent, expected map[int64][]byte) error {
	key := v.enter(chain)
	fault := AuditFault{Chain: chain.Chain, Place: chain.Length + 1}
	switch {
	case event.Place <= chain.Length:
		return AuditFault{chain.Chain, event.Place, "is there twice"}
	case event.Place > chain.Length+1:
		fault.What = "removed"
	case event.Seal != chain.Seal && event.Seal == 0:
		fault.What = "forged: it has no key, and the log was sealed before it"
	case event.Seal != chain.Seal:
		fault.What = "altered: it has the key of another seal"
	case key == nil && event.LogRows != 0, key != nil && event.LogRows <= chain.LogRows:
		fault.What = "altered"
	}
	if fault.What != "" {
		return fault
	}

	if key != nil {
		chain.LogRows = event.LogRows - 1
	}
	written := event
	chain.add(&written, key)
	if !hmac.Equal(written.Hash, event.Hash) {
		fault.What = "altered"
		return fault
	}
	if hash, ok := expected[event.Place]; ok && !bytes.Equal(written.Hash, hash) {
		fault.What = notTheRow
		return fault
	}

	v.logRows = max(v.logRows, event.LogRows)

	return nil
}

// enter lets the chain follow the last seal that was added before its next row, and returns the key of that seal. It
// returns nil before the first seal.
func (v *auditVerifier) enter(chain *auditChain) []byte {
	number := chain.Seal
	for number < len(v.heads) && v.heads[number][chain.Chain].Length <= chain.Length {
		number++
	}

	if number == 0 {
		return nil
	}

	key := v.keys[number-1]
	if number != chain.Seal {
		chain.Seal = number
		chain.MAC = chain.mac(key)
	}

	return key
}

// verifyEnd checks the stored end of a chain against the one that its rows lead to.
func (v *auditVerifier) verifyEnd(chain *auditChain, end auditChain) error {
	v.enter(chain)
	if chain.Seal == end.Seal && chain.LogRows == end.LogRows && bytes.Equal(chain.Hash, end.Hash) &&
		hmac.Equal(chain.MAC, end.MAC) {
		return nil
	}

	return AuditFault{end.Chain, end.Length, "the head is not the one that was written"}
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

// verifyOutside checks that no row stands outside the chains. On SQLite, it also checks that each value has the type of
// its column: a filter does not find a text that is stored as bytes.
func (r reader) verifyOutside(ctx context.Context) error {
	otherType := `FALSE`
	if !r.onPostgres() {
		otherType = `typeof(e.chain) || typeof(e.place) || typeof(e.at) || typeof(e.seal) || typeof(e.log_rows) <>
				'integerintegerintegerintegerinteger'
			OR typeof(e.event_id) || typeof(e.account_id) || typeof(e.event_type) || typeof(e.ak) || typeof(e.mpxn) ||
				typeof(e.detail) || typeof(e.hash) <> 'texttexttexttexttexttextblob'`
	}

	type found struct {
		Chain  int    `db:"chain"`
		Place  int64  `db:"place"`
		Length *int64 `db:"length"`
	}
	row, err := queryRow[found](ctx, r.db, "look for rows outside the chains of the audit log",
		`SELECT CAST(e.chain AS BIGINT) AS chain, CAST(e.place AS BIGINT) AS place, c.length
		FROM audit_events e LEFT JOIN audit_chains c ON c.chain = e.chain
		WHERE NOT COALESCE(e.place BETWEEN 1 AND c.length, FALSE) OR `+otherType+`
		ORDER BY e.chain, e.place LIMIT 1`)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case row.Length == nil || row.Place < 1:
		return AuditFault{row.Chain, row.Place, "stands outside the chains"}
	case row.Place > *row.Length:
		return AuditFault{row.Chain, row.Place, "stands behind the chain's end"}
	}

	return AuditFault{row.Chain, row.Place, "has a value of another type"}
}
