package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
)

// mayScan are the names in queries of what may be read whole, each with its reason.
var mayScan = map[string]string{
	"a":       "accounts are few",
	"letters": "a subquery with a limit",
	"firsts":  "a subquery with a limit",
}

// What a customer or the sweep asks about contacts finds its rows by an index, however many meter points there are.
func TestPlansOfContacts(t *testing.T) {
	t.Parallel()
	asked := 0
	s := plansOf(t, func(query, step string) {
		asked++
		table, isScan := strings.CutPrefix(step, "SCAN ")
		table, _, _ = strings.Cut(table, " ")
		if isScan && mayScan[table] == "" {
			t.Errorf("%s\n%s", step, query)
		}
	})

	queries := contactQueries(t.Context(), s)
	for _, ask := range queries {
		if err := ask(); err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	}
	if asked < len(queries) {
		t.Errorf("%d steps were recorded, want at least %d", asked, len(queries))
	}
}

// What an account has at one meter point is found by the meter point: the account may have millions elsewhere. The
// planner of a database that was never analysed has no other reason to choose.
func TestPlansAtMeterPoint(t *testing.T) {
	t.Parallel()
	const account = "bright"
	byMeterPoint := 0
	s := plansOf(t, func(query, step string) {
		switch {
		case strings.Contains(step, "_by_meter_point (mpxn=? AND account_id=?"):
			byMeterPoint++
		case strings.Contains(step, "_by_account"), strings.HasPrefix(step, "SCAN r"):
			t.Errorf("%s\n%s", step, query)
		}
	})

	queries := []func() error{
		func() error { return errorOf(s.SumRecordSizes(t.Context(), account, []string{mpxn})) },
		func() error { return errorOf(s.CountActiveRecords(t.Context(), account, []string{mpxn}, now)) },
		func() error { return errorOf(s.CountIdentityRecords(t.Context(), account, []string{mpxn})) },
		func() error { return errorOf(s.HasAccessRecord(t.Context(), account, mpxn)) },
		func() error {
			filter := store.RecordFilter{AccountID: account, MPxN: mpxn, Now: now}
			_, _, err := s.ListRecords(t.Context(), filter, store.Page{Limit: 1})

			return err
		},
	}
	for _, ask := range queries {
		if err := ask(); err != nil {
			t.Fatal(err)
		}
	}
	if byMeterPoint < len(queries) {
		t.Errorf("%d queries used the index of the meter point, want %d", byMeterPoint, len(queries))
	}
}

// plansOf returns a store of an empty database on SQLite that tells see each step of the plan of each query.
func plansOf(t *testing.T, see func(query, step string)) *store.Store {
	t.Helper()
	db := registertest.SQLite.Open(t, migrations.Register)

	return store.New(db.Write, db.Read).RecordingForTest(func(query string, args []any) {
		var steps []struct {
			ID     int    `db:"id"`
			Parent int    `db:"parent"`
			Unused int    `db:"notused"`
			Detail string `db:"detail"`
		}
		if err := db.Read.SelectContext(t.Context(), &steps, "EXPLAIN QUERY PLAN "+query, args...); err != nil {
			t.Fatal(err)
		}

		for _, step := range steps {
			see(query, step.Detail)
		}
	})
}

// contactQueries returns calls of the queries about contacts.
func contactQueries(ctx context.Context, s *store.Store) []func() error {
	const some = "some"

	return []func() error{
		func() error { return errorOf(s.ListContacts(ctx, mpxn)) },
		func() error { return errorOf(s.ListContactsOf(ctx, []string{some})) },
		func() error { return errorOf(s.FindContact(ctx, some)) },
		func() error { return errorOf(s.FindFormerContact(ctx, mpxn, "")) },
		func() error { return errorOf(s.ListSettledMeterPoints(ctx, []string{mpxn})) },
		func() error { return errorOf(s.ListRecordHolders(ctx, mpxn, now)) },
		func() error { return errorOf(s.ListEndedStandings(ctx, mpxn)) },
		func() error { return errorOf(s.ListTenancyChangesToSettle(ctx, now, 1)) },
		func() error { return errorOf(s.ListWaitsDue(ctx, now, 1)) },
		func() error { return errorOf(s.ListRemovalsDue(ctx, now, 1)) },
		func() error { return errorOf(s.FindVisit(ctx, hash(some), now)) },
		func() error { return errorOf(s.FindChallenge(ctx, some)) },
		func() error { return errorOf(s.FindOpenLetter(ctx, hash(some), now)) },
		func() error { return errorOf(s.FindLetterByJob(ctx, some)) },
		func() error { return errorOf(s.FindQuestionedReport(ctx, some)) },
		func() error { return errorOf(s.HasLetterUnderway(ctx, some, 1)) },
		func() error { return errorOf(s.ListWrittenAdditions(ctx, mpxn, now)) },
		func() error { return errorOf(s.ListLetterAccounts(ctx, true, now)) },
		func() error { return errorOf(s.ListLettersDue(ctx, some, true, now, 1)) },
		func() error { return errorOf(s.ListObjections(ctx, now, 3, "2026-06-01")) },
		func() error { return errorOf(s.CountAdditions(ctx, some, now.Add(-time.Hour), 1)) },
		func() error { return errorOf(s.ListChangeAccounts(ctx, now)) },
		func() error { return errorOf(s.ListChangedMeterPoints(ctx, some, now, 1)) },
		func() error { return errorOf(s.ListAccessChanges(ctx, mpxn, some)) },
		func() error { return errorOf(s.ListFirstAccounts(ctx, now, 1, "2026-06-01")) },
	}
}

func errorOf[T any](_ T, err error) error { return err }
