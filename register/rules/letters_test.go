package rules_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// A letter is stored sealed, and opens in its own job only.
func TestOpenJob(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
	job := h.jobs(t)[0]
	if strings.Contains(string(job.SealedBody), "customer") {
		t.Errorf("stored %q", job.SealedBody)
	}
	if body := must(h.OpenJob(t.Context(), job))(t); !strings.Contains(string(body), customerEmail) {
		t.Errorf("opened %s", body)
	}

	job.ID = rules.NewID("msg")
	_, err := h.OpenJob(t.Context(), job)
	expectRefusal(t, "in another job", err, "internal SRV001")
}

// The letter with a link is due at once and worth nothing once the link has expired. A letter about a passkey is never
// dropped.
func TestLetterTimes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
	link := h.jobs(t)[0]
	if link.Subject != rules.SubjectLink || link.Kind != store.KindMail || !link.DueAt.Time().Equal(today) ||
		link.DropAt == nil || !link.DropAt.Time().Equal(today.Add(15*time.Minute)) {
		t.Errorf("the job of the link is %+v", link)
	}

	h.endJob(t, link, store.OutcomeDelivered, "")
	passkey := h.addPasskey(t, h.ir)
	if err := h.RemovePasskey(t.Context(), "owner", h.ir, passkey.CredentialID); err != nil {
		t.Fatal(err)
	}
	if removal := h.jobs(t)[0]; removal.DropAt != nil {
		t.Errorf("the job of the removal is %+v", removal)
	}
}

// A letter is queued in the transaction of its change: a change that fails sends nothing.
func TestFailedChangeQueuesNoLetter(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	fault := errors.New("fault")
	in := registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink}
	err := h.store.Transact(t.Context(), func(tx *store.Tx) error {
		_, err := h.Reidentify(t.Context(), tx, h.portal, meterPoint, in)

		return errors.Join(err, fault)
	})
	if jobs := h.jobs(t); !errors.Is(err, fault) || len(jobs) != 0 {
		t.Errorf("%v, queued %+v", err, jobs)
	}
}
