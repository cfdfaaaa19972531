package rules

import (
	"context"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
)

// queuePasskeyLetters writes to every standing address when a passkey is added or removed that stands or stood: one of
// them may know that it was a stranger. They are told of a passkey that waits for them by a letter that they can
// answer. The address of the passkey's own identity record is told of each, unless its person has not moved in or its
// Data User is stopped. The transaction must hold the home, as it was before the change.
func (r *Rules) queuePasskeyLetters(
	ctx context.Context, tx *store.Tx, h home, record store.IdentityRecord, credential store.Credential,
	stood bool, language string, letter func(mail.PasskeyDetails) mail.Message,
) error {
	answers, err := tx.CanAnswer(ctx, record.IR, r.Now())
	if err != nil {
		return err
	}

	h = h.sideOf(*record.MoveInDate)
	var recipients []contact
	for _, c := range h.contacts {
		own := c.IR == record.IR && answers
		if !c.isPasskey() && (own || stood && h.stands(c)) {
			recipients = append(recipients, c)
		}
	}

	for _, recipient := range inMailOrder(recipients) {
		err := r.queueLetter(ctx, tx, subjectPasskey, recipient.addressee(), nil, letter(mail.PasskeyDetails{
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
