package store

import (
	"context"
	"strings"
)

// Page selects a part of a list that is sorted newest first: the rows after the position After, or the first ones if
// it is nil. A list returns up to Limit+1 rows, so that the caller knows whether there is a next page. A row that is
// added between two pages is newer than both and shifts neither.
type Page struct {
	Limit int
	After *Position
}

// Position is the place of one row in a list: its time, and its key among the rows of the same time.
type Position struct {
	At  Millis
	Key string
}

// conditions collects the terms of a WHERE clause.
type conditions struct {
	terms []string
	args  []any
}

// and adds a term with its arguments.
func (c *conditions) and(term string, args ...any) {
	c.terms = append(c.terms, term)
	c.args = append(c.args, args...)
}

// equal adds a term for a column, unless the value is empty.
func (c *conditions) equal(column, value string) {
	if value != "" {
		c.and(column+" = ?", value)
	}
}

// clause returns the WHERE clause, empty without terms.
func (c *conditions) clause() string {
	if len(c.terms) == 0 {
		return ""
	}

	return " WHERE " + strings.Join(c.terms, " AND ")
}

// list is what a paged query reads: columns of tables, sorted by the columns at and key.
type list struct {
	columns, from, at, key string
}

// queryPage returns one page of the rows that match, and the number of all that match.
func queryPage[T any](ctx context.Context, db queryer, l list, where conditions, page Page) ([]T, int, error) {
	total, err := queryRow[int](ctx, db, "count rows of "+l.from,
		`SELECT COUNT(*) FROM `+l.from+where.clause(), where.args...)
	if err != nil {
		return nil, 0, err
	}

	if after := page.After; after != nil {
		where.and(`(`+l.at+` < ? OR `+l.at+` = ? AND `+l.key+` < ?)`, after.At, after.At, after.Key)
	}

	rows, err := queryRows[T](ctx, db, "list rows of "+l.from,
		`SELECT `+l.columns+` FROM `+l.from+where.clause()+` ORDER BY `+l.at+` DESC, `+l.key+` DESC LIMIT ?`,
		append(where.args, page.Limit+1)...)

	return rows, total, err
}
