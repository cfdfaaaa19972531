package register

import (
	"context"
	"errors"
	"fmt"

	"central.consent/dar/register/store"
)

const (
	// rotateBatch is how many rows are sealed anew in one transaction: few enough that a serving replica hardly waits.
	rotateBatch = 100
	// rotatePasses is how often the tables are gone through for rows that were written meanwhile.
	rotatePasses = 5
)

// rotation is a table whose sealed columns are sealed anew: places are theirs, in the store's order.
type rotation struct {
	table  store.SealedTable
	places func(key []string) []string
	// mac says that the first column is looked up by a keyed hash.
	mac bool
}

var rotations = []rotation{
	{
		store.SealedIdentityRecords,
		func(key []string) []string { return []string{placeOfEmail(key[0]), placeOfDetail(key[0])} },
		true,
	},
	{store.SealedWebhooks, func(key []string) []string {
		return []string{placeOfAlert(key[0]), placeOfSecret(key[0]), placeOfPreviousSecret(key[0])}
	}, false},
	{store.SealedJobs, func(key []string) []string { return []string{placeOfJob(key[0])} }, false},
	{store.SealedChallenges, func(key []string) []string { return []string{placeOfToken(key[0])} }, false},
	{store.SealedResponses, func(key []string) []string { return []string{placeOfAnswer(key[0], key[1])} }, false},
}

// RotateKeys seals with the first key of the keyring whatever another one sealed. Replicas may serve meanwhile, so long
// as they have both keys: a row that one of them changes is left as it is, and comes again. Progress is told how many
// rows are done. It answers that too, and an error where rows are left, as happens while a replica still seals with
// another key. It may be run again at any time.
func (s *Register) RotateKeys(ctx context.Context, progress func(done int)) (done int, err error) {
	sealer := s.keys.sealer()
	defer func() {
		// Also of what was done before it was stopped.
		noted := s.audit(context.WithoutCancel(ctx), s.event("", auditKeysRotated, "", "", map[string]any{
			"key": sealer.id, "rows": done, "complete": err == nil,
		}))
		err = errors.Join(err, noted)
	}()

	for range rotatePasses {
		left := false
		for _, r := range rotations {
			var after []string
			for {
				rows, err := s.store.ListSealed(ctx, r.table, sealer.id, after, rotateBatch)
				if err != nil {
					return done, err
				}
				if len(rows) == 0 {
					break
				}

				left, after = true, rows[len(rows)-1].Key
				sealed, err := s.reseal(ctx, r, rows)
				if err != nil {
					return done, err
				}

				done += sealed
				progress(done)
			}
		}

		if !left {
			return done, nil
		}
	}

	return done, fmt.Errorf(
		"rows are still being sealed with another key than %q: give every replica this key first, and run it again",
		sealer.id,
	)
}

func (s *Register) reseal(ctx context.Context, r rotation, rows []store.SealedRow) (done int, err error) {
	sealer := s.keys.sealer()
	err = s.store.Transact(ctx, func(tx *store.Tx) error {
		done = 0
		for _, row := range rows {
			values := make([][]byte, len(row.Values))
			mac := []byte(nil)
			for i, place := range r.places(row.Key) {
				if row.Values[i] == nil {
					continue
				}

				plain, err := s.keys.open(row.KeyID, row.Values[i], place)
				if err != nil {
					return fmt.Errorf("read a row of %s: %w", r.table, err)
				}

				values[i] = sealer.sealed(plain, place)
				if r.mac && i == 0 {
					mac = sealer.mac(string(plain))
				}
			}

			changed, err := tx.Reseal(ctx, r.table, row, sealer.id, values, mac)
			if err != nil {
				return err
			}
			if changed {
				done++
			}
		}

		return nil
	})
	return done, err
}
