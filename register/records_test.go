package register_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const reading = "/meter-points/2312345678901/access-records"

func list(t testing.TB, c *registerclient.Client, token string) []registerclient.AccessRecordSummary {
	t.Helper()
	return must(
		c.ListAccessRecords(
			t.Context(),
			registertest.MeterPoint,
			registerclient.ListAccessRecordsQuery{ReidentificationToken: token},
		),
	)(
		t,
	).AccessRecords
}

func create(t testing.TB, c *registerclient.Client, ir string, basis registerclient.LegalBasis) string {
	t.Helper()
	return must(c.CreateAccessRecord(t.Context(), registertest.AccessRecord(ir, basis)))(t).AccessToken.Key
}

func TestPortalReadsOnceForEachConfirmation(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations())
		owner, _, ir := household(t, r)
		create(t, owner, ir, registerclient.BasisConsent)
		portal := bearer(t, r, "portal_ops", registerclient.RolePortal)
		begin := func() string {
			a := post(t, r.URL+"/identity-records/reidentify", portal, `{"mpxn":"2312345678901","method":"magic-link"}`)
			return a.body["magic-link"].(map[string]any)["token-ref"].(string)
		}
		read := func(authorization, path, token string) answer {
			return get(t, r.URL+path+"?reidentification-token="+token, authorization)
		}
		expect(t, get(t, r.URL+reading, portal), http.StatusForbidden, "AUTH004")
		expect(t, read(portal, reading, "mlr_0123456789abcdef01234567"), http.StatusForbidden, "AUTH004")
		token := begin()
		expect(t, read(portal, reading, token), http.StatusForbidden, "AUTH004") // unconfirmed
		r.Confirm(t, token)

		stranger := bearer(t, r, "stranger", registerclient.RolePortal)
		expect(t, read(stranger, reading, token), http.StatusForbidden, "AUTH004")
		expect(t, read(portal, "/meter-points/9900000000001/access-records", token), http.StatusForbidden, "AUTH004")
		expect(
			t,
			get(t, r.URL+reading+"?state=NONSENSE&reidentification-token="+token, portal),
			http.StatusBadRequest,
			"VAL002",
		)
		expect(
			t,
			get(t, r.URL+reading+"?legal-basis=uk-whim&reidentification-token="+token, portal),
			http.StatusBadRequest,
			"VAL003",
		)
		expect(
			t,
			get(t, r.URL+reading+"?sate=ACTIVE&reidentification-token="+token, portal),
			http.StatusBadRequest,
			"VAL001",
		)
		if a := read(portal, reading, token); a.status != http.StatusOK || len(a.body["access-records"].([]any)) != 1 {
			t.Fatalf("refusals burnt the token: %d %v", a.status, a.body)
		}

		expect(t, read(portal, reading, token), http.StatusConflict, "CON001")

		late := begin()
		r.Confirm(t, late)
		r.Clock.Add(time.Hour - time.Second)
		if a := read(portal, reading, late); a.status != http.StatusOK {
			t.Errorf("a second before the hour: %d", a.status)
		}

		r.Clock.Add(-time.Hour)
		later := begin()
		r.Confirm(t, later)
		r.Clock.Add(time.Hour)
		expect(t, read(portal, reading, later), http.StatusForbidden, "AUTH004")
	})
}

