package store

import (
	"context"
	"fmt"
	"strings"
)

// Page is a part of a list that is sorted newest first: Limit rows, those after the row that After names. One more is
// read where there is one, so that the reader knows of a next page. A row that is added meanwhile is newer than each page, and shifts none.
type Page struct {
	Limit int
	After *Position
}

// Position is one row's place in a list: its time, and its key among those of the same moment.
type Position struct {
	At  Millis
	Key string
}

// conditions gathers what a WHERE demands.
type conditions struct {
	texts []string
	args  []any
}

func (c *conditions) and(text string, args ...any) {
	c.texts, c.args = append(c.texts, text), append(c.args, args...)
}

// equal demands a value where one is given.
func (c *conditions) equal(column, value string) {
	if value != "" {
		c.and(column+" = ?", value)
	}
}

func (c conditions) String() string {
	if len(c.texts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.texts, " AND ")
}

// paged reads one page of what the conditions let through, and counts all of it.
func paged[T any](
	ctx context.Context,
	s *Store,
	columns, from string,
	where conditions,
	page Page,
	at, key string,
) ([]T, int, error) {
	total, err := one[int](ctx, s.read, `SELECT COUNT(*) FROM `+from+where.String(), where.args...)
	if err != nil {
		return nil, 0, fmt.Errorf("count rows of %s: %w", from, err)
	}
	if page.After != nil {
		where.and(`(`+at+` < ? OR `+at+` = ? AND `+key+` < ?)`, page.After.At, page.After.At, page.After.Key)
	}

	rows, err := all[T](
		ctx,
		s.read,
		`SELECT `+columns+` FROM `+from+where.String()+` ORDER BY `+at+` DESC, `+key+` DESC LIMIT ?`,
		append(where.args, page.Limit+1)...)
	if err != nil {
		return nil, 0, fmt.Errorf("list rows of %s: %w", from, err)
	}

	return rows, total, nil
}
