package store

import "context"

// ExecForTest runs a statement in the transaction, as an intruder would. It returns how many rows it changed.
func (t *Tx) ExecForTest(ctx context.Context, statement string, args ...any) (int64, error) {
	return t.exec(ctx, "tamper", statement, args...)
}

// RehashForTest sets the hash of the event to that of the row behind one with the hash before. The key is nil for a row
// from before the first seal.
func (e *AuditEvent) RehashForTest(key, before []byte) { e.Hash = e.hash(key, before) }