func TestPortalSeesEveryOrganisationInOrder(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, portal, ir := household(t, r)
	dcc := r.Client(t, registerclient.RoleDCC)
	expired := registertest.AccessRecord(ir, registerclient.BasisConsent)
	expired.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Hour))
	must(owner.CreateAccessRecord(t.Context(), expired))(t)
	gone := create(t, owner, ir, registerclient.BasisContract)
	must(
		owner.RevokeAccessRecord(
			t.Context(),
			gone,
			registerclient.RevokeAccessRecordQuery{Reason: registerclient.ReasonContractEnded},
		),
	)(
		t,
	)
	must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")))(t)
	create(t, owner, ir, registerclient.BasisPublicTask)
	create(t, owner, ir, registerclient.BasisExplicitConsent)
	r.Clock.Add(time.Hour)
	got := list(t, portal, start(t, portal, registerclient.MethodMagicLink).TokenRef())
	var states []string
	for _, record := range got {
		states = append(states, string(record.State))
		if record.RecordMetadata != nil && record.RecordMetadata.IdentityRecordRef != nil {
			t.Error("a portal is told the key of an identity record")
		}
	}

	if want := []string{"ACTIVE", "ACTIVE", "DISCOVERED", "EXPIRED", "REVOKED"}; !slices.Equal(states, want) {
		t.Fatalf("states %v, want %v", states, want)
	}
	if *got[0].LegalBasis != registerclient.BasisExplicitConsent || *got[0].LeadControllerName != "Bright Energy Ltd" ||
		got[0].Notice == nil ||
		got[0].RegisteredAt == nil {
		t.Errorf("first %+v", got[0])
	}
	if seen := got[2].DiscoveredAccess; seen.OrganisationReference != "SEC-OU-00429" ||
		seen.FirstSeen != "2024-06-01" ||
		seen.LastSeen != "2026-02-28" {
		t.Errorf("discovered %+v", seen)
	}
	if *got[4].RevokedBy != registerclient.RevokedByOrganisation || got[4].RevokedAt == nil {
		t.Errorf("revoked %+v", got[4])
	}
}

// Nobody has access: that is an answer, and no 404.
func TestAMeterPointWithoutRecordsIsAnEmptyList(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	_, portal, _ := household(t, r)
	if got := list(
		t,
		portal,
		start(t, portal, registerclient.MethodMagicLink).TokenRef(),
	); got == nil ||
		len(got) != 0 {
		t.Errorf("listed %+v", got)
	}
}

func TestFiltersNarrowTheList(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, portal, ir := household(t, r)
	create(t, owner, ir, registerclient.BasisConsent)
	create(t, owner, ir, registerclient.BasisContract)
	must(r.Client(t, registerclient.RoleDCC).SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")))(t)
	for _, test := range []struct {
		query registerclient.ListAccessRecordsQuery
		want  int
	}{
		{registerclient.ListAccessRecordsQuery{}, 3},
		{registerclient.ListAccessRecordsQuery{State: registerclient.StateActive}, 2},
		{registerclient.ListAccessRecordsQuery{State: registerclient.StateDiscovered}, 1},
		{registerclient.ListAccessRecordsQuery{LegalBasis: registerclient.BasisContract}, 1},
		{registerclient.ListAccessRecordsQuery{State: registerclient.StateRevoked, LegalBasis: registerclient.BasisContract}, 0},
	} {
		test.query.ReidentificationToken = start(t, portal, registerclient.MethodMagicLink).TokenRef()
		if got := must(
			portal.ListAccessRecords(t.Context(), registertest.MeterPoint, test.query),
		)(
			t,
		); len(
			got.AccessRecords,
		) != test.want {
			t.Errorf("%+v: %d records, want %d", test.query, len(got.AccessRecords), test.want)
		}
	}
}

// docs/decisions.md, Scope of every read.
func TestDataUserListsItsOwnRecordsAlone(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	other, _, otherIR := household(t, r)
	create(t, owner, ir, registerclient.BasisConsent)
	if _, err := other.ListAccessRecords(
		t.Context(),
		registertest.MeterPoint,
		registerclient.ListAccessRecordsQuery{},
	); !errors.Is(
		err,
		registerclient.ErrForbidden,
	) {
		t.Errorf("without a record: %v", err)
	}

	mine := create(t, other, otherIR, registerclient.BasisContract)
	got := list(t, other, "")
	if len(got) != 1 || got[0].AK != mine || *got[0].RecordMetadata.IdentityRecordRef != otherIR {
		t.Errorf("listed %+v", got)
	}
}

func TestVerificationTellsNothingPersonal(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	ak := create(t, owner, ir, registerclient.BasisConsent)
	a := get(t, r.URL+"/access-records/"+ak, "")
	if a.status != http.StatusOK ||
		a.body["access-record"].(map[string]any)["access-event"].(map[string]any)["state"] != "ACTIVE" {
		t.Fatalf("%d %v", a.status, a.body)
	}
	if got := must(
		owner.VerifyAccessRecord(t.Context(), ak),
	)(
		t,
	); got.AccessRecord.RecordMetadata.IdentityRecordRef != nil ||
		got.AccessRecord.RecordMetadata.RecordIdentifier != ak {
		t.Errorf("metadata %+v", got.AccessRecord.RecordMetadata)
	}
	for _, unknown := range []string{"ak_0123456789abcdef01234567", "nonsense", "%00"} {
		expect(t, get(t, r.URL+"/access-records/"+unknown, ""), http.StatusNotFound, "NOT001")
	}
}

// docs/decisions.md, Expiry: a record reads as expired from that very moment.
func TestRecordIsExpiredFromTheVeryMoment(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	in := registertest.AccessRecord(ir, registerclient.BasisConsent)
	in.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Minute))
	ak := must(owner.CreateAccessRecord(t.Context(), in))(t).AccessToken.Key
	state := func() registerclient.AccessState {
		return must(owner.VerifyAccessRecord(t.Context(), ak))(t).AccessRecord.AccessEvent.State
	}
	r.Clock.Add(time.Minute - time.Second)
	if state() != registerclient.StateActive {
		t.Error("expired before its time")
	}

	r.Clock.Add(time.Second)
	if state() != registerclient.StateExpired {
		t.Error("still active at its expiry")
	}
	if _, err := owner.RevokeAccessRecord(
		t.Context(),
		ak,
		registerclient.RevokeAccessRecordQuery{},
	); !errors.Is(
		err,
		registerclient.ErrConflict,
	) {
		t.Errorf("revoking it: %v", err)
	}
}

