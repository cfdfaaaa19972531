package rules

import (
	"fmt"
	"testing"

	"central.consent/dar/register/store"
)

// A list stays readable however many accounts register however much: each account has a share, in which its active
// records come first, and what is left out is counted.
func TestShortenList(t *testing.T) {
	t.Parallel()
	records := func(account string, count, size int) []store.ListedRecord {
		rows := make([]store.ListedRecord, count)
		for i := range rows {
			rows[i].AK = fmt.Sprintf("%s %d", account, i)
			rows[i].AccountID = account
			rows[i].DataUserName = account
			rows[i].State = store.StateRevoked
			rows[i].Record = make([]byte, size)
		}

		return rows
	}

	many := func() (rows []store.ListedRecord) {
		for i := range 64 {
			rows = append(rows, records(fmt.Sprint("account ", i), 20, 64<<10)...)
		}

		return rows
	}

	for name, test := range map[string]struct {
		rows []store.ListedRecord
		want int
		// accounts is how many accounts have records that are left out, and leftOut how many the first of them has.
		accounts, leftOut int
	}{
		"none":                        {},
		"as many as an account may":   {rows: records("a", 100, 1000), want: 100},
		"one more":                    {records("a", 101, 1000), 100, 1, 1},
		"decoys over another account": {append(records("a", 3400, 600), records("b", 1, 600)...), 101, 1, 3300},
		"too many bytes":              {records("a", 20, 64<<10), 8, 1, 12},
		"64 accounts":                 {many(), 64 * 4, 64, 16},
	} {
		kept, leftOut := shortenList(test.rows, func(store.ListedRecord) bool { return false })
		if len(kept) != test.want || len(leftOut) != test.accounts {
			t.Errorf("%s: %d records, left out %+v", name, len(kept), leftOut)
			continue
		}
		if len(leftOut) > 0 && leftOut[0].Records != test.leftOut {
			t.Errorf("%s: left out %+v, want %d", name, leftOut[0], test.leftOut)
		}
	}

	active := func(store.ListedRecord) bool { return true }
	if kept, leftOut := shortenList(records("a", 30, 250<<10), active); len(kept) != 30 || leftOut != nil {
		t.Errorf("%d of 30 large active records are listed", len(kept))
	}

	rows := records("a", 150, 600)
	kept, _ := shortenList(rows, func(row store.ListedRecord) bool { return row.AK == "a 149" })
	if len(kept) != 100 || kept[0].AK != "a 0" || kept[99].AK != "a 149" {
		t.Errorf("the active record, which is the oldest, is not the last of %d", len(kept))
	}
}
