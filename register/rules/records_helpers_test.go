package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"central.consent/dar/migrations"
	"central.consent/dar/register/passkey"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// meterPoint and otherMeterPoint are the meter points of the fixtures.
const (
	meterPoint      = registertest.MeterPoint
	otherMeterPoint = "9900000000001"
)

// origin is the origin of the customers' pages, and pages are their addresses.
const origin = "https://id.example.org"

var pages = rules.PageURLs{
	Link:     origin + "/id/link",
	Letter:   origin + "/id/letter",
	Assert:   origin + "/id/passkey/assert",
	Enrol:    origin + "/id/passkey/register",
	Contacts: origin + "/id/contacts",
}

// today is the time at which a test of records begins.
var today = time.Date(2026, time.June, 1, 9, 0, 0, 0, time.UTC)

// records is the rules over a database of the test's own, with fixtures for access records.
type records struct {
	*rules.Rules
	options rules.Options
	store   *store.Store
	db      *migrations.DB
	clock   *registertest.Clock
}

// openRecords returns rules over a fresh database with one account, dcc, of the DCC.
func openRecords(t testing.TB, d registertest.Database) *records {
	t.Helper()
	db := d.Open(t, migrations.Register)
	clock := &registertest.Clock{}
	clock.Set(today)

	opened := store.New(db.Write, db.Read)
	options := rules.Options{
		Store:      opened,
		Keys:       must(rules.NewKeyring("test:" + registertest.Key))(t),
		Passkeys:   must(passkey.New(origin, "Central Access Register"))(t),
		Pages:      pages,
		APIURL:     origin + "/v1",
		SecretCost: registertest.SecretCost,
		Clock:      clock.Now,
	}
	r := &records{Rules: rules.New(options), options: options, store: opened, db: db, clock: clock}
	r.account(t, "dcc", registerclient.RoleDCC)

	return r
}

// account adds an account with this id; a Data User has the organisation reference of its id in capitals.
func (r *records) account(t testing.TB, id string, role registerclient.Role) store.Account {
	t.Helper()
	_, _, err := r.AddAccount(t.Context(), registerclient.CreateAccountRequest{
		AccountID:             id,
		Role:                  role,
		DisplayName:           "Example " + id,
		ContactURL:            "https://example.org/contact",
		OrganisationReference: strings.ToUpper(id),
		ReservedName:          true,
	})
	if err != nil {
		t.Fatal(err)
	}

	return must(r.store.FindAccount(t.Context(), id))(t)
}

// identity adds an identity record of an account for a person who moved in on a day.
func (r *records) identity(t testing.TB, account store.Account, mpxn, moveIn string) string {
	t.Helper()
	ir := rules.NewID("ir")
	by := "data-subject"
	r.change(t, func(tx *store.Tx) error {
		return tx.InsertIdentityRecord(t.Context(), store.IdentityRecord{
			IR:          ir,
			AccountID:   account.AccountID,
			MPxN:        &mpxn,
			MoveInDate:  &moveIn,
			ExpressedBy: &by,
			KeyID:       "test",
			CreatedAt:   store.Millis(r.Now()),
		})
	})

	return ir
}

// owner adds a Data User with an identity record at the meter point.
func (r *records) owner(t testing.TB, id string) (account store.Account, ir string) {
	t.Helper()
	account = r.account(t, id, registerclient.RoleDataUser)

	return account, r.identity(t, account, meterPoint, "2022-06-30")
}

// register registers an access record.
func (r *records) register(t testing.TB, account store.Account, in registerclient.AccessRecord) (string, error) {
	t.Helper()
	record, err := r.PrepareAccessRecord(in)
	if err != nil {
		return "", err
	}

	var token registerclient.AccessToken
	err = r.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
		token, err = r.RegisterAccess(t.Context(), tx, account, record)

		return err
	})

	return token.Key, err
}

// access registers the sample access record on an identity record.
func (r *records) access(t testing.TB, account store.Account, ir string, basis registerclient.LegalBasis) string {
	t.Helper()

	return must(r.register(t, account, registertest.AccessRecord(ir, basis)))(t)
}

// token adds a challenge of an account to the customer of an identity record, and returns its token. alter changes the
// challenge, which is confirmed now; nil changes nothing.
func (r *records) token(
	t testing.TB, account store.Account, mpxn, ir string, alter func(*store.Reidentification),
) string {
	t.Helper()
	token := rules.NewID("mlr")
	now := store.Millis(r.Now())
	challenge := store.Reidentification{
		Challenge:   rules.NewID("chl"),
		TokenHash:   rules.HashToken(token),
		AccountID:   account.AccountID,
		MPxN:        mpxn,
		IR:          ir,
		Method:      string(registerclient.MethodMagicLink),
		KeyID:       "test",
		IssuedAt:    now,
		ConfirmBy:   store.Millis(r.Now().Add(15 * time.Minute)),
		ConfirmedAt: &now,
	}
	if alter != nil {
		alter(&challenge)
	}

	r.change(t, func(tx *store.Tx) error { return tx.InsertReidentification(t.Context(), challenge) })

	return token
}

// change makes a change in a transaction.
func (r *records) change(t testing.TB, change func(tx *store.Tx) error) {
	t.Helper()
	if err := r.store.Transact(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

// count counts the rows of a table.
func (r *records) count(t testing.TB, from string) int {
	t.Helper()
	var count int
	if err := r.db.Read.Get(&count, `SELECT COUNT(*) FROM `+from); err != nil {
		t.Fatal(err)
	}

	return count
}

// refusal returns the kind and the code of an error, and the fields that it names; empty if there is no error.
func refusal(err error) string {
	if err == nil {
		return ""
	}

	refusals := rules.Refusals(err)
	text := fmt.Sprint(kinds[refusals[0].Kind], " ", refusals[0].Code)
	for _, mistake := range refusals {
		if mistake.Field != "" {
			text += " " + mistake.Field
		}
	}

	return text
}

var kinds = map[rules.Kind]string{
	rules.KindInternal:      "internal",
	rules.KindInvalid:       "invalid",
	rules.KindUnauthorized:  "unauthorised",
	rules.KindForbidden:     "forbidden",
	rules.KindNotFound:      "not found",
	rules.KindConflict:      "conflict",
	rules.KindUnprocessable: "unprocessable",
	rules.KindTooMany:       "too many",
	rules.KindUnavailable:   "unavailable",
}

// expectRefusal compares an error with a refusal.
func expectRefusal(t testing.TB, name string, err error, want string) {
	t.Helper()
	if got := refusal(err); got != want {
		t.Errorf("%s: got %q (%v), want %q", name, got, err, want)
	}
}
