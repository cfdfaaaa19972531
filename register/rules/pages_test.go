package rules_test

import (
	"slices"
	"testing"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// The store reads one row more than a page holds. The position of the last row is returned only if another page
// follows.
func TestCutPage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rows, want []string
		next       string
	}{
		{nil, nil, ""},
		{[]string{"a"}, []string{"a"}, ""},
		{[]string{"a", "b"}, []string{"a", "b"}, ""},
		{[]string{"a", "b", "c"}, []string{"a", "b"}, "b"},
	} {
		got, next := rules.CutPage(test.rows, store.Page{Limit: 2}, func(row string) store.Position {
			return store.Position{Key: row}
		})
		key := ""
		if next != nil {
			key = next.Key
		}
		if !slices.Equal(got, test.want) || key != test.next {
			t.Errorf("%v is cut to %v, then %q, want %v, then %q", test.rows, got, key, test.want, test.next)
		}
	}
}
