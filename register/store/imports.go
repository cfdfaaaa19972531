package store

import (
	"context"
	"slices"
	"strings"
)

// ImportedRecord is one line of an import: the access record, and the identity record if the line brings one.
type ImportedRecord struct {
	Reference string
	LineHash  []byte
	Identity  *IdentityRecord
	Record    AccessRecord
}

// FindImports returns the hashes of the lines that an account has imported under these references before.
func (r reader) FindImports(
	ctx context.Context,
	accountID string,
	references []string,
) (map[string][]byte, error) {
	rows, err := queryRowsIn[struct {
		Reference string `db:"import_reference"`
		LineHash  []byte `db:"line_hash"`
	}](ctx, r.db, "find imports",
		`SELECT import_reference, line_hash FROM imports WHERE account_id = ? AND import_reference IN (?)`,
		accountID, references)
	if err != nil {
		return nil, err
	}

	hashes := make(map[string][]byte, len(rows))
	for _, row := range rows {
		hashes[row.Reference] = row.LineHash
	}

	return hashes, nil
}

// ClaimImports claims the references of lines, which are all different, and returns those it got. The others were
// imported while this transaction ran. A transaction that claims the same references waits for this one; all
// transactions claim them in the same order, so they cannot deadlock.
func (t *Tx) ClaimImports(ctx context.Context, accountID string, lines []ImportedRecord) (map[string]bool, error) {
	sorted := slices.SortedFunc(slices.Values(lines), func(a, b ImportedRecord) int {
		return strings.Compare(a.Reference, b.Reference)
	})

	claimed := make(map[string]bool, len(lines))
	for batch := range slices.Chunk(sorted, rowsPerInsert) {
		var args []any
		for _, line := range batch {
			args = append(args, accountID, line.Reference, line.LineHash, line.Record.AK)
		}

		references, err := queryRows[string](ctx, t.db, "claim imports",
			`INSERT INTO imports (account_id, import_reference, line_hash, ak) VALUES `+
				placeholders(len(batch), 4)+` ON CONFLICT DO NOTHING RETURNING import_reference`, args...)
		if err != nil {
			return nil, err
		}

		for _, reference := range references {
			claimed[reference] = true
		}
	}

	return claimed, nil
}

// InsertImported adds the identity records and access records of lines.
func (t *Tx) InsertImported(ctx context.Context, lines []ImportedRecord) error {
	for batch := range slices.Chunk(lines, rowsPerInsert) {
		var identities []IdentityRecord
		var records []AccessRecord
		for _, line := range batch {
			records = append(records, line.Record)
			if line.Identity != nil {
				identities = append(identities, *line.Identity)
			}
		}

		if err := t.insertIdentityRecords(ctx, "insert imported identity records", identities); err != nil {
			return err
		}
		if err := t.insertAccessRecords(ctx, "insert imported access records", records); err != nil {
			return err
		}
	}

	return nil
}
