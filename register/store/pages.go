package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Page selects a part of a list that is sorted newest first, or oldest first if Oldest is true: the rows after the
// position After, or the first ones if it is nil. A list returns up to Limit+1 rows, so that the caller knows whether
// there is a next page. A row that is added between two pages is newer than both and shifts neither.
type Page struct {
	Limit  int
	After  *Position
	Oldest bool
}

// Position is the place of one row in a list: its time, its sequence number among the rows of the same time, and, in a
// list in which two rows can share a number, its key.
type Position struct {
	At  Millis
	Seq int64
	Key string
	// Began is when the first page of the list was read. Only lists of changes have it.
	Began *Millis
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

// in adds a term for a column that has one of several values, unless there are none.
func (c *conditions) in(column string, values []string) {
	if len(values) == 0 {
		return
	}

	args := make([]any, len(values))
	for i, value := range values {
		args[i] = value
	}

	c.and(column+" IN "+placeholders(1, len(values)), args...)
}

// clause returns the WHERE clause, empty without terms.
func (c *conditions) clause() string {
	if len(c.terms) == 0 {
		return ""
	}

	return " WHERE " + strings.Join(c.terms, " AND ")
}

// list is what a paged query reads: columns of tables, sorted by the columns at, seq and key. The column seq tells the
// order of the rows of one second; key is empty if no two rows share a seq.
type list struct {
	columns, from, at, seq, key string
	// counted is what the rows are counted in; from if it is empty.
	counted string
}

// MostCounted is how many rows of a list are counted. Of a longer list only that it is longer is known.
const MostCounted = 10_000

// Total is how many rows of a list match.
type Total struct {
	// Rows is exact up to MostCounted.
	Rows int
	// AtLeast says that there are more rows than that.
	AtLeast bool
}

// TotalOf returns the total of a list with a known number of rows.
func TotalOf(rows int) Total { return Total{Rows: min(rows, MostCounted), AtLeast: rows > MostCounted} }

// queryPage returns one page of the rows that match, and the number of all that match.
func queryPage[T any](ctx context.Context, db queryer, l list, where conditions, page Page) ([]T, Total, error) {
	args := append(slices.Clone(where.args), MostCounted+1)
	counted, err := queryRow[int](ctx, db, "count rows of "+l.from, `SELECT COUNT(*) FROM (
		SELECT 1 FROM `+cmp.Or(l.counted, l.from)+where.clause()+` LIMIT ?) counted`, args...)
	if err != nil {
		return nil, Total{}, err
	}

	rows, err := queryRowsOfPage[T](ctx, db, l, where, page)

	return rows, TotalOf(counted), err
}

// queryRowsOfPage is queryPage without the number of rows.
func queryRowsOfPage[T any](ctx context.Context, db queryer, l list, where conditions, page Page) ([]T, error) {
	order := []string{l.at, l.seq}
	direction := " DESC"
	after := " < "
	if page.Oldest {
		direction = ""
		after = " > "
	}
	if l.key != "" {
		order = append(order, l.key)
	}

	if p := page.After; p != nil {
		place := []any{p.At, p.Seq, p.Key}[:len(order)]
		where.and(`(`+strings.Join(order, ", ")+`)`+after+placeholders(1, len(order)), place...)
	}

	return queryRows[T](ctx, db, "list rows of "+l.from,
		`SELECT `+l.columns+` FROM `+l.from+where.clause()+
			` ORDER BY `+strings.Join(order, direction+", ")+direction+` LIMIT ?`,
		append(where.args, page.Limit+1)...)
}
