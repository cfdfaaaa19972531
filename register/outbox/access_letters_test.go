package outbox_test

import (
	"context"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// The worker writes the letters about changed access that are due when it starts, and sends them.
func TestWorkerWritesAccessLetters(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		server, sender := registertest.NewInbox(t)
		r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations(), registertest.WithMail(sender))
		owner, _, ir := household(t, r)
		record := registertest.AccessRecord(ir, registerclient.BasisContract)
		ak := create(t, owner, ir, registerclient.BasisContract)
		record.Processing.DataTypes = append(record.Processing.DataTypes, registerclient.HalfHourlyExport)
		must(owner.ReplaceAccessRecord(t.Context(), ak, record))(t)

		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			r.Work(ctx)
		}()

		letters := must(server.Wait(t.Context(), 1))(t)
		stop()
		<-stopped
		if len(letters) != 1 || letters[0].To != customer {
			t.Fatalf("the letters are %v", letters)
		}
		if !strings.Contains(letters[0].Subject, "gave itself access to more of your energy data") {
			t.Errorf("the subject is %q", letters[0].Subject)
		}
	})
}
