package rules

import (
	"context"
	"slices"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The lives of a challenge (docs/decisions.md, Token times).
const (
	// LinkLife is how long a mailed link can be confirmed, and PasskeyLife how long a passkey page is open.
	LinkLife    = 15 * time.Minute
	PasskeyLife = 5 * time.Minute
	// returnLife is how long a browser may take from the passkey back to the page that asked for it.
	returnLife = time.Minute
	// tokenLife is how long after its issue a confirmed token can be used.
	tokenLife = time.Hour
)

// Challenge is a request to a customer to confirm who they are.
type Challenge struct {
	// Account asks; the customer sees its display name.
	Account store.Account
	MPxN    string
	Method  registerclient.Method
	// IR is the identity record that the challenge goes to, and Contact the contact of it; nil if a passkey of the
	// record is to be enrolled.
	IR      string
	Contact *contact
	// Other is the address that mail would go to with the other choice of other-address; nil if there is none.
	Other *contact
	// Own is true if the owner of Record asks: then no other record can confirm.
	Own bool
	// Mailed is true if the customer gets a link by mail.
	Mailed bool
	// ReturnURL is the address to which the customer goes afterwards; nil for the register's own last page.
	ReturnURL *string
	// MatchCode is true if the customer must type a code that only the starting page shows.
	MatchCode bool
	// Language is "en", "cy" or empty.
	Language string
	// StartedFrom is the browser in which the challenge was started, as the account says; empty if it did not.
	StartedFrom string
}

func placeOfToken(challenge string) string { return "reidentifications.sealed_token " + challenge }

// CheckReidentify returns the meter point of a request to re-identify, or every mistake.
func (r *Rules) CheckReidentify(in registerclient.ReidentifyRequest, account store.Account) (mpxn string, err error) {
	var k Checks
	mpxn, err = ParseMPxN("mpxn", in.MPxN)
	k.Merge(err)
	k.method(account, in.Method, in.RedirectURL, in.PasskeyReturnURL, in.Language)
	k.startedFrom(in.StartedFrom)

	return mpxn, k.Err()
}

// Reidentify starts a challenge for the occupant of a meter point, whose record may be another account's. The request
// must have passed CheckReidentify. It returns an *Error of KindNotFound if no identity record is held there, and of
// KindUnprocessable if none can confirm by this method.
func (r *Rules) Reidentify(
	ctx context.Context, tx *store.Tx, account store.Account, mpxn string, in registerclient.ReidentifyRequest,
) (registerclient.ReidentifyResponse, error) {
	h, err := r.holdHome(ctx, tx, mpxn)
	if err != nil {
		return registerclient.ReidentifyResponse{}, err
	}
	if err := r.wakeMigrated(ctx, tx, h); err != nil {
		return registerclient.ReidentifyResponse{}, err
	}

	found, err := occupantsOf(ctx, tx, h, mpxn)
	if err != nil {
		return registerclient.ReidentifyResponse{}, err
	}

	asked, other, err := found.contactFor(in.Method, in.OtherAddress)
	if err != nil {
		return registerclient.ReidentifyResponse{}, err
	}

	return r.startChallenge(ctx, tx, Challenge{
		Account:     account,
		MPxN:        mpxn,
		Method:      in.Method,
		IR:          asked.IR,
		Contact:     &asked,
		Other:       other,
		Mailed:      in.Method != registerclient.MethodPasskeyAssert,
		ReturnURL:   returnURLOf(in.Method, in.RedirectURL, in.PasskeyReturnURL),
		MatchCode:   in.MatchCode,
		Language:    in.Language,
		StartedFrom: in.StartedFrom,
	})
}

// CheckReidentifyOwn returns every mistake of a request to re-identify by a record of the caller's own.
func (r *Rules) CheckReidentifyOwn(in registerclient.ReidentifyOwnRequest, account store.Account) error {
	var k Checks
	k.method(account, in.Method, in.RedirectURL, in.PasskeyReturnURL, in.Language)

	return k.Err()
}

// ReidentifyOwn starts a challenge by one identity record that the account owns. Its passkey can be enrolled without a
// mailed link, because the owner has verified the customer (docs/decisions.md, Enrolling a passkey). It returns an
// *Error of KindConflict if the record can no longer, or not yet, confirm.
func (r *Rules) ReidentifyOwn(
	ctx context.Context, tx *store.Tx, account store.Account, ir string, in registerclient.ReidentifyOwnRequest,
) (registerclient.ReidentifyResponse, error) {
	record, err := r.ownConfirmingRecord(ctx, tx, account.AccountID, ir)
	if err != nil {
		return registerclient.ReidentifyResponse{}, err
	}

	var asked *contact
	if in.Method != registerclient.MethodPasskeyRegister {
		own, err := r.ownOccupant(ctx, tx, record.IR)
		if err != nil {
			return registerclient.ReidentifyResponse{}, err
		}

		chosen, _, err := own.contactFor(in.Method, false)
		if err != nil {
			return registerclient.ReidentifyResponse{}, err
		}

		asked = &chosen
	}

	return r.startChallenge(ctx, tx, Challenge{
		Account:   account,
		MPxN:      *record.MPxN,
		Method:    in.Method,
		IR:        record.IR,
		Contact:   asked,
		Own:       true,
		Mailed:    in.Method == registerclient.MethodMagicLink,
		ReturnURL: returnURLOf(in.Method, in.RedirectURL, in.PasskeyReturnURL),
		MatchCode: in.MatchCode,
		Language:  in.Language,
	})
}

// ownConfirmingRecord returns an identity record of an account that can confirm today.
func (r *Rules) ownConfirmingRecord(
	ctx context.Context, tx *store.Tx, accountID, ir string,
) (store.IdentityRecord, error) {
	h, record, err := r.holdOwnRecord(ctx, tx, accountID, ir)
	if err != nil {
		return store.IdentityRecord{}, err
	}
	if record.AnonymisedAt != nil {
		return store.IdentityRecord{}, conflict(
			"This identity record has been anonymised: it can no longer confirm.")
	}

	if record.ByToken {
		return store.IdentityRecord{}, referenceConflict()
	}

	if h.present.hasMovedOut(*record.MoveInDate) {
		return store.IdentityRecord{}, conflict(
			"This identity record is an earlier occupant's, who can no longer confirm.")
	}
	if !h.present.isOccupant(*record.MoveInDate, h.today()) {
		return store.IdentityRecord{}, conflict(
			"The move-in date of this identity record is still to come: it can confirm from that day.")
	}

	return record, r.wakeMigrated(ctx, tx, h)
}

// method checks by which method a customer is to be asked, and the return URL of that method, which must be registered.
func (k *Checks) method(
	account store.Account, method registerclient.Method, redirectURL, passkeyReturnURL *string, language string,
) {
	if language != "" {
		OneOf(k, "language", language, mail.Languages()...)
	}

	methods := []registerclient.Method{
		registerclient.MethodMagicLink, registerclient.MethodPasskeyAssert, registerclient.MethodPasskeyRegister,
	}
	OneOf(k, "method", method, methods...)
	if !slices.Contains(methods, method) {
		return // the return URL that belongs to it is unknown
	}

	unusedField := "redirect-url"
	unused := redirectURL
	usedField := "passkey-return-url"
	if method == registerclient.MethodMagicLink {
		unusedField = "passkey-return-url"
		unused = passkeyReturnURL
		usedField = "redirect-url"
	}
	if unused != nil {
		k.Add(unusedField, "does not belong to this method.")
	}

	used := returnURLOf(method, redirectURL, passkeyReturnURL)
	if used != nil && !slices.Contains(account.ReturnURLs.V, *used) {
		k.Add(usedField, "is not one of the account's registered return URLs.")
	}
}

// returnURLOf returns the return URL of a method.
func returnURLOf(method registerclient.Method, redirectURL, passkeyReturnURL *string) *string {
	if method == registerclient.MethodMagicLink {
		return redirectURL
	}

	return passkeyReturnURL
}

// startChallenge stores a challenge and queues the letter that carries it to the customer. Every secret is stored as a
// hash, except the token-ref that the customer takes back to the account, which is sealed. With a stub the customer is
// not asked and the challenge is confirmed at once.
func (r *Rules) startChallenge(
	ctx context.Context, tx *store.Tx, challenge Challenge,
) (registerclient.ReidentifyResponse, error) {
	if !r.stub {
		if err := r.limitMeterPoint(ctx, tx, challenge); err != nil {
			return registerclient.ReidentifyResponse{}, err
		}
	}

	token := NewID("mlr")
	row := r.challengeRow(challenge, token)
	started := registerclient.ReidentifyResponse{Method: challenge.Method}
	if row.MatchCode != nil {
		started.MatchCode = *row.MatchCode
	}

	if challenge.Method == registerclient.MethodMagicLink {
		started.MagicLink = &registerclient.MagicLink{
			DispatchedTo: maskedEmail(challenge.Contact.address),
			ExpiresAt:    wireTime(row.ConfirmBy),
			TokenRef:     token,
			RedirectURL:  challenge.ReturnURL,
		}
		if challenge.Other != nil {
			started.MagicLink.OtherAddress = new(maskedEmail(challenge.Other.address))
		}
	} else {
		session := NewID("pks")
		row.SessionHash = HashToken(session)
		started.Passkey = &registerclient.PasskeyRedirect{
			RedirectURL: r.passkeyPage(challenge.Method) + "?session=" + session,
			TokenRef:    token,
			ExpiresAt:   wireTime(row.ConfirmBy),
			ReturnURL:   challenge.ReturnURL,
		}
	}

	switch {
	case r.stub:
		row.ConfirmedAt = &row.IssuedAt
		row.EnrolHash = row.SessionHash // the passkey page opens all the same
	case challenge.Mailed:
		secret := NewSecret()
		row.LinkHash = HashToken(secret)
		if err := r.queueLink(ctx, tx, challenge, secret, row); err != nil {
			return registerclient.ReidentifyResponse{}, err
		}
	}

	tx.Audit(r.auditEvent(row.AccountID, auditReidentifyStarted, row.MPxN, "", map[string]any{"method": row.Method}))

	return started, tx.InsertReidentification(ctx, row)
}

// challengeRow returns the row of a new challenge.
func (r *Rules) challengeRow(challenge Challenge, token string) store.Reidentification {
	now := r.Now()
	life := PasskeyLife
	if challenge.Mailed {
		life = LinkLife
	}

	key := r.keys.sealer()
	row := store.Reidentification{
		Challenge:   NewID("chl"),
		TokenHash:   HashToken(token),
		AccountID:   challenge.Account.AccountID,
		MPxN:        challenge.MPxN,
		IR:          challenge.IR,
		Method:      string(challenge.Method),
		OwnRecord:   challenge.Own,
		RedirectURL: challenge.ReturnURL,
		Language:    challenge.Language,
		StartedFrom: challenge.StartedFrom,
		KeyID:       key.id,
		IssuedAt:    store.Millis(now),
		ConfirmBy:   store.Millis(now.Add(life)),
	}
	if challenge.Contact != nil && !challenge.Contact.isPasskey() {
		row.Contact = &challenge.Contact.ID // any passkey may answer: the one that does is recorded then
	}
	if challenge.ReturnURL != nil {
		row.SealedToken = key.sealed([]byte(token), placeOfToken(row.Challenge))
	}
	if challenge.MatchCode {
		code := newMatchCode()
		row.MatchCode = &code
	}

	return row
}

// RecordOfChallenge returns the identity record to which a challenge goes that an account has started.
func (r *Rules) RecordOfChallenge(
	ctx context.Context, tx *store.Tx, accountID string, started registerclient.ReidentifyResponse,
) (string, error) {
	token := ""
	switch {
	case started.MagicLink != nil:
		token = started.MagicLink.TokenRef
	case started.Passkey != nil:
		token = started.Passkey.TokenRef
	}

	found, err := tx.FindReidentification(ctx, HashToken(token), accountID)

	return found.IR, err
}

// passkeyPage returns the address of the page for a passkey method.
func (r *Rules) passkeyPage(method registerclient.Method) string {
	if method == registerclient.MethodPasskeyRegister {
		return r.pages.Enrol
	}

	return r.pages.Assert
}

// maskedEmail returns an address with only its first and last letter and its domain, in the letters that people know
// it by: c*****r@example.com.
func maskedEmail(address string) string {
	address = readableEmail(address)
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			local := []rune(address[:i])

			return string(local[0]) + "*****" + string(local[len(local)-1]) + address[i:]
		}
	}

	return "*****"
}

// queueLink queues the letter with the link. It is dropped when the challenge ends.
func (r *Rules) queueLink(
	ctx context.Context, tx *store.Tx, challenge Challenge, secret string, row store.Reidentification,
) error {
	purpose := mail.ShowList
	switch {
	case challenge.Method == registerclient.MethodPasskeyRegister:
		purpose = mail.SetUpPasskey
	case challenge.Account.Role == string(registerclient.RoleDataUser):
		purpose = mail.KnowCustomer
	}

	expires := row.ConfirmBy.Time()

	letter := QueuedLetter{
		Challenge: row.Challenge,
		Message: mail.MagicLink(mail.LinkDetails{
			Language:  challenge.Language,
			Org:       challenge.Account.DisplayName,
			Purpose:   purpose,
			Meter:     mail.MeterOf(challenge.MPxN),
			Link:      r.pages.Link + "?token=" + secret,
			Asked:     row.IssuedAt.Time(),
			Expires:   expires,
			MatchCode: challenge.MatchCode,
		}),
	}

	return r.queueMail(ctx, tx, NewID("msg"), SubjectLink, challenge.Contact.addressee(), letter, &expires)
}
