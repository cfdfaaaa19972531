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
	db := registertest.SQLite.Open(t, migrations.Register)
	plain := store.New(db.Write, db.Read)
	asked := 0
	s := plain.RecordingForTest(func(query string, args []any) {
		asked++
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
			table, isScan := strings.CutPrefix(step.Detail, "SCAN ")
			table, _, _ = strings.Cut(table, " ")
			if isScan && mayScan[table] == "" {
				t.Errorf("%s\n%s", step.Detail, query)
			}
		}
	})

	queries := contactQueries(t.Context(), s)
	for _, ask := range queries {
		if err := ask(); err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	}
	if asked < len(queries) {
		t.Errorf("%d queries were recorded, want %d", asked, len(queries))
	}
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
