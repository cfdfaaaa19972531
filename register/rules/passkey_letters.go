package rules

import (
	"context"
	"slices"
	"strings"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
)

// queuePasskeyLetters writes to every occupant with an e-mail address when a passkey is added or removed: one of them
// may know that it was a stranger. An earlier occupant's passkey is told to that occupant alone. A person who is still
// to move in, or whose Data User is suspended or terminated, gets no letter.
func (r *Rules) queuePasskeyLetters(
	ctx context.Context, tx *store.Tx, record store.IdentityRecord, credential store.Credential, language string,
	letter func(mail.PasskeyDetails) mail.Message,
) error {
	recipients, err := r.passkeyRecipients(ctx, tx, record)
	if err != nil {
		return err
	}

	addressed := map[string]bool{}
	for _, recipient := range recipients {
		if recipient.SealedEmail == nil {
			continue
		}

		email, err := r.emailOf(recipient)
		if err != nil {
			return err
		}
		if addressed[strings.ToLower(email)] {
			continue
		}

		addressed[strings.ToLower(email)] = true
		err = r.queueLetter(ctx, tx, subjectPasskey, email, nil, letter(mail.PasskeyDetails{
			Language: language,
			Meter:    mail.MeterOf(*record.MPxN),
			Device:   credential.Name,
			At:       r.Now(),
		}))
		if err != nil {
			return err
		}
	}

	return nil
}

// passkeyRecipients returns the identity records that are written to about a passkey of record.
func (r *Rules) passkeyRecipients(
	ctx context.Context, tx *store.Tx, record store.IdentityRecord,
) ([]store.IdentityRecord, error) {
	present, err := r.occupants(ctx, heldOccupants{tx}, *record.MPxN)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(present.records, func(p store.IdentityRecord) bool { return p.IR == record.IR }) {
		return present.records, nil
	}

	answers, err := tx.CanAnswer(ctx, record.IR, r.Now())
	if err != nil || !answers {
		return nil, err
	}

	return []store.IdentityRecord{record}, nil
}