func TestOwnerRevokesItsOwnRecordOnce(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	mine := bearer(t, r, "mine", registerclient.RoleDataUser)
	client := r.ClientWith(t, "mine", secretKey)
	own := must(
		client.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "")),
	)(
		t,
	).IR
	ak := create(t, client, own, registerclient.BasisLegalObligation)
	stranger := bearer(t, r, "stranger", registerclient.RoleDataUser)
	drop := func(authorization, query string) answer {
		return send(t, http.MethodDelete, r.URL+"/access-records/"+ak+query, authorization, "", nil)
	}
	expect(t, drop(stranger, ""), http.StatusNotFound, "NOT001")
	expect(t, drop(mine, "?reason=whim"), http.StatusBadRequest, "VAL001")
	if a := drop(
		mine,
		"?reason=statutory-authority-lapsed",
	); a.status != http.StatusOK || a.body["ak"] != ak ||
		a.body["revoked-at"] != "2026-06-01T09:00:00Z" {
		t.Fatalf("%d %v", a.status, a.body)
	}

	expect(t, drop(mine, ""), http.StatusNotFound, "NOT001")
}

// docs/decisions.md, Withdrawal: every sentence of it.
func TestPortalWithdrawsOnTheCustomersWordAlone(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations())
		owner, _, ir := household(t, r)
		consent := create(t, owner, ir, registerclient.BasisConsent)
		contract := create(t, owner, ir, registerclient.BasisContract)
		short := registertest.AccessRecord(ir, registerclient.BasisConsent)
		short.AccessEvent.Expiry = new(r.Clock.Now().Add(10 * time.Minute))
		expiring := must(owner.CreateAccessRecord(t.Context(), short))(t).AccessToken.Key
		closed := create(t, owner, ir, registerclient.BasisConsent)
		elsewhere := must(
			owner.CreateIdentityRecord(t.Context(), registertest.IdentityRecord("9900000000001", "c@example.com")),
		)(
			t,
		).IR
		foreign := create(t, owner, elsewhere, registerclient.BasisConsent)
		seen := must(
			r.Client(t, registerclient.RoleDCC).SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")),
		)(
			t,
		).AK
		r.Clock.Add(time.Second)

		portal := bearer(t, r, "portal_ops", registerclient.RolePortal)
		client := r.ClientWith(t, "portal_ops", secretKey)
		stranger := bearer(t, r, "stranger", registerclient.RolePortal)
		drop := func(authorization, ak, token string) answer {
			return send(
				t,
				http.MethodDelete,
				r.URL+"/access-records/"+ak+"?reason=customer-request&reidentification-token="+token,
				authorization,
				"",
				nil,
			)
		}
		refused := func(name string, a answer) {
			t.Helper()
			if a.status != http.StatusForbidden || a.code() != "AUTH004" {
				t.Errorf("%s: %d %v", name, a.status, a.body)
			}
		}
		token := start(t, client, registerclient.MethodMagicLink).TokenRef()
		refused("no token", send(t, http.MethodDelete, r.URL+"/access-records/"+consent, portal, "", nil))
		refused("an unknown token", drop(portal, consent, "mlr_0123456789abcdef01234567"))
		refused("an unconfirmed token", drop(portal, consent, token))
		r.Confirm(t, token)
		refused("another account's token", drop(stranger, consent, token))
		refused("a record of another meter point", drop(portal, foreign, token))
		refused("an unknown record", drop(portal, "ak_0123456789abcdef01234567", token))
		list(t, client, token)
		later := create(t, owner, ir, registerclient.BasisConsent)
		refused("a record that came after the reading", drop(portal, later, token))
		refused("a record of another meter point, after the reading", drop(portal, foreign, token))
		expect(t, drop(portal, contract, token), http.StatusUnprocessableEntity, "VAL001")
		expect(t, drop(portal, seen, token), http.StatusUnprocessableEntity, "VAL001")
		must(owner.RevokeAccessRecord(t.Context(), closed, registerclient.RevokeAccessRecordQuery{}))(t)
		expect(t, drop(portal, closed, token), http.StatusConflict, "CON001")
		r.Clock.Add(10 * time.Minute)
		expect(t, drop(portal, expiring, token), http.StatusConflict, "CON001")

		first := drop(portal, consent, token)
		if first.status != http.StatusOK {
			t.Fatalf("withdrawal: %d %v", first.status, first.body)
		}

		r.Clock.Add(time.Minute)
		second := drop(portal, consent, token)
		if second.status != http.StatusOK || second.body["revoked-at"] != first.body["revoked-at"] {
			t.Errorf("second withdrawal: %d %v, want as the first: %v", second.status, second.body, first.body)
		}
		if a := get(
			t,
			r.URL+"/access-records/"+consent,
			"",
		); a.body["access-record"].(map[string]any)["access-event"].(map[string]any)["state"] != "REVOKED" {
			t.Errorf("afterwards it verifies as %v", a.body)
		}

		r.Clock.Add(time.Hour)
		refused("a token over an hour old", drop(portal, consent, token))
	})
}

