package register

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"central.consent/dar/register/store"
	"github.com/labstack/echo/v4"
)

// mostRows is the most that one page of a list may hold.
const mostRows = 500

// The times that a cursor may name: the years 0 to 9999, as JSON can write them.
var (
	earliest = time.Date(0, time.January, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	latest   = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC).UnixMilli()
)

// readPage reads which part of a list is wanted from limit and cursor; without a limit it is so many rows.
func readPage(c echo.Context, byDefault int) (store.Page, error) {
	page := store.Page{Limit: byDefault}
	var k checks
	if c.QueryParams().Has("limit") {
		// Atoi takes signs, which the published type does not.
		limit, err := strconv.Atoi(c.QueryParam("limit"))
		if err != nil || limit < 1 || limit > mostRows || !regexpIndex.MatchString(c.QueryParam("limit")) {
			k.add("limit", fmt.Sprintf("must be a whole number from 1 to %d.", mostRows))
		}
		page.Limit = limit
	}
	if c.QueryParams().Has("cursor") {
		after, ok := readCursor(c.QueryParam("cursor"))
		if !ok {
			k.add("cursor", "is not a next-cursor of this register.")
		}
		page.After = after
	}
	return page, k.err()
}

// nextCursor is what the answer tells for the page after this one: empty where this one is the last. Last is the
// place of its last row, of the so many that it holds.
func nextCursor(page store.Page, rows int, last func() store.Position) string {
	if rows < page.Limit {
		return ""
	}
	at := last()
	position := binary.BigEndian.AppendUint64(nil, uint64(at.At.Time().UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(append(position, at.Key...))
}

func readCursor(text string) (*store.Position, bool) {
	position, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(position) <= 8 || len(position) > 100 || !visible(string(position[8:])) {
		return nil, false
	}
	at := int64(binary.BigEndian.Uint64(position))
	if at < earliest || at > latest {
		return nil, false
	}
	return &store.Position{At: store.Millis(time.UnixMilli(at).UTC()), Key: string(position[8:])}, true
}
