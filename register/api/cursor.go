package api

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

const (
	// maxRows is how many rows a page can hold.
	maxRows = 500
	// recordsPerPage and rowsPerPage are the lengths of a page if the caller gives no limit: of access records, and of
	// every other list.
	recordsPerPage = 200
	rowsPerPage    = 100
)

// readPage reads limit and cursor. A cursor holds the position of the last row of the previous page. It is no secret:
// it opens nothing that the caller may not list.
func readPage(c echo.Context, rows int) (store.Page, error) {
	page := store.Page{Limit: rows}
	query := c.QueryParams()

	var k rules.Checks
	if query.Has("limit") {
		limit, err := strconv.ParseUint(query.Get("limit"), 10, 16) // accepts no sign
		if err != nil || limit < 1 || limit > maxRows {
			k.Add("limit", fmt.Sprintf("must be a number from 1 to %d.", maxRows))
		}
		page.Limit = int(limit)
	}

	if query.Has("cursor") {
		after, ok := decodeCursor(query.Get("cursor"))
		if !ok {
			k.Add("cursor", "is not a cursor of this resource.")
		}
		page.After = after
	}

	return page, k.Err()
}

func decodeCursor(cursor string) (*store.Position, bool) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, false
	}

	parts := strings.Split(string(text), " ")
	if len(parts) < 2 || len(parts) > 3 {
		return nil, false
	}

	at, atErr := strconv.ParseInt(parts[0], 10, 64)
	seq, seqErr := strconv.ParseInt(parts[1], 10, 64)
	if atErr != nil || seqErr != nil {
		return nil, false
	}

	position := store.Position{At: store.Millis(time.UnixMilli(at)), Seq: seq}
	if len(parts) == 2 {
		return &position, true
	}

	if began, err := strconv.ParseInt(parts[2], 10, 64); err == nil {
		position.Began = new(store.Millis(time.UnixMilli(began)))

		return &position, true
	}

	position.Key = parts[2]

	return &position, rules.IsKey(position.Key)
}

// encodeCursor returns the cursor of the page after a position; empty if there is none.
func encodeCursor(last *store.Position) string {
	if last == nil {
		return ""
	}

	text := fmt.Appendf(nil, "%d %d", last.At.Time().UnixMilli(), last.Seq)
	switch {
	case last.Key != "":
		text = fmt.Appendf(text, " %s", last.Key)
	case last.Began != nil:
		text = fmt.Appendf(text, " %d", last.Began.Time().UnixMilli())
	}

	return base64.RawURLEncoding.EncodeToString(text)
}
