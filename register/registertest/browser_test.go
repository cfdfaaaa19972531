package registertest_test

import (
	"net/http"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// TestBrowserFollowsMailedLink follows a customer from the letter to the confirmation, over two replicas.
func TestBrowserFollowsMailedLink(t *testing.T) {
	t.Parallel()

	inbox, sender := registertest.NewInbox(t)
	r := registertest.New(t, registertest.HoldConfirmations(), registertest.WithMail(sender))
	replica := registertest.New(t, registertest.HoldConfirmations(), registertest.ReplicaOf(r))
	owner := r.Client(t, registerclient.RoleDataUser)
	portal := r.Client(t, registerclient.RolePortal)

	record := registertest.IdentityRecord(registertest.MeterPoint, "customer@example.com")
	if _, err := owner.CreateIdentityRecord(t.Context(), record); err != nil {
		t.Fatal(err)
	}

	started, err := portal.Reidentify(t.Context(), registerclient.ReidentifyRequest{
		MPxN:      registertest.MeterPoint,
		Method:    registerclient.MethodMagicLink,
		MatchCode: true,
	})
	if err != nil {
		t.Fatal(err)
	}

	r.WorkOff(t)
	browser := r.Browser(t)
	page := browser.Open(inbox.Link(t))
	if page.Status != http.StatusOK || page.URL.String() != registertest.PublicURL+"/id/link" ||
		browser.Cookie("dar-link") == "" {
		t.Fatalf("the link leads to %d %s", page.Status, page.URL)
	}
	if page = browser.On(replica).Submit(page, "/id/link", "code", ""); page.Status != http.StatusUnprocessableEntity {
		t.Fatalf("no code: %d %s", page.Status, page.Text())
	}

	page = browser.Submit(page, "/id/link", "code", strings.ToLower(started.MatchCode))
	if page.Status != http.StatusOK || page.URL.Path != "/id/link/confirmed" {
		t.Errorf("the answer leads to %d %s: %s", page.Status, page.URL, page.Text())
	}

	status, err := portal.ReidentificationStatus(t.Context(), started.TokenRef())
	if err != nil || status.Status != registerclient.StatusConfirmed {
		t.Errorf("status %+v %v", status, err)
	}
}
