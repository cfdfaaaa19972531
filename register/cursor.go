package register

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
)

// mostRows is how long a page may be.
const mostRows = 500

// readPage reads limit and cursor. A cursor is the place of the last row of the page before, not a secret: it opens
// nothing that the caller may not list.
func readPage(c echo.Context, byDefault int) (store.Page, error) {
	page := store.Page{Limit: byDefault}
	var k checks
	if c.QueryParams().Has("limit") {
		limit, err := strconv.ParseUint(c.QueryParam("limit"), 10, 16) // which takes no sign
		if err != nil || limit < 1 || limit > mostRows {
			k.add("limit", fmt.Sprintf("must be a number from 1 to %d.", mostRows))
		}
		page.Limit = int(limit)
	}

	if c.QueryParams().Has("cursor") {
		text, err := base64.RawURLEncoding.DecodeString(c.QueryParam("cursor"))
		millis, key, found := strings.Cut(string(text), " ")
		at, wrong := strconv.ParseInt(millis, 10, 64)
		if err != nil || !found || wrong != nil || !patternKey.MatchString(key) {
			k.add("cursor", "is not one that this resource gave out.")
		}

		page.After = &store.Position{At: store.Millis(time.UnixMilli(at)), Key: key}
	}

	return page, k.err()
}

// nextCursor is where the page after this one begins; empty where this is the last. The page was read with one row
// more than it shows.
func nextCursor[T any](rows []T, page store.Page, place func(T) (at store.Millis, key string)) ([]T, string) {
	if len(rows) <= page.Limit {
		return rows, ""
	}

	rows = rows[:page.Limit]
	at, key := place(rows[page.Limit-1])
	return rows, base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", at.Time().UnixMilli(), key))
}
