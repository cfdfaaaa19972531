package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// One endpoint is enough for delivered, at the first time; as long as one is tried the delivery is pending.
func TestWithdrawalDelivery(t *testing.T) {
	t.Parallel()
	first := store.Millis(today)
	second := store.Millis(today.Add(time.Minute))
	queued := store.Job{}
	delivered := store.Job{Outcome: new(store.OutcomeDelivered), EndedAt: &first}
	deliveredLater := store.Job{Outcome: new(store.OutcomeDelivered), EndedAt: &second}
	undelivered := store.Job{Outcome: new(store.OutcomeUndelivered), EndedAt: &first}
	for _, test := range []struct {
		name string
		jobs []store.Job
		want registerclient.NoticeStatus
		at   *store.Millis
	}{
		{"no endpoint", nil, registerclient.NoticeNone, nil},
		{"queued", []store.Job{queued}, registerclient.NoticePending, nil},
		{"delivered", []store.Job{delivered}, registerclient.NoticeDelivered, &first},
		{"delivered twice", []store.Job{deliveredLater, delivered}, registerclient.NoticeDelivered, &first},
		{"given up", []store.Job{undelivered}, registerclient.NoticeUndelivered, &first},
		{"given up, then queued", []store.Job{undelivered, queued}, registerclient.NoticePending, nil},
		{"queued, then given up", []store.Job{queued, undelivered}, registerclient.NoticePending, nil},
		{"given up, then delivered", []store.Job{undelivered, deliveredLater}, registerclient.NoticeDelivered, &second},
		{"delivered, then queued", []store.Job{delivered, queued}, registerclient.NoticeDelivered, &first},
		{"delivered, then given up", []store.Job{deliveredLater, undelivered}, registerclient.NoticeDelivered, &second},
	} {
		got := rules.WithdrawalDeliveryOf(test.jobs)
		want := store.OptionalTime(test.at)
		if got.Status != test.want || (got.At == nil) != (want == nil) || want != nil && !got.At.Equal(*want) {
			t.Errorf("%s: %s at %v, want %s at %v", test.name, got.Status, got.At, test.want, want)
		}
	}
}

// The owner sees the delivery status of its own records only.
func TestOwnWithdrawalDelivery(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		other, _ := r.owner(t, "other")
		ak := r.access(t, owner, ir, registerclient.BasisConsent)
		for _, test := range []struct {
			name    string
			account store.Account
			ak      string
			want    string
		}{
			{"own", owner, ak, ""},
			{"another account's", other, ak, "not found NOT001"},
			{"unknown", owner, "ak_0123456789abcdef01234567", "not found NOT001"},
			{"malformed", owner, "nonsense", "not found NOT001"},
		} {
			got, err := r.FindOwnWithdrawalDelivery(t.Context(), test.account.AccountID, test.ak)
			expectRefusal(t, test.name, err, test.want)
			if err == nil && got.Status != registerclient.NoticeNone {
				t.Errorf("%s: %+v, want none", test.name, got)
			}
		}
	})
}
