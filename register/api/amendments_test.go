package api_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// Readers of a record see what it said before each change. A change that customers are not told of is none.
func TestAmendments(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		ak := create(t, owner, ir, registerclient.BasisConsent)
		replace := func(change func(*registerclient.AccessRecord)) {
			t.Helper()
			record := registertest.AccessRecord(ir, registerclient.BasisConsent)
			change(&record)
			must(owner.ReplaceAccessRecord(t.Context(), ak, record))(t)
		}
		past := func() []registerclient.Amendment {
			t.Helper()

			return list(t, portal, magicLink(t, portal))[0].Amendments
		}

		// Members that customers are not shown, the order of the data types and the time zone are no change.
		replace(func(record *registerclient.AccessRecord) {
			record.AccessEvent.ControllerReference = "X"
			slices.Reverse(record.Processing.DataTypes)
			*record.AccessEvent.Expiry = record.AccessEvent.Expiry.In(time.FixedZone("", 3600))
		})
		if got := past(); got != nil {
			t.Errorf("nothing was changed, and the amendments are %+v", got)
		}

		r.Clock.Add(time.Hour)
		first := r.Clock.Now()
		replace(func(record *registerclient.AccessRecord) {
			record.Processing.DataTypes = append(record.Processing.DataTypes, registerclient.HalfHourlyExport)
			record.AccessEvent.Expiry = nil
		})
		r.Clock.Add(time.Hour)
		second := r.Clock.Now()
		replace(func(record *registerclient.AccessRecord) {
			record.Processing.Purpose = "Another purpose"
			record.RecordMetadata.ControllerArrangement.Controllers[0].Name = "Brighter Energy Ltd"
		})
		sample := registertest.AccessRecord(ir, registerclient.BasisConsent)
		expiry := *sample.AccessEvent.Expiry
		want := []registerclient.Amendment{
			{
				AmendedAt:          first,
				LeadControllerName: "Bright Energy Ltd",
				LegalBasis:         registerclient.BasisConsent,
				Purpose:            "Energy efficiency analysis",
				DataTypes: []registerclient.DataType{
					registerclient.HalfHourlyConsumption,
					registerclient.TariffImport,
				},
				Expiry: &expiry,
			},
			{
				AmendedAt:          second,
				LeadControllerName: "Bright Energy Ltd",
				LegalBasis:         registerclient.BasisConsent,
				Purpose:            "Energy efficiency analysis",
				DataTypes: []registerclient.DataType{
					registerclient.HalfHourlyConsumption,
					registerclient.HalfHourlyExport,
					registerclient.TariffImport,
				},
				ControllerArrangement: &sample.RecordMetadata.ControllerArrangement,
			},
		}
		if got := past(); !reflect.DeepEqual(got, want) {
			t.Errorf("amendments\n%+v, want\n%+v", got, want)
		}

		// Each of several concurrent replacements leaves one amendment. Of more than fifty the oldest are deleted,
		// except the first and those that show more data and another name: a flood of changes must not delete what the
		// customer said yes to, nor what was seen. A day has ten of them.
		for day := range 6 {
			r.Clock.Add(24 * time.Hour)
			var replacements sync.WaitGroup
			for i := range 10 {
				replacements.Go(func() {
					replace(func(record *registerclient.AccessRecord) {
						record.Processing.Purpose = fmt.Sprint("Purpose ", 10*day+i)
					})
				})
			}

			replacements.Wait()
		}

		purposes := map[string]bool{}
		amendments := past()
		if got := amendments[:2]; !reflect.DeepEqual(got, want) {
			t.Errorf("the first amendments are %+v, want %+v", got, want)
		}

		for _, amendment := range amendments {
			purposes[amendment.Purpose] = true
		}

		if len(purposes) != 51 || len(amendments) != 52 {
			t.Errorf("%d purposes in %d amendments, want 51 in 52", len(purposes), len(amendments))
		}

		record := registertest.AccessRecord(ir, registerclient.BasisConsent)
		_, err := owner.ReplaceAccessRecord(t.Context(), ak, record)
		refused, ok := errors.AsType[*registerclient.Error](err)
		if !ok || !errors.Is(err, registerclient.ErrTooMany) || refused.RetryAfter <= 0 {
			t.Errorf("the eleventh of a day: %v, want %v with a wait", err, registerclient.ErrTooMany)
		}
	})
}
