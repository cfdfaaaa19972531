package rules

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"central.consent/dar/register/store"
)

// maxSealingBatches is how many batches SealRecords does in one call: it shares its goroutine with other work that
// falls due.
const maxSealingBatches = 100

// SealRecords brings identity records that an older program stored to the present form, and returns how many: each gets
// a key of its own, and the e-mail address its normal form. The key of the keyring that a record has stays. It does a
// bounded number; the next call continues. A record that cannot be opened stays as it is, and the first error is
// returned.
func (r *Rules) SealRecords(ctx context.Context) (done int, err error) {
	defer func() {
		if done > 0 {
			err = errors.Join(err, r.recordAudit(context.WithoutCancel(ctx),
				r.auditEvent("", auditEmailsNormalised, "", "", map[string]any{"rows": done})))
		}
	}()

	var after []string
	var unopened error
	for range maxSealingBatches {
		rows, err := r.store.ListFormer(ctx, store.SealedIdentityRecords, after, rotationBatch)
		if err != nil || len(rows) == 0 {
			return done, errors.Join(unopened, err)
		}

		after = rows[len(rows)-1].Key
		var readable []store.SealedRow
		for _, row := range rows {
			if r.keys.key(row.KeyID) != nil {
				readable = append(readable, row)
			} else if unopened == nil {
				unopened = missingKeyError(row.KeyID)
			}
		}

		changed, err := r.sealRecords(ctx, readable, func(keyID string) *masterKey { return r.keys.key(keyID) })
		done += changed
		if err != nil {
			return done, errors.Join(unopened, err)
		}
	}

	return done, unopened
}

// sealRecords brings identity records to the present form in one transaction, each with the key of the keyring that
// ringFor returns for the one that it has. It returns how many rows it changed, with those of addresses that wait.
func (r *Rules) sealRecords(
	ctx context.Context, rows []store.SealedRow, ringFor func(keyID string) *masterKey,
) (changed int, err error) {
	if len(rows) == 0 {
		return 0, nil
	}

	irs := make([]string, len(rows))
	for i, row := range rows {
		irs[i] = row.Key[0]
	}

	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		changed = 0
		mpxns, err := tx.ListMeterPointsOf(ctx, irs)
		if err != nil {
			return err
		}
		if err := tx.HoldMeterPoints(ctx, mpxns); err != nil {
			return err
		}

		held, err := tx.HoldIdentityRecords(ctx, irs)
		if err != nil {
			return err
		}

		for _, ir := range slices.Sorted(slices.Values(irs)) {
			record, ok := held[ir]
			if !ok || record.AnonymisedAt != nil {
				continue
			}

			sealed, err := r.sealRecord(ctx, tx, record, ringFor(record.KeyID))
			if err != nil {
				return err
			}

			changed += sealed
		}

		return tx.RequestCleaning(ctx)
	})

	return changed, err
}

// sealRecord seals an identity record with its own key, which it makes if there is none yet and wraps with a key of the
// keyring; the hash of the address is computed with that key. The transaction must hold the record and its meter point.
// It returns how many rows it changed: the record, and the addresses that wait to replace its own.
func (r *Rules) sealRecord(
	ctx context.Context, tx *store.Tx, record store.IdentityRecord, ring *masterKey,
) (changed int, err error) {
	own, key, err := r.ownKeyOf(record, ring)
	if err != nil {
		return 0, err
	}

	former, err := r.keys.recordKey(record.IR, record.OwnKey, record.KeyID)
	if err != nil {
		return 0, err
	}

	place := placeOfEmail(record.IR)
	row := resealing{table: store.SealedIdentityRecords, row: store.SealedRow{
		Key: []string{record.IR}, KeyID: record.KeyID, Values: [][]byte{record.SealedEmail, record.SealedDetail},
	}}
	row.places = []string{place, placeOfDetail(record.IR)}
	changed, err = row.reseal(ctx, tx, former, key, ring)
	if err != nil || changed == 0 {
		return changed, err
	}
	if err := tx.PutOwnKey(ctx, record.IR, own); err != nil {
		return 0, err
	}

	waiting, err := tx.ListReplacementsOf(ctx, record.IR)
	if err != nil {
		return 0, err
	}

	for _, address := range waiting {
		former, err := r.keys.recordKey(record.IR, record.OwnKey, address.KeyID)
		if err != nil {
			return 0, err
		}

		row := resealing{table: store.SealedContacts, row: address, places: []string{place}}
		resealed, err := row.reseal(ctx, tx, former, key, ring)
		if err != nil {
			return 0, err
		}

		changed += resealed
	}

	return changed, nil
}

// ownKeyOf returns the key of an identity record, wrapped with a key of the keyring. It makes one if there is none.
func (r *Rules) ownKeyOf(record store.IdentityRecord, ring *masterKey) (store.OwnKey, sealKey, error) {
	if record.WrappedKey == nil {
		return newOwnKey(record.IR, ring)
	}

	random, err := r.keys.unwrap(record.IR, record.OwnKey)
	if err != nil {
		return store.OwnKey{}, sealKey{}, err
	}

	key, err := newSealKey(random)

	return ring.wrap(record.IR, random), key, err
}

// resealing is a row of an identity record whose first value is an e-mail address that is looked up.
type resealing struct {
	table  store.SealedTable
	row    store.SealedRow
	places []string
}

// reseal seals the values of the row with a key instead of the former one, the address in its normal form, and hashes
// the address with a key of the keyring. It returns 1, or 0 if the row has changed meanwhile.
func (s resealing) reseal(ctx context.Context, tx *store.Tx, former, key sealKey, ring *masterKey) (int, error) {
	values := make([][]byte, len(s.row.Values))
	var lookup []byte
	for i, place := range s.places {
		if s.row.Values[i] == nil {
			continue
		}

		plain, err := former.open(s.row.Values[i], place)
		if err != nil {
			return 0, fmt.Errorf("open a row of %s: %w", s.table, err)
		}

		if i == 0 {
			plain = []byte(normalEmail(string(plain)))
			lookup = ring.mac(string(plain))
		}
		values[i] = key.sealed(plain, place)
	}

	changed, err := tx.Reseal(ctx, s.table, s.row, ring.id, values, lookup)
	if err != nil || !changed {
		return 0, err
	}

	return 1, nil
}

// withOwnKey gives an identity record a key of its own if an older program stored it, in the transaction that holds it
// and its home, and returns both as they are then.
func (r *Rules) withOwnKey(
	ctx context.Context, tx *store.Tx, h home, record store.IdentityRecord,
) (home, store.IdentityRecord, error) {
	ring := r.keys.key(record.KeyID)
	if ring == nil {
		return h, record, missingKeyError(record.KeyID)
	}
	if record.WrappedKey != nil {
		return h, record, nil
	}
	if _, err := r.sealRecord(ctx, tx, record, ring); err != nil {
		return h, record, err
	}

	record, err := tx.FindOwnIdentityRecord(ctx, record.AccountID, record.IR)
	if err != nil {
		return h, record, err
	}

	h, err = r.home(ctx, tx, *record.MPxN)

	return h, record, err
}
