package store

import (
	"context"
	"slices"
)

// NamedAccount is an account by its display name.
type NamedAccount struct {
	AccountID   string `db:"account_id"`
	DisplayName string `db:"display_name"`
	Role        string `db:"role"`
	// FoldedName is the display name in the form in which names are compared; empty if it was never folded.
	FoldedName string `db:"folded_name"`
}

// namesPerQuery is how many names one query looks for at most.
const namesPerQuery = 1000

// ListAccountsNamed lists the accounts of any status with one of these folded names, oldest first for each query.
func (r reader) ListAccountsNamed(ctx context.Context, folded []string) ([]NamedAccount, error) {
	var accounts []NamedAccount
	for names := range slices.Chunk(folded, namesPerQuery) {
		found, err := queryRowsIn[NamedAccount](ctx, r.db, "list accounts by name",
			`SELECT account_id, display_name, role, folded_name FROM accounts WHERE folded_name IN (?)
			ORDER BY registered_at, account_id`, names)
		if err != nil {
			return nil, err
		}

		accounts = append(accounts, found...)
	}

	return accounts, nil
}

// ListAccountNames lists every account by its name, oldest first.
func (r reader) ListAccountNames(ctx context.Context) ([]NamedAccount, error) {
	return queryRows[NamedAccount](ctx, r.db, "list the names of accounts",
		`SELECT account_id, display_name, role, folded_name FROM accounts ORDER BY registered_at, account_id`)
}

// LockAccountNames keeps other transactions from changing accounts until this one ends. Reads go on. SQLite needs no
// lock: a transaction that writes excludes all others.
func (t *Tx) LockAccountNames(ctx context.Context) error {
	if !t.onPostgres() {
		return nil
	}

	_, err := t.exec(ctx, "lock the names of accounts", `LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE`)

	return err
}

// SetFoldedName stores the folded form of an account's display name. It returns false if the account has another
// display name by now.
func (t *Tx) SetFoldedName(ctx context.Context, account NamedAccount) (bool, error) {
	return t.execOne(ctx, "store a folded name",
		`UPDATE accounts SET folded_name = ? WHERE account_id = ? AND display_name = ?`,
		account.FoldedName, account.AccountID, account.DisplayName)
}
