package api_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// repeating is a register with one household, its list and a portal that reads it with Idempotency-Keys.
type repeating struct {
	*registertest.Register
	owner  *registerclient.Client
	ir     string
	ak     string
	portal string // authorization
}

func newRepeating(t *testing.T, d registertest.Database) repeating {
	t.Helper()
	r := registertest.New(t, registertest.On(d))
	owner, _, ir := household(t, r)
	ak := create(t, owner, ir, registerclient.BasisConsent)

	return repeating{r, owner, ir, ak, bearer(t, r, "portal_ops", registerclient.RolePortal)}
}

// token starts a challenge, which a stub confirms.
func (r repeating) token(t *testing.T) string {
	t.Helper()

	return magicLink(t, r.ClientWith(t, "portal_ops", secretKey))
}

// read reads the list with a token and a key.
func (r repeating) read(t *testing.T, authorization, token, key, query string) reply {
	t.Helper()
	header := http.Header{"Authorization": {authorization}, "Idempotency-Key": {key}}

	return sendWith(t, http.MethodGet, r.URL+reading+"?reidentification-token="+token+query, header, nil)
}

// A reading that is repeated with its key gets the same response, byte for byte, for two minutes. It is audited as
// repeated, and the household sees one reading.
func TestRepeatedReading(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := newRepeating(t, d)
		token := r.token(t)
		first := r.read(t, r.portal, token, "k1", "")
		expect(t, first, http.StatusOK, "")
		if first.header.Get("Idempotency-Replayed") != "" {
			t.Error("the first response is marked as a repetition")
		}

		r.Clock.Add(2*time.Minute - time.Second)
		again := r.read(t, r.portal, token, "k1", "")
		expect(t, again, http.StatusOK, "")
		if again.text != first.text || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("the repetition got %s, the first %s", again.text, first.text)
		}

		var audited int
		err := r.DB.Read.Get(&audited, `SELECT COUNT(*) FROM audit_events WHERE event_type = 'records.read'
			AND detail LIKE '%"repeated":true%'`)
		if err != nil || audited != 1 {
			t.Errorf("%d repetitions are audited: %v", audited, err)
		}
		looks := get(t, r.URL+"/meter-points/2312345678901/readings?reidentification-token="+token, r.portal)
		if got := looks.body["readings"].([]any); len(got) != 1 {
			t.Errorf("the household sees %v", got)
		}

		r.Clock.Add(time.Second)
		expect(t, r.read(t, r.portal, token, "k1", ""), http.StatusConflict, "CON001")

		var sealed string
		err = r.DB.Read.Get(&sealed, `SELECT CAST(sealed_answer AS TEXT) FROM kept_readings`)
		if err != nil || strings.Contains(sealed, "Bright") {
			t.Errorf("the response is kept in the clear: %v", err)
		}
	})
}

// Another token, query, key or account gets nothing of a response that is kept, and without a key the token is
// consumed.
func TestKeyOfAReadingOpensNothingElse(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := newRepeating(t, d)
		token := r.token(t)
		expect(t, r.read(t, r.portal, token, "k1", ""), http.StatusOK, "")

		unused := r.token(t)
		stranger := bearer(t, r.Register, "stranger", registerclient.RolePortal)
		expect(t, r.read(t, r.portal, unused, "k1", ""), http.StatusUnprocessableEntity, "VAL001")
		expect(t, r.read(t, r.portal, token, "k1", "&state=ACTIVE"), http.StatusUnprocessableEntity, "VAL001")
		expect(t, r.read(t, r.portal, token, "k2", ""), http.StatusConflict, "CON001")
		expect(t, r.read(t, stranger, token, "k1", ""), http.StatusForbidden, "AUTH004")
		expect(t, r.read(t, r.portal, token, "", ""), http.StatusBadRequest, "VAL001")
		a := get(t, r.URL+reading+"?reidentification-token="+token, r.portal)
		expect(t, a, http.StatusConflict, "CON001")

		// The refusals consumed nothing.
		expect(t, r.read(t, r.portal, unused, "k3", ""), http.StatusOK, "")
		expect(t, r.read(t, r.portal, token, "k1", ""), http.StatusOK, "")

		// A key whose response is kept no longer serves another reading, also before a sweep deletes the response.
		r.Clock.Add(2 * time.Minute)
		expect(t, r.read(t, r.portal, r.token(t), "k1", ""), http.StatusOK, "")
	})
}

