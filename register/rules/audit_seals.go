package rules

import (
	"context"
	"fmt"

	"central.consent/dar/register/store"
)

// SealAudit seals the audit log if it has no seal, and returns whether it did. From then on rows are keyed, and a
// program that does not key them is refused. The program calls it when it starts, before it serves. If the log is
// sealed, SealAudit checks that the key ring opens its keys. Of replicas that start at once, one seals.
func (r *Rules) SealAudit(ctx context.Context) (sealed bool, err error) {
	seals, err := r.store.CheckAuditSeals(ctx)
	if err != nil || seals > 0 {
		return false, orAuditError(err)
	}

	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		sealed = false
		seals, err := tx.HoldAuditSeals(ctx)
		if err != nil || len(seals) > 0 {
			return err
		}

		sealed = true

		return r.addAuditSeal(ctx, tx, seals)
	})

	return sealed && err == nil, orAuditError(err)
}

func orAuditError(err error) error {
	if err == nil {
		return nil
	}

	return fmt.Errorf("seal the audit log: %w", err)
}

// addAuditSeal adds a seal whose key is derived from the first key of the key ring.
func (r *Rules) addAuditSeal(ctx context.Context, tx *store.Tx, seals []store.AuditSeal) error {
	next := store.AuditSeal{
		Number:   len(seals) + 1,
		SealedAt: store.Millis(r.Now()),
		KeyID:    r.keys.sealer().id,
	}

	key, err := r.keys.AuditKey(next)
	if err != nil {
		return err
	}

	return tx.SealAudit(ctx, append(seals, next), key)
}

// rotateAuditKey adds a seal if the key of the last one is not of the first key of the key ring, and wraps the keys of
// all earlier seals with that key. What a retired key could forge is before the new seal, which proves what was there.
func (r *Rules) rotateAuditKey(ctx context.Context) error {
	sealer := r.keys.sealer()

	return r.store.Transact(ctx, func(tx *store.Tx) error {
		seals, err := tx.HoldAuditSeals(ctx)
		if err != nil || len(seals) == 0 || seals[len(seals)-1].KeyID == sealer.id {
			return err
		}

		for i, seal := range seals {
			key, err := r.keys.AuditKey(seal)
			if err != nil {
				return fmt.Errorf("open the key of seal %d of the audit log: %w", seal.Number, err)
			}

			seals[i].KeyID = sealer.id
			seals[i].WrappedKey = sealer.sealed(key, placeOfAuditKey(seal.Number))
		}

		return r.addAuditSeal(ctx, tx, seals)
	})
}
