package rules

import (
	"context"
	"fmt"
	"slices"

	"central.consent/dar/register/store"
)

// FoldAccountNames stores the folded form of the display names of all accounts, and returns the ids of the accounts
// that have a name which would be refused today: it looks like that of an earlier account, or like a reserved one. The
// program calls it when it starts, before it serves: an older program stored no folded names, or folded them in another
// way.
func (r *Rules) FoldAccountNames(ctx context.Context) (alike []string, err error) {
	accounts, err := r.store.ListAccountNames(ctx)
	if err != nil {
		return nil, err
	}

	var changed []store.NamedAccount
	first := map[string]string{}
	for _, account := range accounts {
		folded := FoldName(account.DisplayName)
		if folded != account.FoldedName {
			account.FoldedName = folded
			changed = append(changed, account)
		}

		reserved := foldedReservedNames[folded]
		if _, found := first[folded]; !found {
			first[folded] = account.DisplayName
		}
		if first[folded] != account.DisplayName ||
			len(reserved) > 0 && !slices.Contains(reserved, account.DisplayName) {
			alike = append(alike, account.AccountID)
		}
	}

	if len(changed) == 0 {
		return alike, nil
	}

	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		for _, account := range changed {
			if _, err := tx.SetFoldedName(ctx, account); err != nil {
				return err
			}
		}

		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("fold the names of accounts: %w", err)
	}

	return alike, nil
}
