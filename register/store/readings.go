package store

import "context"

// InsertReading records which access records the reading with a token showed.
func (t *Tx) InsertReading(ctx context.Context, tokenHash []byte, aks []string) error {
	for _, ak := range aks {
		_, err := t.exec(ctx, "insert reading",
			`INSERT INTO readings (token_hash, ak) VALUES (?, ?)`, tokenHash, ak)
		if err != nil {
			return err
		}
	}

	return nil
}

// HasReading reports whether the reading with a token showed this access record.
func (r reader) HasReading(ctx context.Context, tokenHash []byte, ak string) (bool, error) {
	return queryRow[bool](ctx, r.db, "find reading",
		`SELECT COUNT(*) > 0 FROM readings WHERE token_hash = ? AND ak = ?`, tokenHash, ak)
}