func TestAccessRecordRestsOnAnIdentityRecordOfTheCaller(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	_, _, ir := household(t, r)
	other := r.Client(t, registerclient.RoleDataUser)
	for name, ref := range map[string]string{"another's": ir, "unknown": "ir_0123456789abcdef01234567"} {
		if _, err := other.CreateAccessRecord(
			t.Context(),
			registertest.AccessRecord(ref, registerclient.BasisConsent),
		); !errors.Is(
			err,
			registerclient.ErrForbidden,
		) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A second Data User registers with a token that the customer confirmed, and never learns the identity record.
func TestSecondDataUserRegistersWithAConfirmedToken(t *testing.T) {
	t.Parallel()
	r := registertest.New(t, registertest.HoldConfirmations())
	household(t, r)
	second := r.Client(t, registerclient.RoleDataUser)
	token := start(t, second, registerclient.MethodMagicLink).TokenRef()
	in := registertest.AccessRecord("", registerclient.BasisConsent)
	in.RecordMetadata.IdentityRecordRef, in.ReidentificationToken = nil, &token
	attempt := func(want error) {
		t.Helper()
		if _, err := second.CreateAccessRecord(t.Context(), in); !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
	}
	attempt(registerclient.ErrUnprocessable) // unconfirmed
	r.Confirm(t, token)
	in.Processing.Purpose = ""
	attempt(registerclient.ErrInvalid) // does not burn the token
	in.Processing.Purpose = "Comparing tariffs"
	attempt(nil)
	attempt(registerclient.ErrConflict)
	theirs := start(t, r.Client(t, registerclient.RoleDataUser), registerclient.MethodMagicLink).TokenRef()
	r.Confirm(t, theirs)
	for _, unknown := range []string{"mlr_0123456789abcdef01234567", theirs} {
		in.ReidentificationToken = &unknown
		attempt(registerclient.ErrNotFound)
	}

	declined := start(t, second, registerclient.MethodMagicLink).TokenRef()
	old := start(t, second, registerclient.MethodMagicLink).TokenRef()
	r.Decline(t, declined)
	in.ReidentificationToken = &declined
	attempt(registerclient.ErrUnprocessable)
	r.Confirm(t, old)
	r.Clock.Add(time.Hour)
	in.ReidentificationToken = &old
	attempt(registerclient.ErrUnprocessable)
	if got := list(t, second, ""); len(got) != 1 || got[0].RecordMetadata.IdentityRecordRef != nil {
		t.Errorf("listed %+v", got)
	}
}

func sighting(reference string) registerclient.DiscoveredAccess {
	return registerclient.DiscoveredAccess{
		MPxN:                  registertest.MeterPoint,
		OrganisationName:      "Acme Energy Services Ltd",
		OrganisationReference: reference,
		FirstSeen:             "2024-06-01",
		LastSeen:              "2026-02-28",
		DataTypesObserved:     []registerclient.DataType{registerclient.HalfHourlyConsumption},
		SourceReference:       "DCC-TRANS-2024-06-01",
	}
}

func TestSightingIsRefreshedNotDoubled(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		_, portal, _ := household(t, r)
		dcc := r.Client(t, registerclient.RoleDCC)
		first := must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")))(t)
		text := string(must(json.Marshal(sighting("SEC-OU-00777")))(t))
		raw := bearer(t, r, "dcc_system", registerclient.RoleDCC)
		for _, want := range []int{http.StatusCreated, http.StatusOK} {
			if a := post(
				t,
				r.URL+"/discovered-access",
				raw,
				text,
			); a.status != want ||
				a.body["state"] != "DISCOVERED" {
				t.Errorf("answered %d %v, want %d", a.status, a.body, want)
			}
		}

		again := sighting("SEC-OU-00429")
		again.FirstSeen, again.LastSeen = "2025-01-01", ""
		if second := must(dcc.SubmitDiscoveredAccess(t.Context(), again))(t); second.AK != first.AK {
			t.Error("the second sighting has a key of its own")
		}

		again.SourceReference, again.DataTypesObserved = "DCC-TRANS-2", []registerclient.DataType{
			registerclient.TariffImport,
		}
		must(dcc.SubmitDiscoveredAccess(t.Context(), again))(t) // another source of the same is no other
		got := list(t, portal, start(t, portal, registerclient.MethodMagicLink).TokenRef())
		slices.SortFunc(got, func(a, b registerclient.AccessRecordSummary) int {
			return strings.Compare(a.DiscoveredAccess.OrganisationReference, b.DiscoveredAccess.OrganisationReference)
		})
		if len(got) != 2 || got[0].DiscoveredAccess.SourceReference != "DCC-TRANS-2" ||
			!slices.Equal(got[0].DataTypes, again.DataTypesObserved) {
			t.Errorf("listed %+v", got)
		}
		if got[0].DiscoveredAccess.FirstSeen != "2024-06-01" || got[0].DiscoveredAccess.LastSeen != "2026-06-01" {
			t.Errorf("listed %+v", got[0].DiscoveredAccess)
		}
	})
}

