package rules

import "central.consent/dar/register/store"

// cutPage returns the rows of one page, and the position of its last row if another page follows. The store reads one
// row more than the page holds.
func cutPage[T any](rows []T, page store.Page, position func(T) store.Position) ([]T, *store.Position) {
	if len(rows) <= page.Limit {
		return rows, nil
	}

	rows = rows[:page.Limit]
	last := position(rows[page.Limit-1])

	return rows, &last
}
