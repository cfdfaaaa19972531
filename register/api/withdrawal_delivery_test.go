package api_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// The portal and the owner see the delivery status of a withdrawal.
func TestWithdrawalDelivery(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		endpoint := newReceiver(t, r)
		endpoint.subscribe(owner, registerclient.EventConsentWithdrawal)
		endpoint.answers(http.StatusServiceUnavailable)
		ak := create(t, owner, ir, registerclient.BasisConsent)
		token := start(t, portal, registerclient.MethodMagicLink).TokenRef()
		list(t, portal, token)
		wants := func(status registerclient.NoticeStatus, ended bool) {
			t.Helper()
			for name, ask := range map[string]func() (*registerclient.NoticeResponse, error){
				"portal": func() (*registerclient.NoticeResponse, error) { return portal.WithdrawalNotice(t.Context(), ak, token) },
				"owner":  func() (*registerclient.NoticeResponse, error) { return owner.WithdrawalNotice(t.Context(), ak, "") },
			} {
				got := must(ask())(t)
				if got.AK != ak || got.Status != status || (got.At != nil) != ended {
					t.Errorf("%s: got %+v, want %s", name, got, status)
				}
				if got.At != nil && !got.At.Equal(r.Clock.Now()) {
					t.Errorf("%s: at %s, want %s", name, got.At, r.Clock.Now())
				}
			}
		}
		wants(registerclient.NoticeNone, false)
		must(
			portal.RevokeAccessRecord(
				t.Context(),
				ak,
				registerclient.RevokeAccessRecordQuery{ReidentificationToken: token},
			),
		)(
			t,
		)
		wants(registerclient.NoticePending, false)
		r.WorkOff(t)
		wants(registerclient.NoticePending, false)
		endpoint.answers(http.StatusOK)
		r.Clock.Add(2 * time.Minute)
		r.WorkOff(t)
		wants(registerclient.NoticeDelivered, true)
	})
}

// A withdrawal without an endpoint has no delivery; one endpoint of several is enough for delivered.
func TestWithdrawalDeliveryOfSeveralEndpoints(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		status := func(ak string) registerclient.NoticeStatus {
			t.Helper()
			return must(owner.WithdrawalNotice(t.Context(), ak, ""))(t).Status
		}
		silent := create(t, owner, ir, registerclient.BasisConsent)
		must(owner.RevokeAccessRecord(t.Context(), silent, registerclient.RevokeAccessRecordQuery{}))(t)
		if got := status(silent); got != registerclient.NoticeNone {
			t.Errorf("without an endpoint: %s", got)
		}

		dead := newReceiver(t, r)
		live := newReceiver(t, r)
		dead.subscribe(owner)
		dead.answers(http.StatusServiceUnavailable)
		ak := create(t, owner, ir, registerclient.BasisConsent)
		must(owner.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{}))(t)
		live.subscribe(owner)
		both := create(t, owner, ir, registerclient.BasisConsent)
		must(owner.RevokeAccessRecord(t.Context(), both, registerclient.RevokeAccessRecordQuery{}))(t)
		r.WorkOff(t)
		// One of two endpoints is enough for the organisation to know.
		if got := status(both); got != registerclient.NoticeDelivered {
			t.Errorf("one of two endpoints has it: %s", got)
		}
		for range 8 {
			r.Clock.Add(27 * time.Hour)
			r.WorkOff(t)
		}
		if got := status(ak); got != registerclient.NoticeUndelivered {
			t.Errorf("after the last attempt: %s", got)
		}
		if got := status(both); got != registerclient.NoticeDelivered {
			t.Errorf("one of two endpoints has it, and the other never will: %s", got)
		}
	})
}

// The delivery status needs the same authority as the withdrawal.
func TestWithdrawalDeliveryAuthority(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		read := create(t, owner, ir, registerclient.BasisConsent)
		token := start(t, portal, registerclient.MethodMagicLink).TokenRef()
		list(t, portal, token)
		later := create(t, owner, ir, registerclient.BasisConsent)
		for name, test := range map[string]struct {
			client *registerclient.Client
			ak     string
			token  string
			want   error
		}{
			"portal without a token":       {portal, read, "", registerclient.ErrForbidden},
			"portal with an unknown token": {portal, read, "mlr_0123456789abcdef01234567", registerclient.ErrForbidden},
			"another portal":               {r.Client(t, registerclient.RolePortal), read, token, registerclient.ErrForbidden},
			"a record that was not read":   {portal, later, token, registerclient.ErrForbidden},
			"no such record, portal":       {portal, "ak_000000000000000000000000", token, registerclient.ErrForbidden},
			"another data user":            {r.Client(t, registerclient.RoleDataUser), read, "", registerclient.ErrNotFound},
			"no such record, data user":    {owner, "ak_000000000000000000000000", "", registerclient.ErrNotFound},
			"the DCC":                      {r.Client(t, registerclient.RoleDCC), read, "", registerclient.ErrForbidden},
		} {
			if _, err := test.client.WithdrawalNotice(t.Context(), test.ak, test.token); !errors.Is(err, test.want) {
				t.Errorf("%s: got %v, want %v", name, err, test.want)
			}
		}

		r.Clock.Add(time.Hour)
		if _, err := portal.WithdrawalNotice(t.Context(), read, token); !errors.Is(err, registerclient.ErrForbidden) {
			t.Errorf("an hour later: %v", err)
		}
	})
}
