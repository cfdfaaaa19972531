package rules_test

import (
	"testing"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The customer of a token has moved out once a change of tenancy after their move-in date has taken effect, and lives
// there again once the report is withdrawn.
func TestIsOutlived(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		started := h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		expect := func(name string, want bool) {
			t.Helper()
			var got bool
			h.change(t, func(tx *store.Tx) (err error) {
				got, err = h.IsOutlived(t.Context(), tx, h.stored(t, h.portal, started))

				return err
			})
			if got != want {
				t.Errorf("%s: moved out is %v, want %v", name, got, want)
			}
		}
		expect("no report", false)
		h.tenancyChange(t, otherMeterPoint, "2026-06-01")
		expect("another meter point", false)
		h.tenancyChange(t, meterPoint, "2022-06-30")
		expect("their own move", false)
		h.tenancyChange(t, meterPoint, "2026-06-02")
		expect("a move to come", false)
		h.tenancyChange(t, meterPoint, "2026-06-01")
		expect("a move today", true)

		for _, change := range must(h.ListTenancyChanges(t.Context(), "admin", meterPoint))(t) {
			if change.EffectiveDate == "2026-06-01" {
				h.change(t, func(tx *store.Tx) error {
					_, err := h.WithdrawTenancyChange(t.Context(), tx, "admin", change.COT)

					return err
				})
			}
		}

		expect("the report withdrawn", false)
		h.tenancyChange(t, meterPoint, "2022-07-30")
		expect("a move 30 days after theirs", false)
		h.tenancyChange(t, meterPoint, "2022-07-31")
		expect("a move 31 days after theirs", true)
	})
}
