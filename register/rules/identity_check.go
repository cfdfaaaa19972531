package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// maxMoveInDays is how many days ahead a move-in date may lie, in London.
const maxMoveInDays = 90

// The outcomes of the verification of a person.
const (
	outcomeVerified = "verified"
	outcomeFailed   = "failed"
	outcomePartial  = "partial"
)

// identityDetail is what an identity record holds of a person beside the e-mail address, sealed as JSON.
type identityDetail struct {
	Address      *registerclient.UKAddress             `json:"address,omitempty"`
	Verification *registerclient.PrincipalVerification `json:"verification,omitempty"`
}

// The places of sealed values, so that one cannot be opened in another's place.
func placeOfEmail(ir string) string  { return "identity_records.sealed_email " + ir }
func placeOfDetail(ir string) string { return "identity_records.sealed_detail " + ir }

// checkIdentityRecord returns the meter point of a request for an identity record, or every mistake.
func (r *Rules) checkIdentityRecord(
	in *registerclient.CreateIdentityRecordRequest, account store.Account,
) (mpxn string, err error) {
	var k Checks
	mpxn, err = ParseMPxN("pii-principal.mpxn", in.PIIPrincipal.MPxN)
	k.Merge(err)

	k.moveInDate("pii-principal.move-in-date", in.PIIPrincipal.MoveInDate, r.Now())
	k.address("pii-principal.address", in.PIIPrincipal.Address)
	OneOf(&k, "expressed-by", in.ExpressedBy, "data-subject", "authorised-representative")
	k.verification("principal-verification.", in.PrincipalVerification, r.Now())
	if in.Email != nil {
		k.mailbox("email", *in.Email)
	}

	if in.InitiatePasskeyRegistration {
		if string(in.PIIPrincipal.MoveInDate) > store.LondonDay(r.Now(), 0) {
			k.Add("initiate-passkey-registration", "is not accepted before the move-in date.")
		}

		switch {
		case in.PasskeyReturnURL == nil:
			k.Add("passkey-return-url", "is required if initiate-passkey-registration is true.")
		case !slices.Contains(account.ReturnURLs.V, *in.PasskeyReturnURL):
			k.Add("passkey-return-url", "is not one of the account's registered return URLs.")
		}
	}

	return mpxn, k.Err()
}

// moveInDate checks the first day of an occupancy.
func (k *Checks) moveInDate(field string, day registerclient.Date, now time.Time) {
	k.dayWithin(field, day, now, maxMoveInDays)
}

// verification checks the evidence of a person's identity; nil is none.
func (k *Checks) verification(field string, v *registerclient.PrincipalVerification, now time.Time) {
	if v == nil {
		return
	}

	k.required(field+"method", v.Method, 100)
	k.pastInstant(field+"verified-at", v.VerifiedAt, now)
	OneOf(k, field+"outcome", v.Outcome, outcomeVerified, outcomeFailed, outcomePartial)
	k.text(field+"reference", v.Reference, 255)
	k.text(field+"submitted", v.Submitted, 255)
	if hasUnmaskedNumber(v.Submitted) {
		k.Add(field+"submitted", "must mask a number: at most 4 digits in a row may be shown.")
	}

	k.text(field+"verified-against", v.VerifiedAgainst, 255)
}

const (
	// maxShownDigits is how many digits in a row of what a customer submitted may be stored.
	maxShownDigits = 4
	// maxGroupedDigits is how many digits may be stored that no letter and no mask stands between: a date has 8.
	maxGroupedDigits = 8
	// maskMarks are the signs, beside letters, that stand in place of a digit which is not shown.
	maskMarks = "*\u2022\u25cf#"
)

// hasUnmaskedNumber reports whether a text shows more digits in a row than the register stores: digits of any script,
// circled ones and the like included. Spaces, dashes and full stops, with which numbers are grouped, do not end a row.
// Other signs end it, but not a longer row, so that no other grouping shows a whole card number.
func hasUnmaskedNumber(text string) bool {
	row := 0
	grouped := 0
	for _, char := range text {
		switch {
		case unicode.IsNumber(char):
			row++
			grouped++
		case unicode.IsLetter(char) || strings.ContainsRune(maskMarks, char):
			row = 0
			grouped = 0
		case char != '.' && !unicode.Is(unicode.Zs, char) && !unicode.Is(unicode.Pd, char) && !unicode.IsMark(char):
			row = 0
		}
		if row > maxShownDigits || grouped > maxGroupedDigits {
			return true
		}
	}

	return false
}

// sealIdentityRecord returns the row of a new identity record, with its personal data sealed.
func (r *Rules) sealIdentityRecord(
	in registerclient.CreateIdentityRecordRequest, mpxn, accountID string,
) (store.IdentityRecord, error) {
	ring := r.keys.sealer()
	ir := NewID("ir")
	own, key, err := newOwnKey(ir, ring)
	if err != nil {
		return store.IdentityRecord{}, err
	}

	moveIn := string(in.PIIPrincipal.MoveInDate)
	record := store.IdentityRecord{
		IR:          ir,
		AccountID:   accountID,
		MPxN:        &mpxn,
		MoveInDate:  &moveIn,
		ExpressedBy: &in.ExpressedBy,
		KeyID:       ring.id,
		CreatedAt:   store.Millis(r.Now()),
		OwnKey:      own,
	}
	if in.Email != nil {
		record.SealedEmail = key.sealed([]byte(normalEmail(*in.Email)), placeOfEmail(record.IR))
		record.EmailMAC = ring.mac(*in.Email)
	}

	if in.PIIPrincipal.Address == nil && in.PrincipalVerification == nil {
		return record, nil
	}

	detail, err := json.Marshal(identityDetail{
		Address: in.PIIPrincipal.Address, Verification: in.PrincipalVerification,
	})
	if err != nil {
		return store.IdentityRecord{}, fmt.Errorf("encode the detail of an identity record: %w", err)
	}

	record.SealedDetail = key.sealed(detail, placeOfDetail(record.IR))

	return record, nil
}
