package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A webhook belongs to the Data User that registered it: to every other one it does not exist. Its address can be
// registered once at a time.
func TestWebhookBelongsToItsDataUser(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := r.Client(t, registerclient.RoleDataUser)
	stranger := r.Client(t, registerclient.RoleDataUser)
	endpoint := registertest.NewReceiver(t, r)
	made := endpoint.Subscribe(t, owner).Webhook
	ctx := t.Context()
	if made.NotifyDaysBefore != 30 || len(made.EventTypes) != 3 || !made.Active {
		t.Errorf("defaults: %+v", made)
	}

	days := 60
	update := registerclient.UpdateWebhookRequest{NotifyDaysBefore: &days}
	changed := must(owner.UpdateWebhook(ctx, made.WID, update))(t).Webhook
	if changed.NotifyDaysBefore != 60 || changed.CallbackURL != made.CallbackURL ||
		changed.AlertEmail != "alerts@example.com" {
		t.Errorf("changed: %+v", changed)
	}

	rotate := registerclient.UpdateWebhookRequest{RotateSecret: true}
	for name, err := range map[string]error{
		"update":     errorOf(stranger.UpdateWebhook(ctx, made.WID, rotate)),
		"delete":     stranger.DeleteWebhook(ctx, made.WID),
		"deliveries": errorOf(stranger.ListDeliveries(ctx, made.WID, registerclient.ListDeliveriesQuery{})),
		"redeliver":  errorOf(stranger.Redeliver(ctx, made.WID, "evt_0123456789abcdef01234567")),
	} {
		if !isNotFound(err) {
			t.Errorf("%s of another's webhook: %v", name, err)
		}
	}

	if got := must(stranger.ListWebhooks(ctx))(t).Webhooks; len(got) != 0 {
		t.Errorf("a stranger lists %+v", got)
	}

	again := registerclient.RegisterWebhookRequest{CallbackURL: endpoint.URL + "/events", AlertEmail: "a@example.com"}
	if _, err := owner.RegisterWebhook(ctx, again); err == nil {
		t.Error("the same address was registered twice")
	}

	admin := r.Client(t, registerclient.RoleAdmin)
	every := must(admin.ListAllWebhooks(ctx))(t)
	if len(every.Webhooks) != 1 || every.Webhooks[0].DUID == "" || *every.Total != 1 {
		t.Errorf("the administrator sees %+v", every)
	}
	if err := owner.DeleteWebhook(ctx, made.WID); err != nil {
		t.Error(err)
	}
	if err := owner.DeleteWebhook(ctx, made.WID); !isNotFound(err) {
		t.Errorf("deleted twice: %v", err)
	}

	endpoint.Subscribe(t, owner) // the address is free again
}

// A wrong webhook is refused by field.
func TestWrongWebhooks(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	token := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	const good = `"callback-url":"https://example.com/x","alert-email":"a@example.com"`
	for body, fields := range map[string]string{
		`{}`: "callback-url alert-email",
		`{"callback-url":"http://example.com/x","alert-email":"a@example.com"}`: "callback-url",
		`{"callback-url":"https://10.0.0.1/x","alert-email":"a@example.com"}`:   "callback-url",
		`{"callback-url":"https://example.com/x","alert-email":"nobody"}`:       "alert-email",
		`{` + good + `,"notify-days-before":0}`:                                 "notify-days-before",
		`{` + good + `,"notify-days-before":91}`:                                "notify-days-before",
		`{` + good + `,"event-types":[]}`:                                       "event-types",
		`{` + good + `,"event-types":["consent.expiry"]}`:                       "event-types[0]",
		`{` + good + `,"event-types":["tenancy.change","tenancy.change"]}`:      "event-types[1]",
		`{` + good + `,"secret":"x"}`:                                           "secret",
	} {
		a := post(t, r.URL+"/webhooks", token, body)
		if a.status != http.StatusBadRequest || a.fields() != fields {
			t.Errorf("%s: %d %q, want 400 %q", body, a.status, a.fields(), fields)
		}
	}
}

// A change keeps to the rules of a new webhook. It keeps the members that it does not name, and shows no secret.
func TestWrongWebhookChanges(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	token := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	register := func(address string) reply {
		return post(t, r.URL+"/webhooks", token, `{"callback-url":"`+address+`","alert-email":"a@example.com"}`)
	}
	wid := register("https://example.com/x").body["webhook"].(map[string]any)["wid"].(string)
	register("https://example.com/taken")
	patch := func(body string) reply {
		return send(t, http.MethodPatch, r.URL+"/webhooks/"+wid, token, "application/json", []byte(body))
	}
	for body, want := range map[string]string{
		`{"callback-url":"http://example.com/x"}`:      "400 callback-url",
		`{"callback-url":"https://10.0.0.1/"}`:         "400 callback-url",
		`{"alert-email":"nobody"}`:                     "400 alert-email",
		`{"notify-days-before":0}`:                     "400 notify-days-before",
		`{"notify-days-before":91}`:                    "400 notify-days-before",
		`{"event-types":[]}`:                           "400 event-types",
		`{"event-types":["consent.expiry"]}`:           "400 event-types[0]",
		`{"colour":1}`:                                 "400 colour",
		`{"callback-url":"https://example.com/taken"}`: "409 callback-url",
	} {
		if a := patch(body); fmt.Sprintf("%d %s", a.status, a.fields()) != want {
			t.Errorf("%s: %d %q, want %s", body, a.status, a.fields(), want)
		}
	}

	a := patch(`{"event-types":["tenancy.change"]}`)
	changed, _ := a.body["webhook"].(map[string]any)
	_, hasSecret := a.body["signing-secret"]
	if a.status != http.StatusOK || hasSecret ||
		changed["callback-url"] != "https://example.com/x" ||
		changed["notify-days-before"] != 30.0 {
		t.Errorf("changed: %d %v", a.status, a.body)
	}

	expect(t, register("https://example.com/taken"), http.StatusConflict, "CON001")
}

// The event contact.added goes to the subscriptions that name it: when a contact comes to a meter point and no one
// is left who could confirm before.
func TestContactAddedIsOptIn(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations())
		owner, portal, ir := household(t, r)
		r.Confirm(t, magicLink(t, portal))
		other := r.Client(t, registerclient.RoleDataUser)
		theirs := identity(t, other, "")
		create(t, other, theirs, registerclient.BasisContract)
		named := registertest.NewReceiver(t, r)
		unnamed := registertest.NewReceiver(t, r)
		made := named.Subscribe(t, other, registerclient.EventContactAdded).Webhook
		unnamed.Subscribe(t, other)
		if len(made.EventTypes) != 1 || made.EventTypes[0] != registerclient.EventContactAdded {
			t.Errorf("subscribed: %+v", made)
		}

		must(owner.AnonymiseIdentityRecord(t.Context(), ir))(t)
		identity(t, owner, "planted@example.com")
		r.WorkOff(t)
		named.Expect(t, "contact.added")
		unnamed.Expect(t)

		payload := must(named.Accepted()[0].ContactAdded())(t)
		if payload.MPxN != registertest.MeterPoint || !payload.AddedAt.Equal(r.Clock.Now()) ||
			!payload.StandsFrom.Equal(r.Clock.Now().AddDate(0, 0, 30)) {
			t.Errorf("payload %+v", payload)
		}
	})
}
