package outbox_test

import (
	"context"
	"fmt"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The worker's sweep raises the alarms that are due, and logs each as an error with its account and kind.
func TestSweepRaisesAlarms(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := r.ClientOf(t, registerclient.CreateAccountRequest{
		AccountID: "bright_energy",
		Role:      registerclient.RoleDataUser,
	})
	ir := registertest.Identity(t, owner, "")
	now := store.Millis(r.Clock.Now())
	err := r.Store.Transact(t.Context(), func(tx *store.Tx) error {
		for i := range 1001 {
			err := tx.InsertContacts(t.Context(), []store.Contact{{
				ID:        rules.NewID("cnt"),
				IR:        ir,
				AccountID: "bright_energy",
				MPxN:      fmt.Sprintf("98%011d", i),
				KeyID:     "test",
				CreatedAt: now,
				Standing:  store.Standing{State: store.ContactStands, Since: now, Why: "first"},
			}})
			if err != nil {
				return err
			}
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		r.Work(ctx)
	}()
	r.Log.Wait(t, `"level":"ERROR","msg":"alarm","account":"bright_energy","kind":"first-contacts"`)
	stop()
	<-stopped
}
