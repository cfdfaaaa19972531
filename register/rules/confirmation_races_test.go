package rules_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// A confirmation beside the end of its contact's standing fails for neither: one comes first, and they do not wait for
// each other.
func TestConfirmationBesideADecision(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		for range 5 {
			h.clock.Add(time.Hour) // four links an hour are within the limit
			id := h.contactOf(t, h.ir).ID
			var secrets []string
			for range 4 {
				_, secret := h.askByLink(t, false)
				secrets = append(secrets, secret)
			}
			var racing sync.WaitGroup
			for _, secret := range secrets {
				opened := must(h.Open(t.Context(), store.LinkSecret, secret))(t)
				racing.Go(func() {
					_, err := h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true})
					if err != nil && !errors.Is(err, rules.ErrEnded) {
						t.Errorf("confirm: %v", err)
					}
				})
			}
			racing.Go(func() {
				if _, err := h.tryDecide(t, rules.SetAside, id); err != nil {
					t.Errorf("set aside: %v", err)
				}
			})
			racing.Wait()
			h.decide(t, rules.Restore, id)
		}
	})
}

// Of several Data Users that register the first contact of a meter point at once, one is first.
func TestFirstContactsAtOnce(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		const fresh = "2312345678902"
		accounts := make([]store.Account, 4)
		for i, id := range []string{"one", "two", "three", "four"} {
			accounts[i] = h.account(t, id, registerclient.RoleDataUser)
		}

		var racing sync.WaitGroup
		for _, account := range accounts {
			racing.Go(func() {
				in := registertest.IdentityRecord(fresh, account.AccountID+"@example.com")
				if _, err := h.createIdentity(t, account, in); err != nil {
					t.Error(err)
				}
			})
		}
		racing.Wait()

		stands := 0
		for _, c := range must(h.store.ListContacts(t.Context(), fresh))(t) {
			if c.State == store.ContactStands {
				stands++
			}
		}
		if stands != 1 {
			t.Errorf("%d contacts stand, want 1", stands)
		}
	})
}
