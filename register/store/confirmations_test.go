package store_test

import (
	"testing"
	"time"

	"central.consent/dar/register/store"
)

// The customer of a challenge lives there, and an account asks.
func household(d *data) (asking store.Account, identity store.IdentityRecord) {
	d.t.Helper()
	d.account("dcc", "dcc")
	owner := d.account("bright", "data_user")

	return d.account("portal", "portal"), d.identity(owner.AccountID, "2020-01-01")
}

func TestConfirmByLink(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		asking, identity := household(d)
		withCode := func(r *store.Reidentification) { r.MatchCode = new("AB12") }
		for _, test := range []struct {
			name      string
			challenge func(*store.Reidentification)
			answer    store.LinkAnswer
			after     time.Duration
			want      bool
		}{
			{"no code", func(*store.Reidentification) {}, store.LinkAnswer{}, 0, true},
			{"right code", withCode, store.LinkAnswer{Code: "AB12"}, 0, true},
			{"wrong code", withCode, store.LinkAnswer{Code: "AB13"}, 0, false},
			{"shown code instead of match code", withCode, store.LinkAnswer{TypedShown: true}, 0, false},
			{"just in time", withCode, store.LinkAnswer{Code: "AB12"}, time.Hour - time.Millisecond, true},
			{"too late", withCode, store.LinkAnswer{Code: "AB12"}, time.Hour, false},
		} {
			challenge := d.challenge(asking.AccountID, identity, test.challenge)
			test.answer.LinkHash = challenge.LinkHash
			test.answer.EnrolHash = hash("enrol " + challenge.Challenge)
			confirm := func(tx *store.Tx) (bool, error) {
				return tx.ConfirmByLink(t.Context(), test.answer, now.Add(test.after))
			}

			expect(t, test.name, d.changes(confirm), test.want)
			expect(t, test.name+", again", d.changes(confirm), false)
		}
	})
}

func TestWrongCodesEndAChallenge(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		asking, identity := household(d)
		challenge := d.challenge(asking.AccountID, identity)
		counted := d.concurrently(2*store.MaxWrongCodes, func(tx *store.Tx) (bool, error) {
			return tx.CountWrongCode(t.Context(), challenge.Challenge, now)
		})
		if counted != store.MaxWrongCodes {
			t.Errorf("counted %d wrong codes, want %d", counted, store.MaxWrongCodes)
		}

		found, err := d.FindReidentification(t.Context(), challenge.TokenHash, asking.AccountID)
		if err != nil || !found.EndedByWrongCodes() {
			t.Errorf("%+v, %v: want it ended by wrong codes", found, err)
		}
	})
}

func TestSoftDecline(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		asking, identity := household(d)
		challenge := d.challenge(asking.AccountID, identity)
		decline := func(tx *store.Tx) (bool, error) { return tx.SoftDecline(t.Context(), challenge.Challenge, now) }
		answer := func(typed bool) func(tx *store.Tx) (bool, error) {
			return func(tx *store.Tx) (bool, error) {
				yes := store.LinkAnswer{LinkHash: challenge.LinkHash, TypedShown: typed, EnrolHash: hash("enrol")}
				return tx.ConfirmByLink(t.Context(), yes, now)
			}
		}

		expect(t, "decline", d.changes(decline), true)
		expect(t, "decline again", d.changes(decline), false)
		expect(t, "passkey", d.changes(func(tx *store.Tx) (bool, error) {
			return tx.ConfirmByPasskey(t.Context(), challenge, nil, now)
		}), false)
		expect(t, "link without a code", d.changes(answer(false)), false)
		expect(t, "link with the shown code", d.changes(answer(true)), true)
	})
}

