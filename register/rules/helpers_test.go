package rules_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// must is registertest.Must.
func must[T any](value T, err error) func(testing.TB) T { return registertest.Must(value, err) }

// household is registertest.Household.
func household(t testing.TB, r *registertest.Register) (owner, portal *registerclient.Client, ir string) {
	t.Helper()

	return registertest.Household(t, r)
}

const (
	customerEmail = "customer@example.com"
	// returnURL is registered for the owner and the portal of a house.
	returnURL = "https://asks.example.org/back?shop=1"
)

// house is the rules over a fresh database with one customer at the meter point. owner holds the identity record ir of
// the customer, and portal asks the customer.
type house struct {
	*records
	owner  store.Account
	portal store.Account
	ir     string
}

// newHouse returns a house on a kind of database. The customer moved in in 2022.
func newHouse(t testing.TB, d registertest.Database) *house {
	t.Helper()
	h := &house{records: openRecords(t, d)}
	h.owner = h.asking(t, "owner", registerclient.RoleDataUser)
	h.portal = h.asking(t, "portal", registerclient.RolePortal)
	h.ir = h.lives(t, h.owner, customerEmail, "2022-06-30")

	return h
}

// eachHouse runs a test of what SQL decides in a house on every kind of database.
func eachHouse(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) { test(t, newHouse(t, d)) })
}

// with returns other rules over the same database and clock, as another replica or another configuration has them.
func (h *house) with(alter func(o *rules.Options)) *house {
	options := h.options
	alter(&options)
	shared := *h.records
	shared.options = options
	shared.Rules = rules.New(options)
	other := *h
	other.records = &shared

	return &other
}

// asking adds an account that has registered returnURL.
func (h *house) asking(t testing.TB, id string, role registerclient.Role) store.Account {
	t.Helper()
	account := h.account(t, id, role)
	must(h.ReplaceReturnURLs(t.Context(), account, []string{returnURL}))(t)

	return must(h.store.FindAccount(t.Context(), id))(t)
}

// lives adds an identity record of a Data User for a person at the meter point, without an address if email is empty.
func (h *house) lives(t testing.TB, account store.Account, email, moveIn string) string {
	t.Helper()
	in := registertest.IdentityRecord(meterPoint, email)
	in.PIIPrincipal.MoveInDate = registerclient.Date(moveIn)

	return must(h.createIdentity(t, account, in))(t).IR
}

// createIdentity checks and stores an identity record.
func (h *house) createIdentity(
	t testing.TB, account store.Account, in registerclient.CreateIdentityRecordRequest,
) (created registerclient.CreateIdentityRecordResponse, err error) {
	t.Helper()
	prepared, err := h.PrepareIdentityRecord(in, account)
	if err != nil {
		return created, err
	}

	err = h.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
		created, err = h.CreateIdentityRecord(t.Context(), tx, prepared)

		return err
	})

	return created, err
}

// setStatus changes the status of an account, as an administrator does.
func (h *house) setStatus(t testing.TB, change rules.StatusChange, accountID string) {
	t.Helper()
	h.change(t, func(tx *store.Tx) error {
		_, err := h.ChangeStatus(t.Context(), tx, change, accountID, "", "admin")

		return err
	})
}

// addPasskey gives an identity record a passkey that no device holds.
func (h *house) addPasskey(t testing.TB, ir string) store.Credential {
	t.Helper()
	credential := store.Credential{
		CredentialID: rules.NewID("cred"),
		IR:           ir,
		WebAuthnID:   []byte(rules.NewID("id")),
		UserHandle:   []byte("handle " + ir),
		PublicKey:    []byte{},
		AAGUID:       []byte{},
		Name:         "A phone",
		Transports:   store.JSON[[]string]{V: []string{"internal"}},
		RegisteredAt: store.Millis(h.Now()),
	}
	h.change(t, func(tx *store.Tx) error { return registertest.InsertPasskey(t.Context(), tx, credential) })

	return credential
}

// stand makes the contacts of an identity record stand, as if a standing contact had said yes to them.
func (h *house) stand(t testing.TB, ir string) {
	t.Helper()
	h.change(t, func(tx *store.Tx) error { return registertest.Stand(t.Context(), tx, ir, h.Now()) })
}

// reidentify starts a challenge of an account at the meter point.
func (h *house) reidentify(
	t testing.TB, account store.Account, in registerclient.ReidentifyRequest,
) (started registerclient.ReidentifyResponse, err error) {
	t.Helper()
	in.MPxN = meterPoint
	mpxn, err := h.CheckReidentify(in, account)
	if err != nil {
		return started, err
	}

	err = h.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
		started, err = h.Reidentify(t.Context(), tx, account, mpxn, in)

		return err
	})

	return started, err
}

// ask starts a challenge of the portal.
func (h *house) ask(t testing.TB, in registerclient.ReidentifyRequest) registerclient.ReidentifyResponse {
	t.Helper()

	return must(h.reidentify(t, h.portal, in))(t)
}

// askByLink starts a challenge of the portal by mailed link, and returns it with the secret of the link.
func (h *house) askByLink(t testing.TB, matchCode bool) (registerclient.ReidentifyResponse, string) {
	t.Helper()
	h.letters(t)
	started := h.ask(t, registerclient.ReidentifyRequest{
		Method: registerclient.MethodMagicLink, MatchCode: matchCode,
	})
	letters := h.letters(t)
	if len(letters) != 1 {
		t.Fatalf("%d letters are queued, want one with the link", len(letters))
	}

	return started, linkSecret(t, letters[0])
}

