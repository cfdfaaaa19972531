package rules

import (
	"context"
	"errors"

	"central.consent/dar/register/store"
)

// maxNormaliseBatches is how many batches NormaliseEmails does in one call: it shares its goroutine with other work
// that falls due.
const maxNormaliseBatches = 100

// NormaliseEmails brings e-mail addresses that an older program stored to their normal form, under the key that each
// has, and returns how many. It does a bounded number; the next call continues. An address that cannot be opened stays
// as it is, and the first error is returned.
func (r *Rules) NormaliseEmails(ctx context.Context) (done int, err error) {
	defer func() {
		if done > 0 {
			err = errors.Join(err, r.recordAudit(context.WithoutCancel(ctx),
				r.auditEvent("", auditEmailsNormalised, "", "", map[string]any{"rows": done})))
		}
	}()

	var after []string
	var unopened error
	for range maxNormaliseBatches {
		rows, err := r.store.ListFormer(ctx, store.SealedIdentityRecords, after, rotationBatch)
		if err != nil || len(rows) == 0 {
			return done, errors.Join(unopened, err)
		}

		after = rows[len(rows)-1].Key
		var batch []resealed
		for _, row := range rows {
			normal, err := r.reseal(identityRotation, row, r.keys.key(row.KeyID))
			if err == nil {
				batch = append(batch, normal)
			} else if unopened == nil {
				unopened = err
			}
		}

		changed, err := r.storeResealed(ctx, identityRotation, batch)
		if err != nil {
			return done, errors.Join(unopened, err)
		}

		done += changed
	}

	return done, unopened
}
