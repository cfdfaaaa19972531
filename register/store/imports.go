package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
)

// ImportedRecord is a line of an import: the access record, and the identity record where the line brings one.
type ImportedRecord struct {
	Reference string
	LineHash  []byte
	Identity  *IdentityRecord
	Record    AccessRecord
}

// FindImports tells of references that an account has imported the hash of their lines.
func (t *Tx) FindImports(ctx context.Context, accountID string, references []string) (map[string][]byte, error) {
	query, args, err := sqlx.In(
		`SELECT import_reference, line_hash FROM imports WHERE account_id = ? AND import_reference IN (?)`,
		accountID,
		references,
	)
	if err != nil {
		return nil, fmt.Errorf("find imports: %w", err)
	}

	rows, err := all[struct {
		Reference string `db:"import_reference"`
		LineHash  []byte `db:"line_hash"`
	}](ctx, t.tx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("find imports: %w", err)
	}

	hashes := make(map[string][]byte, len(rows))
	for _, row := range rows {
		hashes[row.Reference] = row.LineHash
	}

	return hashes, nil
}

// ClaimImports takes the references of lines, which differ, and answers those that it got: the others were imported
// while this transaction ran. Whoever wants the same ones waits for it, and all take them in one order, so that no
// two can wait for each other.
func (t *Tx) ClaimImports(ctx context.Context, accountID string, lines []ImportedRecord) (map[string]bool, error) {
	sorted := slices.SortedFunc(
		slices.Values(lines),
		func(a, b ImportedRecord) int { return strings.Compare(a.Reference, b.Reference) },
	)
	won := make(map[string]bool, len(lines))
	for batch := range slices.Chunk(sorted, rowsAtOnce) {
		args := make([]any, 0, 4*len(batch))
		for _, line := range batch {
			args = append(args, accountID, line.Reference, line.LineHash, line.Record.AK)
		}

		got, err := all[string](ctx, t.tx, `INSERT INTO imports (account_id, import_reference, line_hash, ak) VALUES `+
			placeholders(len(batch), 4)+` ON CONFLICT DO NOTHING RETURNING import_reference`, args...)
		if err != nil {
			return nil, fmt.Errorf("claim imports: %w", err)
		}
		for _, reference := range got {
			won[reference] = true
		}
	}

	return won, nil
}

// HoldIdentityRecords finds identity records by their keys, and keeps them as they are until the transaction ends.
func (t *Tx) HoldIdentityRecords(ctx context.Context, irs []string) (map[string]IdentityRecord, error) {
	held := map[string]IdentityRecord{}
	if len(irs) == 0 {
		return held, nil
	}

	query, args, err := sqlx.In(
		`SELECT `+identityColumns+` FROM identity_records WHERE ir IN (?) ORDER BY ir`+t.lock(),
		irs,
	)
	if err != nil {
		return nil, fmt.Errorf("hold identity records: %w", err)
	}

	rows, err := all[IdentityRecord](ctx, t.tx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("hold identity records: %w", err)
	}
	for _, row := range rows {
		held[row.IR] = row
	}

	return held, nil
}

// InsertImported adds the records of lines.
func (t *Tx) InsertImported(ctx context.Context, lines []ImportedRecord) error {
	for batch := range slices.Chunk(lines, rowsAtOnce) {
		var identities, records []any
		for _, line := range batch {
			if i := line.Identity; i != nil {
				identities = append(
					identities,
					i.IR,
					i.AccountID,
					i.MPxN,
					i.MoveInDate,
					i.ExpressedBy,
					i.KeyID,
					i.SealedEmail,
					i.EmailMAC,
					i.SealedDetail,
					i.CreatedAt,
					i.AnonymisedAt,
				)
			}

			r := line.Record
			records = append(
				records,
				r.AK,
				r.MPxN,
				r.AccountID,
				r.IR,
				r.State,
				r.LegalBasis,
				r.Expiry,
				string(r.Record),
				r.CreatedAt,
				r.RevokedAt,
				r.RevokedBy,
				r.RevokeReason,
			)
		}

		if len(identities) > 0 {
			_, err := t.exec(
				ctx,
				`INSERT INTO identity_records (`+identityColumns+`) VALUES `+placeholders(len(identities)/11, 11),
				identities...)
			if err != nil {
				return fmt.Errorf("insert imported identity records: %w", err)
			}
		}

		if _, err := t.exec(
			ctx,
			`INSERT INTO access_records (`+recordColumns+`) VALUES `+placeholders(len(batch), 12),
			records...); err != nil {
			return fmt.Errorf("insert imported access records: %w", err)
		}
	}

	return nil
}

// ListDetected lists at which of these meter points the DCC saw an organisation that has not registered there.
func (t *Tx) ListDiscoveredMeterPoints(ctx context.Context, organisationReference string, mpxns []string) ([]string, error) {
	query, args, err := sqlx.In(
		`SELECT mpxn FROM discovered_access WHERE organisation_reference = ? AND superseded_by IS NULL
		AND mpxn IN (?)`,
		organisationReference,
		mpxns,
	)
	if err != nil {
		return nil, fmt.Errorf("list detected access: %w", err)
	}

	found, err := all[string](ctx, t.tx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list detected access: %w", err)
	}

	return found, nil
}

// rowsAtOnce is how many rows one INSERT adds: more gain nothing, and make the statement long.
const rowsAtOnce = 100

// placeholders is (?, ?), (?, ?) for so many rows and columns.
func placeholders(rows, columns int) string {
	row := ", (?" + strings.Repeat(", ?", columns-1) + ")"
	return strings.Repeat(row, rows)[2:]
}