// reidentifyOwn starts a challenge of the owner on an identity record.
func (h *house) reidentifyOwn(
	t testing.TB, account store.Account, ir string, in registerclient.ReidentifyOwnRequest,
) (started registerclient.ReidentifyResponse, err error) {
	t.Helper()
	if err = h.CheckReidentifyOwn(in, account); err != nil {
		return started, err
	}

	err = h.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
		started, err = h.ReidentifyOwn(t.Context(), tx, account, ir, in)

		return err
	})

	return started, err
}

// stored returns the row of a challenge.
func (h *house) stored(
	t testing.TB, account store.Account, started registerclient.ReidentifyResponse,
) store.Reidentification {
	t.Helper()
	hash := rules.HashToken(started.TokenRef())

	return must(h.store.FindReidentification(t.Context(), hash, account.AccountID))(t)
}

// status returns the status of a challenge of the portal and its reason.
func (h *house) status(t testing.TB, started registerclient.ReidentifyResponse) string {
	t.Helper()
	status := must(h.ChallengeStatus(t.Context(), h.portal.AccountID, started.TokenRef()))(t)

	return strings.TrimSpace(string(status.Status) + " " + status.Reason)
}

// expectStatus compares the status and the reason of a challenge of the portal.
func (h *house) expectStatus(t testing.TB, name string, started registerclient.ReidentifyResponse, want string) {
	t.Helper()
	if got := h.status(t, started); got != want {
		t.Errorf("%s: the challenge is %q, want %q", name, got, want)
	}
}

// jobs returns the jobs that are due, the oldest first.
func (h *house) jobs(t testing.TB) []store.Job {
	t.Helper()

	return must(h.store.ListDueJobs(t.Context(), h.clock.Now(), 1000, 1000))(t)
}

// endJobs ends the jobs of a kind that are due, and returns them with their opened bodies.
func (h *house) endJobs(t testing.TB, kind string) (jobs []store.Job, bodies [][]byte) {
	t.Helper()
	for _, job := range h.jobs(t) {
		if job.Kind != kind {
			continue
		}

		jobs = append(jobs, job)
		bodies = append(bodies, must(h.OpenJob(t.Context(), job))(t))
		if err := h.EndJob(t.Context(), job, rules.JobEnd{Outcome: store.OutcomeDelivered}); err != nil {
			t.Fatal(err)
		}
	}

	return jobs, bodies
}

// letters returns the queued letters and ends their jobs.
func (h *house) letters(t testing.TB) []rules.QueuedLetter {
	t.Helper()
	_, bodies := h.endJobs(t, store.KindMail)
	letters := make([]rules.QueuedLetter, len(bodies))
	for i, body := range bodies {
		if err := json.Unmarshal(body, &letters[i]); err != nil {
			t.Fatal(err)
		}
	}

	return letters
}

// recipients returns the addresses of the queued letters, separated by spaces, and ends their jobs.
func (h *house) recipients(t testing.TB) string {
	t.Helper()
	var to []string
	for _, letter := range h.letters(t) {
		to = append(to, letter.To)
	}

	return strings.Join(to, " ")
}

// events returns the events that are due, the first of each line, and ends their jobs.
func (h *house) events(t testing.TB) []registerclient.WebhookEvent {
	t.Helper()
	_, bodies := h.endJobs(t, store.KindWebhook)
	events := make([]registerclient.WebhookEvent, len(bodies))
	for i, body := range bodies {
		if err := json.Unmarshal(body, &events[i]); err != nil {
			t.Fatal(err)
		}
	}

	return events
}

// audited returns how many events of a type the audit log holds.
func (h *house) audited(t testing.TB, eventType string) int {
	t.Helper()
	_, total, err := h.store.ListAudit(t.Context(), store.AuditFilter{EventType: eventType}, store.Page{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}

	return total
}

// expectAudited compares how many events of a type the audit log holds.
func (h *house) expectAudited(t testing.TB, eventType string, want int) {
	t.Helper()
	if got := h.audited(t, eventType); got != want {
		t.Errorf("%d times %s in the audit log, want %d", got, eventType, want)
	}
}

var mailedLink = regexp.MustCompile(regexp.QuoteMeta(pages.Link) + `\?token=([A-Za-z0-9_-]+)`)

// linkSecret returns the secret of the link in a letter.
func linkSecret(t testing.TB, letter rules.QueuedLetter) string {
	t.Helper()
	found := mailedLink.FindStringSubmatch(letter.Message.Text)
	if found == nil {
		t.Fatalf("no link in %q", letter.Message.Text)
	}

	return found[1]
}

// queryOf returns the query of an address.
func queryOf(t testing.TB, address string) url.Values {
	t.Helper()

	return must(url.Parse(address))(t).Query()
}

// eventually polls a condition until it is met. It fails the test with failure if that takes longer than 10 s.
func eventually(t testing.TB, failure string, met func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !met() {
		select {
		case <-deadline:
			t.Fatal(failure)
		case <-tick.C:
		}
	}
}
