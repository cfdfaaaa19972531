package rules_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const alertEmail = "alerts@bright.example"

// subscribe adds a subscription of an account to events of these types; to all without any.
func (h *house) subscribe(
	t testing.TB, account store.Account, callbackURL string, types ...registerclient.WebhookEventType,
) registerclient.Webhook {
	t.Helper()

	return must(h.trySubscribe(t, account, registerclient.RegisterWebhookRequest{
		CallbackURL: callbackURL, AlertEmail: alertEmail, EventTypes: types,
	}))(t)
}

func (h *house) trySubscribe(
	t testing.TB, account store.Account, in registerclient.RegisterWebhookRequest,
) (created registerclient.Webhook, err error) {
	t.Helper()
	prepared, err := h.PrepareSubscription(in, account.AccountID)
	if err != nil {
		return created, err
	}

	err = h.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
		created, err = h.CreateSubscription(t.Context(), tx, prepared)

		return err
	})

	return created, err
}

// A request for a subscription is refused with every mistake.
func TestSubscriptionCheck(t *testing.T) {
	t.Parallel()
	type request = registerclient.RegisterWebhookRequest
	ring := must(rules.NewKeyring("test:" + registertest.Key))(t)
	for _, test := range []struct {
		name  string
		alter func(in *request)
		want  string
		// local is what a register on a loopback address answers.
		local string
	}{
		{"valid", func(*request) {}, "", ""},
		{"http", func(in *request) { in.CallbackURL = "http://127.0.0.1/hook" }, "invalid VAL001 callback-url", ""},
		{"private address", func(in *request) { in.CallbackURL = "https://10.0.0.1/hook" },
			"invalid VAL001 callback-url", "invalid VAL001 callback-url"},
		{"0 days", func(in *request) { in.NotifyDaysBefore = new(0) },
			"invalid VAL001 notify-days-before", "invalid VAL001 notify-days-before"},
		{"1 day", func(in *request) { in.NotifyDaysBefore = new(1) }, "", ""},
		{"90 days", func(in *request) { in.NotifyDaysBefore = new(90) }, "", ""},
		{"91 days", func(in *request) { in.NotifyDaysBefore = new(91) },
			"invalid VAL001 notify-days-before", "invalid VAL001 notify-days-before"},
		{"no events", func(in *request) { in.EventTypes = []registerclient.WebhookEventType{} },
			"invalid VAL001 event-types", "invalid VAL001 event-types"},
		{"an event twice and an unknown one", func(in *request) {
			in.EventTypes = []registerclient.WebhookEventType{"tenancy.change", "tenancy.change", "weather.change"}
		}, "invalid VAL001 event-types[1] event-types[2]", "invalid VAL001 event-types[1] event-types[2]"},
		{"nothing", func(in *request) { *in = request{} },
			"invalid VAL001 callback-url alert-email", "invalid VAL001 callback-url alert-email"},
	} {
		in := request{CallbackURL: "https://bright.example/hook", AlertEmail: alertEmail}
		test.alter(&in)
		for local, want := range map[bool]string{false: test.want, true: test.local} {
			r := rules.New(rules.Options{
				Keys: ring, SecretCost: registertest.SecretCost, Clock: time.Now, Local: local,
			})
			_, err := r.PrepareSubscription(in, "owner")
			expectRefusal(t, test.name, err, want)
		}
	}
}

// A subscription is to every event, 30 days before the end, unless it says otherwise. An account has one for each
// address.
func TestCreateSubscription(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		const hook = "https://bright.example/hook"
		created := h.subscribe(t, h.owner, hook)
		if created.NotifyDaysBefore != 30 || len(created.EventTypes) != 3 || created.AlertEmail != alertEmail ||
			!created.Active || !created.CreatedAt.Equal(today) {
			t.Errorf("created %+v", created)
		}

		again := registerclient.RegisterWebhookRequest{CallbackURL: hook, AlertEmail: alertEmail}
		_, err := h.trySubscribe(t, h.owner, again)
		expectRefusal(t, "the same address", err, "conflict CON001 callback-url")

		other := h.account(t, "other", registerclient.RoleDataUser)
		h.subscribe(t, other, hook)
		listed := must(h.ListSubscriptions(t.Context(), "owner"))(t)
		if len(listed) != 1 || listed[0].WID != created.WID {
			t.Errorf("listed %+v", listed)
		}

		everyone := must(h.ListAllSubscriptions(t.Context()))(t)
		if len(everyone) != 2 || everyone[0].DUID == "" || everyone[0].DUID == everyone[1].DUID {
			t.Errorf("an administrator reads %+v", everyone)
		}

		h.expectAudited(t, "webhook.created", 2)
	})
}

