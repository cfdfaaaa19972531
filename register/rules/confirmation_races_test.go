package rules_test

import (
	"errors"
	"fmt"
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

// Everything that decides about one home at once fails for nothing but the rules: the answer to a letter, the sweeps,
// a change of the address, the erasure of the record and a confirmation.
func TestDecisionsAtOnce(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, partner := h.livesToo(t, "partner", partnerEmail)
		third := h.account(t, "third", registerclient.RoleDataUser)
		for n := range 4 {
			h.clock.Add(day)
			ir := h.lives(t, third, fmt.Sprintf("third%d@example.com", n), "2022-06-30")
			letters := h.contactLetters(t)
			_, secret := h.askByLink(t, false)
			opened := must(h.Open(t.Context(), store.LinkSecret, secret))(t)

			var racing sync.WaitGroup
			for name, decide := range map[string]func() error{
				"confirm": func() error {
					_, err := h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true})

					return err
				},
				"yes": func() error { return h.answer(t, letters[0], true) },
				"no":  func() error { return h.answer(t, letters[len(letters)-1], false) },
				"waits": func() error {
					_, err := h.EndWaits(t.Context())

					return err
				},
				"letters": func() error {
					_, err := h.WriteContactLetters(t.Context())

					return err
				},
				"change": func() error {
					in := registerclient.UpdateIdentityRecordRequest{Email: new(partnerEmail)}
					_, err := h.UpdateIdentityRecord(t.Context(), "third", ir, in)

					return err
				},
				"change the standing one": func() error {
					in := registerclient.UpdateIdentityRecordRequest{Email: new(fmt.Sprintf("new%d@example.com", n))}
					_, err := h.UpdateIdentityRecord(t.Context(), "owner", h.ir, in)

					return err
				},
				"erase": func() error {
					_, err := h.AnonymiseIdentityRecord(t.Context(), "third", ir)

					return err
				},
				"set aside": func() error {
					_, err := h.tryDecide(t, rules.SetAside, h.contactOf(t, partner).ID)

					return err
				},
			} {
				racing.Go(func() {
					err := decide()
					_, refused := errors.AsType[*rules.Error](err)
					if err != nil && !refused && !errors.Is(err, rules.ErrEnded) {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
			racing.Wait()

			for _, c := range must(h.store.ListContacts(t.Context(), meterPoint))(t) {
				if c.IR == ir {
					t.Errorf("a contact of an erased record is left: %s %s", c.State, c.Why)
				}
			}
			h.decide(t, rules.Restore, h.contactOf(t, partner).ID)
		}
	})
}