// A passkey confirms at once, or with a completion code only when that has come back.
func TestConfirmByPasskey(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		asking, identity := household(d)
		consume := func(challenge store.Reidentification) bool {
			return d.changes(func(tx *store.Tx) (bool, error) {
				return tx.ConsumeReidentification(
					t.Context(), challenge.TokenHash, asking.AccountID, mpxn, now.Add(-time.Hour), now)
			})
		}

		direct := d.challenge(asking.AccountID, identity)
		expect(t, "without a completion code", d.changes(func(tx *store.Tx) (bool, error) {
			return tx.ConfirmByPasskey(t.Context(), direct, nil, now)
		}), true)
		expect(t, "its token", consume(direct), true)

		completed := d.challenge(asking.AccountID, identity)
		expect(t, "with a completion code", d.changes(func(tx *store.Tx) (bool, error) {
			return tx.ConfirmByPasskey(t.Context(), completed, hash("code"), now)
		}), true)
		expect(t, "its token, before", consume(completed), false)
		for _, test := range []struct {
			name       string
			account    string
			code       string
			shownAfter time.Time
			want       bool
		}{
			{"another code", asking.AccountID, "another", now.Add(-time.Minute), false},
			{"another account", "bright", "code", now.Add(-time.Minute), false},
			{"too late", asking.AccountID, "code", now, false},
			{"complete", asking.AccountID, "code", now.Add(-time.Minute), true},
			{"again", asking.AccountID, "code", now.Add(-time.Minute), false},
		} {
			expect(t, test.name, d.changes(func(tx *store.Tx) (bool, error) {
				return tx.CompleteReidentification(
					t.Context(), completed.TokenHash, test.account, hash(test.code), test.shownAfter, now)
			}), test.want)
		}

		expect(t, "its token, after", consume(completed), true)
	})
}

func TestTokenIsConsumedOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		asking, identity := household(d)
		confirmed := func() store.Reidentification {
			return d.challenge(asking.AccountID, identity, func(r *store.Reidentification) {
				r.ConfirmedAt = new(store.Millis(now))
			})
		}
		consume := func(token []byte, account, meter string, issuedAfter time.Time) func(*store.Tx) (bool, error) {
			return func(tx *store.Tx) (bool, error) {
				return tx.ConsumeReidentification(t.Context(), token, account, meter, issuedAfter, now)
			}
		}

		token := confirmed().TokenHash
		before := now.Add(-time.Hour)
		open := d.challenge(asking.AccountID, identity).TokenHash
		expect(t, "not confirmed", d.changes(consume(open, asking.AccountID, mpxn, before)), false)
		expect(t, "another account", d.changes(consume(token, "bright", mpxn, before)), false)
		expect(t, "another meter point", d.changes(consume(token, asking.AccountID, "1", before)), false)
		expect(t, "too old", d.changes(consume(token, asking.AccountID, mpxn, now)), false)
		if got := d.concurrently(12, consume(token, asking.AccountID, mpxn, before)); got != 1 {
			t.Errorf("consumed %d times, want 1", got)
		}

		declined := d.challenge(asking.AccountID, identity, func(r *store.Reidentification) {
			r.ConfirmedAt = new(store.Millis(now))
			r.DeclinedAt = new(store.Millis(now))
		}).TokenHash
		expect(t, "declined", d.changes(consume(declined, asking.AccountID, mpxn, before)), false)

		earlier := confirmed().TokenHash
		d.changeOfTenancy("2026-06-01")
		expect(t, "an earlier occupant's", d.changes(consume(earlier, asking.AccountID, mpxn, before)), false)
	})
}

// The changes that can end or confirm a challenge exclude each other.
func TestChallengeEndsOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		asking, identity := household(d)
		challenge := d.challenge(asking.AccountID, identity)
		steps := make(chan func(*store.Tx) (bool, error), 6)
		for range 2 {
			steps <- func(tx *store.Tx) (bool, error) { return tx.Decline(t.Context(), challenge.Challenge, now) }
			steps <- func(tx *store.Tx) (bool, error) {
				return tx.ConfirmByPasskey(t.Context(), challenge, nil, now)
			}
			steps <- func(tx *store.Tx) (bool, error) {
				answer := store.LinkAnswer{LinkHash: challenge.LinkHash, EnrolHash: hash("enrol")}
				return tx.ConfirmByLink(t.Context(), answer, now)
			}
		}

		if got := d.concurrently(6, func(tx *store.Tx) (bool, error) { return (<-steps)(tx) }); got != 1 {
			t.Errorf("ended %d times, want 1", got)
		}
	})
}

func TestEnrolmentTicketIsSingleUse(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		asking, identity := household(d)
		challenge := d.challenge(asking.AccountID, identity)
		answer := store.LinkAnswer{LinkHash: challenge.LinkHash, EnrolHash: hash("enrol")}
		d.changes(func(tx *store.Tx) (bool, error) { return tx.ConfirmByLink(t.Context(), answer, now) })

		if _, err := d.FindEnrolment(t.Context(), hash("enrol"), now.Add(-time.Minute), now); err != nil {
			t.Errorf("the ticket was not found: %v", err)
		}
		if got := d.concurrently(6, func(tx *store.Tx) (bool, error) {
			return tx.EndEnrolment(t.Context(), challenge.Challenge)
		}); got != 1 {
			t.Errorf("used %d times, want 1", got)
		}
	})
}
