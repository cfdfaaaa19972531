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
		endpoint := registertest.NewReceiver(t, r)
		endpoint.Subscribe(t, owner, registerclient.EventConsentWithdrawal)
		endpoint.Respond(http.StatusServiceUnavailable)
		ak := create(t, owner, ir, registerclient.BasisConsent)
		token := magicLink(t, portal)
		list(t, portal, token)
		expectDelivery := func(status registerclient.NoticeStatus, ended bool) {
			t.Helper()
			for name, got := range map[string]*registerclient.NoticeResponse{
				"portal": must(portal.WithdrawalNotice(t.Context(), ak, token))(t),
				"owner":  must(owner.WithdrawalNotice(t.Context(), ak, ""))(t),
			} {
				if got.AK != ak || got.Status != status || (got.At != nil) != ended {
					t.Errorf("%s: got %+v, want %s", name, got, status)
				}
				if got.At != nil && !got.At.Equal(r.Clock.Now()) {
					t.Errorf("%s: at %s, want %s", name, got.At, r.Clock.Now())
				}
			}
		}
		expectDelivery(registerclient.NoticeNone, false)
		if err := withdraw(t, portal, ak, token); err != nil {
			t.Fatal(err)
		}

		expectDelivery(registerclient.NoticePending, false)
		r.WorkOff(t)
		expectDelivery(registerclient.NoticePending, false)
		endpoint.Respond(http.StatusOK)
		r.Clock.Add(2 * time.Minute)
		r.WorkOff(t)
		expectDelivery(registerclient.NoticeDelivered, true)
	})
}

// A withdrawal without an endpoint has no delivery. With several endpoints, one delivery is enough for delivered.
func TestWithdrawalDeliveryOfSeveralEndpoints(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		status := func(ak string) registerclient.NoticeStatus {
			t.Helper()

			return must(owner.WithdrawalNotice(t.Context(), ak, ""))(t).Status
		}
		unsent := create(t, owner, ir, registerclient.BasisConsent)
		revoke(t, owner, unsent)
		if got := status(unsent); got != registerclient.NoticeNone {
			t.Errorf("without an endpoint: %s", got)
		}

		failing := registertest.NewReceiver(t, r)
		working := registertest.NewReceiver(t, r)
		failing.Subscribe(t, owner)
		failing.Respond(http.StatusServiceUnavailable)
		ak := create(t, owner, ir, registerclient.BasisConsent)
		revoke(t, owner, ak)
		working.Subscribe(t, owner)
		both := create(t, owner, ir, registerclient.BasisConsent)
		revoke(t, owner, both)
		r.WorkOff(t)
		if got := status(both); got != registerclient.NoticeDelivered {
			t.Errorf("delivered to one of two endpoints: %s", got)
		}

		for range 8 {
			r.Clock.Add(27 * time.Hour)
			r.WorkOff(t)
		}

		if got := status(ak); got != registerclient.NoticeUndelivered {
			t.Errorf("after the last attempt: %s", got)
		}
		if got := status(both); got != registerclient.NoticeDelivered {
			t.Errorf("delivered to one of two endpoints, and undelivered to the other: %s", got)
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
		token := magicLink(t, portal)
		list(t, portal, token)
		later := create(t, owner, ir, registerclient.BasisConsent)
		otherPortal := r.Client(t, registerclient.RolePortal)
		otherOwner := r.Client(t, registerclient.RoleDataUser)
		dcc := r.Client(t, registerclient.RoleDCC)
		const (
			unknown      = "ak_000000000000000000000000"
			unknownToken = "mlr_0123456789abcdef01234567"
		)
		for name, test := range map[string]struct {
			client *registerclient.Client
			ak     string
			token  string
			want   error
		}{
			"portal without a token":       {portal, read, "", registerclient.ErrForbidden},
			"portal with an unknown token": {portal, read, unknownToken, registerclient.ErrForbidden},
			"another portal":               {otherPortal, read, token, registerclient.ErrForbidden},
			"a record that was not read":   {portal, later, token, registerclient.ErrForbidden},
			"no such record, portal":       {portal, unknown, token, registerclient.ErrForbidden},
			"another data user":            {otherOwner, read, "", registerclient.ErrNotFound},
			"no such record, data user":    {owner, unknown, "", registerclient.ErrNotFound},
			"the DCC":                      {dcc, read, "", registerclient.ErrForbidden},
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