// docs/decisions.md, Claiming: by the Smart Energy Code reference on the account, never by meter point alone.
func TestRegisteringClaimsTheSightingsOfTheSameOrganisationAlone(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	_, portal, _ := household(t, r)
	dcc := r.Client(t, registerclient.RoleDCC)
	must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")))(t)
	must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00777")))(t)
	acme := r.ClientOf(
		t,
		registerclient.CreateAccountRequest{Role: registerclient.RoleDataUser, OrganisationReference: "SEC-OU-00429"},
	)
	ir := must(acme.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "")))(t).IR
	create(t, acme, ir, registerclient.BasisContract)
	must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")))(t)
	var seen []string
	for _, record := range list(t, portal, start(t, portal, registerclient.MethodMagicLink).TokenRef()) {
		if record.State == registerclient.StateDiscovered {
			seen = append(seen, record.DiscoveredAccess.OrganisationReference)
		}
	}

	if !slices.Equal(seen, []string{"SEC-OU-00777"}) {
		t.Errorf("still listed as discovered: %v", seen)
	}

	elsewhere := sighting("SEC-OU-00429")
	elsewhere.MPxN = "9900000000001"
	must(dcc.SubmitDiscoveredAccess(t.Context(), elsewhere))(t)
	var superseded int
	if err := r.DB.Write.Get(
		&superseded,
		`SELECT COUNT(*) FROM discovered_access WHERE superseded_by IS NOT NULL`,
	); err != nil ||
		superseded != 1 {
		t.Errorf("%d sightings are kept as superseded, want 1 (%v)", superseded, err)
	}
}