// A response that is kept shows nothing that the customer may no longer see: after a withdrawal, a replacement, an
// erasure or a change of tenancy it is not given again.
func TestRepeatedReadingShowsNothingOld(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		for name, test := range map[string]struct {
			change func(t *testing.T, r repeating, token string)
			status int
			code   string
		}{
			"withdrawn": {func(t *testing.T, r repeating, token string) {
				if err := withdraw(t, r.ClientWith(t, "portal_ops", secretKey), r.ak, token); err != nil {
					t.Fatal(err)
				}
			}, http.StatusConflict, "CON001"},
			"replaced": {func(t *testing.T, r repeating, _ string) {
				in := registertest.AccessRecord(r.ir, registerclient.BasisConsent)
				in.Processing.Purpose = "Another one"
				must(r.owner.ReplaceAccessRecord(t.Context(), r.ak, in))(t)
			}, http.StatusConflict, "CON001"},
			"registered": {func(t *testing.T, r repeating, _ string) {
				create(t, r.owner, r.ir, registerclient.BasisContract)
			}, http.StatusConflict, "CON001"},
			"erased": {func(t *testing.T, r repeating, _ string) {
				revoke(t, r.owner, r.ak)
				must(r.owner.AnonymiseIdentityRecord(t.Context(), r.ir))(t)
				var kept int
				if err := r.DB.Read.Get(&kept, `SELECT COUNT(*) FROM kept_readings`); err != nil || kept != 0 {
					t.Errorf("%d responses are kept: %v", kept, err)
				}
			}, http.StatusForbidden, "AUTH004"},
			"moved out": {func(t *testing.T, r repeating, _ string) {
				report(t, r.Client(t, registerclient.RoleDCC), "2026-06-01")
			}, http.StatusForbidden, "AUTH004"},
			"suspended": {func(t *testing.T, r repeating, _ string) {
				r.Suspend(t, "portal_ops")
			}, http.StatusUnauthorized, "AUTH002"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := newRepeating(t, d)
				token := r.token(t)
				expect(t, r.read(t, r.portal, token, "k1", ""), http.StatusOK, "")
				test.change(t, r, token)
				expect(t, r.read(t, r.portal, token, "k1", ""), test.status, test.code)
			})
		}
	})
}

// Of concurrent requests with one key all get one response, on several replicas, and one consumes the token.
func TestRepeatedReadingConcurrently(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		const callers = 50
		r := newRepeating(t, d)
		other := r
		other.Register = registertest.New(t, registertest.ReplicaOf(r.Register))
		token := r.token(t)

		var texts sync.Map
		var served, repeated atomic.Int64
		var readers sync.WaitGroup
		for i := range callers {
			readers.Go(func() {
				at := []repeating{r, other}[i%2]
				a := at.read(t, r.portal, token, "k1", "")
				for a.status == http.StatusServiceUnavailable { // on a slow machine; nothing was done
					a = at.read(t, r.portal, token, "k1", "")
				}

				texts.Store(a.text, true)
				if a.status == http.StatusOK {
					served.Add(1)
				}
				if a.header.Get("Idempotency-Replayed") == "true" {
					repeated.Add(1)
				}
			})
		}

		readers.Wait()
		different := 0
		texts.Range(func(any, any) bool { different++; return true })
		if served.Load() != callers || repeated.Load() != callers-1 || different != 1 {
			t.Errorf("%d were served, %d of them a repetition, with %d responses", served.Load(), repeated.Load(),
				different)
		}
	})
}

// A response of more than 1 MiB is not kept: the repetition is refused as without a key.
func TestLongReadingIsNotKept(t *testing.T) {
	t.Parallel()
	r := newRepeating(t, registertest.SQLite)
	_, err := r.DB.Write.Exec(
		`UPDATE access_records SET record = REPLACE(record, 'Energy efficiency analysis', ?)`,
		strings.Repeat("x", 1<<20),
	)
	if err != nil {
		t.Fatal(err)
	}

	token := r.token(t)
	expect(t, r.read(t, r.portal, token, "k1", ""), http.StatusOK, "")
	expect(t, r.read(t, r.portal, token, "k1", ""), http.StatusConflict, "CON001")
}