// An account changes its own subscriptions only, and what it does not name stays.
func TestUpdateSubscription(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.account(t, "other", registerclient.RoleDataUser)
		created := h.subscribe(t, h.owner, "https://a.example/hook")
		h.subscribe(t, h.owner, "https://b.example/hook")
		deleted := h.subscribe(t, h.owner, "https://c.example/hook")
		if err := h.DeleteSubscription(t.Context(), "owner", deleted.WID); err != nil {
			t.Fatal(err)
		}

		days := registerclient.UpdateWebhookRequest{NotifyDaysBefore: new(7)}
		for _, test := range []struct {
			name    string
			account store.Account
			wid     string
			in      registerclient.UpdateWebhookRequest
			want    string
		}{
			{"another account's", other, created.WID, days, "not found NOT001"},
			{"unknown", h.owner, "wid_0123456789abcdef01234567", days, "not found NOT001"},
			{"deleted", h.owner, deleted.WID, days, "not found NOT001"},
			{"wrong", h.owner, created.WID, registerclient.UpdateWebhookRequest{
				NotifyDaysBefore: new(0), AlertEmail: new("me"),
			}, "invalid VAL001 alert-email notify-days-before"},
			{"address of another", h.owner, created.WID, registerclient.UpdateWebhookRequest{
				CallbackURL: new("https://b.example/hook"),
			}, "conflict CON001 callback-url"},
			{"address of a deleted one", h.owner, created.WID, registerclient.UpdateWebhookRequest{
				CallbackURL: new("https://c.example/hook"),
			}, ""},
			{"days", h.owner, created.WID, days, ""},
		} {
			_, secret, err := h.UpdateSubscription(t.Context(), test.account.AccountID, test.wid, test.in)
			expectRefusal(t, test.name, err, test.want)
			if secret != "" {
				t.Errorf("%s: the secret was rotated", test.name)
			}
		}

		listed := must(h.ListSubscriptions(t.Context(), "owner"))(t)
		got := listed[slices.IndexFunc(listed, func(w registerclient.Webhook) bool { return w.WID == created.WID })]
		if got.CallbackURL != "https://c.example/hook" || got.NotifyDaysBefore != 7 || got.AlertEmail != alertEmail ||
			!slices.Equal(got.EventTypes, created.EventTypes) {
			t.Errorf("the subscription is %+v", got)
		}

		h.expectAudited(t, "webhook.updated", 2)
	})
}

// A rotated secret signs beside the new one for 15 minutes. A later change keeps both.
func TestRotateSecret(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	wid := h.subscribe(t, h.owner, "https://a.example/hook").WID
	secrets := func() (current, previous string, until time.Time) {
		signing := must(h.SigningSecrets(must(h.store.FindWebhook(t.Context(), wid))(t)))(t)

		return signing.Current, signing.Previous, signing.PreviousUntil
	}
	first, previous, _ := secrets()
	if !strings.HasPrefix(first, "whsec_") || previous != "" {
		t.Errorf("at first %q and %q sign", first, previous)
	}

	rotate := registerclient.UpdateWebhookRequest{RotateSecret: true}
	_, second, err := h.UpdateSubscription(t.Context(), "owner", wid, rotate)
	if err != nil {
		t.Fatal(err)
	}

	h.clock.Add(time.Minute)
	days := registerclient.UpdateWebhookRequest{NotifyDaysBefore: new(7)}
	if _, _, err := h.UpdateSubscription(t.Context(), "owner", wid, days); err != nil {
		t.Fatal(err)
	}

	current, previous, until := secrets()
	if second == "" || second == first || current != second || previous != first ||
		!until.Equal(today.Add(15*time.Minute)) {
		t.Errorf("after the rotation %q and until %s %q sign", current, until, previous)
	}
}

// An account ends its own subscriptions, once.
func TestDeleteSubscription(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		wid := h.subscribe(t, h.owner, "https://a.example/hook").WID
		for _, test := range []struct{ name, account, wid, want string }{
			{"another account's", "portal", wid, "not found NOT001"},
			{"unknown", "owner", "nonsense", "not found NOT001"},
			{"own", "owner", wid, ""},
			{"again", "owner", wid, "not found NOT001"},
		} {
			expectRefusal(t, test.name, h.DeleteSubscription(t.Context(), test.account, test.wid), test.want)
		}

		if listed := must(h.ListSubscriptions(t.Context(), "owner"))(t); len(listed) != 0 {
			t.Errorf("still listed: %+v", listed)
		}

		h.expectAudited(t, "webhook.deleted", 1)
	})
}