func TestAccountsAreOpenedByTheAdministrator(t *testing.T) {
	t.Parallel()
	r := registertest.New(t, registertest.HoldConfirmations())
	admin := r.Client(t, registerclient.RoleAdmin)
	in := registerclient.CreateAccountRequest{
		AccountID:   "portal_ops",
		Role:        registerclient.RolePortal,
		DisplayName: "Citizens Advice",
		ContactURL:  "https://example.org",
	}
	made := must(admin.CreateAccount(t.Context(), in))(t)
	if len(made.SecretKey) < 43 || !strings.HasPrefix(made.Account.DUID, "duid_") || made.Account.Status != "active" {
		t.Errorf("made %+v", made.Account)
	}
	if _, err := r.ClientWith(t, "portal_ops", made.SecretKey).
		IdentityRecordExists(t.Context(), registertest.MeterPoint); err != nil {
		t.Errorf("with the secret that was answered: %v", err)
	}
	if _, err := admin.CreateAccount(t.Context(), in); !errors.Is(err, registerclient.ErrConflict) {
		t.Errorf("the same id again: %v", err)
	}
}

func TestShortSecretsAreForLoopbackAlone(t *testing.T) {
	t.Parallel()
	db := registertest.SQLite.Open(t, migrations.Register)
	service := must(register.New(register.Options{
		Store: store.New(db.Write, db.Read), Keys: must(register.NewKeyring(register.GenerateKey("a")))(t),
		PublicURL: "https://id.central.consent",
	}))(t)
	in := registerclient.CreateAccountRequest{
		AccountID:   "portal_ops",
		Role:        registerclient.RolePortal,
		DisplayName: "x",
		SecretKey:   "portal-secret-demo",
	}
	_, _, err := service.AddAccount(t.Context(), in)
	if refused, ok := errors.AsType[register.Errors](err); !ok || refused[0].Field != "secret-key" {
		t.Errorf("got %v", err)
	}
}

// One organisation cannot make the list too long to be read, in whatever way it writes its records.
func TestNoAccountMakesAListTooLongToBeRead(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		large := func(name string) registerclient.AccessRecord {
			record := registertest.AccessRecord(ir, registerclient.BasisContract)
			arrangement := &record.RecordMetadata.ControllerArrangement
			arrangement.ArrangementType, arrangement.Controllers[0].Role = registerclient.ArrangementGroup, registerclient.ControllerLead
			for i := range 100 {
				arrangement.Controllers = append(arrangement.Controllers, registerclient.Controller{
					Name: fmt.Sprint(
						name,
						" ",
						i,
					),
					Role:       registerclient.ControllerMember,
					ContactURL: "https://example.com/" + strings.Repeat("x", 1900),
				})
			}

			return record
		}
		small := create(t, owner, ir, registerclient.BasisConsent)
		var refused error
		for i := 0; refused == nil; i++ {
			if i == 20 {
				t.Fatal("twenty large records are taken")
			}
			_, refused = owner.CreateAccessRecord(t.Context(), large("Member"))
		}

		if !errors.Is(refused, registerclient.ErrConflict) {
			t.Errorf("one more: %v", refused)
		}
		if _, err := owner.ReplaceAccessRecord(
			t.Context(),
			small,
			large("Another"),
		); !errors.Is(
			err,
			registerclient.ErrConflict,
		) {
			t.Errorf("a large one in place of a small one: %v", err)
		}

		told := imports(t, owner, linesOf(t, 2, func(i int, line *registerclient.ImportLine) {
			line.IdentityRecord = nil
			line.AccessRecord = registertest.AccessRecord(ir, registerclient.BasisContract)
			if i == 0 {
				line.AccessRecord = large("Imported")
			}
		}))
		if counts(*told) != [4]int{2, 1, 0, 1} || told.Errors[0].Line != 1 || told.Errors[0].Code != "CON001" {
			t.Errorf("of a large line and a small one: %+v", told)
		}
		if got := list(t, portal, start(t, portal, registerclient.MethodMagicLink).TokenRef()); len(got) < 3 {
			t.Errorf("the list holds %d records", len(got))
		}
	})
}
