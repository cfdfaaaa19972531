package store_test

import (
	"testing"
	"time"

	"central.consent/dar/register/store"
)

func TestMillis(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 6, 1, 10, 0, 0, 123_456_789, time.FixedZone("", 3600))
	value, err := store.Millis(moment).Value()
	if err != nil {
		t.Fatal(err)
	}

	var scanned store.Millis
	if err := scanned.Scan(value); err != nil {
		t.Fatal(err)
	}
	if want := moment.UTC().Truncate(time.Millisecond); scanned.Time() != want {
		t.Errorf("%v, want %v", scanned.Time(), want)
	}
	if err := scanned.Scan("2026"); err == nil {
		t.Error("a text was scanned as a time")
	}
}

// Move-in dates are days of London's clock, which is an hour ahead of UTC in summer.
func TestLondonDay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		now   time.Time
		later int
		want  string
	}{
		{time.Date(2026, 6, 30, 22, 59, 59, 0, time.UTC), 0, "2026-06-30"},
		{time.Date(2026, 6, 30, 23, 0, 0, 0, time.UTC), 0, "2026-07-01"},
		{time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), 0, "2026-12-31"},
		{time.Date(2026, 6, 30, 23, 0, 0, 0, time.UTC), 90, "2026-09-29"},
	} {
		if got := store.LondonDay(test.now, test.later); got != test.want {
			t.Errorf("%v and %d days: %s, want %s", test.now, test.later, got, test.want)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, stored := range []any{`["a"]`, []byte(`["a"]`)} {
		var list store.JSON[[]string]
		if err := list.Scan(stored); err != nil || len(list.V) != 1 || list.V[0] != "a" {
			t.Errorf("%v: %v, %v", stored, list.V, err)
		}
	}

	var list store.JSON[[]string]
	if err := list.Scan(int64(1)); err == nil {
		t.Error("a number was scanned as JSON")
	}
}
