package rules

import (
	"context"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/passkey"
	"central.consent/dar/register/store"
)

// checkCounter records the use of a passkey. Its signature counter must rise, unless the authenticator keeps none: a
// counter that does not shows that a copy exists (Web Authentication level 3, 6.1.1). Then the passkey is deleted, the
// occupants get a letter, and checkCounter returns true; the transaction must be committed.
func (r *Rules) checkCounter(
	ctx context.Context, tx *store.Tx, h home, found store.Reidentification, shown store.Credential,
	used passkey.Passkey,
) (copied bool, err error) {
	risen, err := tx.UseCredential(ctx, shown.CredentialID, used.SignCount, used.Flags, r.Now())
	if err != nil || risen {
		return false, err
	}

	return true, r.forgetCopiedPasskey(ctx, tx, h, found, shown)
}

// forgetCopiedPasskey deletes a passkey of which a copy exists. The register cannot know which of the two is the
// customer's, and the copy whose counter is behind would only have to try until it has caught up.
func (r *Rules) forgetCopiedPasskey(
	ctx context.Context, tx *store.Tx, h home, found store.Reidentification, credential store.Credential,
) error {
	if _, err := r.deletePasskey(ctx, tx, h, credential, ""); err != nil {
		return err
	}

	tx.Audit(r.credentialEvent(found, credential, auditCredentialRemoved))
	record, err := tx.HoldIdentityRecord(ctx, credential.IR)
	if err != nil {
		return err
	}

	return r.queuePasskeyLetters(ctx, tx, h, record, credential, true, found.Language, mail.PasskeyRemoved)
}
