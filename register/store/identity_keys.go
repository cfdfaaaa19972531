package store

import "context"

// OwnKey is the key of one identity record, which seals everything that is stored of its person: wrapped by the key of
// the key ring that WrapKeyID names. Both are nil once the record is anonymised, and while a record of an older program
// has no key of its own yet.
type OwnKey struct {
	WrapKeyID  *string `db:"wrap_key_id"`
	WrappedKey []byte  `db:"wrapped_key"`
}

// FindOwnKey finds the key of an identity record; ErrNotFound if it has none any more, or none yet.
func (r reader) FindOwnKey(ctx context.Context, ir string) (OwnKey, error) {
	return queryRow[OwnKey](ctx, r.db, "find the key of an identity record",
		`SELECT key_id AS wrap_key_id, wrapped_key FROM identity_keys WHERE ir = ?`, ir)
}

// PutOwnKey stores the key of an identity record, or wraps it with another key of the key ring. The transaction must
// hold the record.
func (t *Tx) PutOwnKey(ctx context.Context, ir string, key OwnKey) error {
	_, err := t.exec(ctx, "store the key of an identity record",
		`INSERT INTO identity_keys (ir, key_id, wrapped_key) VALUES (?, ?, ?)
		ON CONFLICT (ir) DO UPDATE SET key_id = excluded.key_id, wrapped_key = excluded.wrapped_key`,
		ir, key.WrapKeyID, key.WrappedKey)

	return err
}

// insertOwnKeys adds the keys of new identity records.
func (t *Tx) insertOwnKeys(ctx context.Context, records []IdentityRecord) error {
	var args []any
	rows := 0
	for _, record := range records {
		if record.WrappedKey == nil {
			continue
		}

		args = append(args, record.IR, record.WrapKeyID, record.WrappedKey)
		rows++
	}
	if rows == 0 {
		return nil
	}

	_, err := t.exec(ctx, "insert the keys of identity records",
		`INSERT INTO identity_keys (ir, key_id, wrapped_key) VALUES `+placeholders(rows, len(args)/rows), args...)

	return err
}

// ListReplacementsOf lists the addresses that wait to replace that of an identity record, as rows of SealedContacts.
func (t *Tx) ListReplacementsOf(ctx context.Context, ir string) ([]SealedRow, error) {
	var where conditions
	where.and(`ir = ? AND sealed_email IS NOT NULL`, ir)

	return t.listSealed(ctx, SealedContacts, where, nil, maxReplacements)
}

// ListMeterPointsOf lists the meter points of identity records, each once and in ascending order. An anonymised record
// has none.
func (t *Tx) ListMeterPointsOf(ctx context.Context, irs []string) ([]string, error) {
	return queryRowsIn[string](ctx, t.db, "list the meter points of identity records",
		`SELECT DISTINCT mpxn FROM identity_records WHERE ir IN (?) AND mpxn IS NOT NULL ORDER BY mpxn`, irs)
}

// maxReplacements is more than the addresses that can wait at one identity record: there is one at a time.
const maxReplacements = 100
