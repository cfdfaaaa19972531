package registerclient

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// ReadingKind says as what an account read access records of a meter point.
type ReadingKind string

// The kinds of readings.
const (
	// ReadingCustomerList is a portal's reading of the whole list, which the customer confirmed.
	ReadingCustomerList ReadingKind = "customer-list"
	// ReadingOwnRecords is a Data User's reading of its own records. Those of one day are one reading.
	ReadingOwnRecords ReadingKind = "own-records"
	// ReadingAdministrator is a reading by an administrator of the register.
	ReadingAdministrator ReadingKind = "administrator"
)

// MeterPointReading says who read access records of a meter point.
type MeterPointReading struct {
	At   time.Time   `json:"at"`
	Kind ReadingKind `json:"kind"`
	// ReaderName is the display name of the account.
	ReaderName string `json:"reader-name"`
	// Adviser is the name of the person at the portal who read the list for the customer; empty if the portal gave
	// none.
	Adviser string `json:"adviser,omitzero"`
}

// ReadingsResponse is a page of the readings that a household may see, the newest first. It is an addition to the
// published API.
type ReadingsResponse struct {
	Response ResponseMetadata    `json:"response"`
	MPxN     string              `json:"mpxn"`
	Readings []MeterPointReading `json:"readings"`
	// NextCursor starts the next page; empty on the last page. A page with a NextCursor can be shorter than the limit.
	NextCursor string `json:"next-cursor,omitzero"`
}

// ReadingsQuery selects readings of a meter point.
type ReadingsQuery struct {
	// ReidentificationToken is the customer's authority, as in RevokeAccessRecord. It is not consumed.
	ReidentificationToken string
	// Kind selects the readings of one kind; empty for all.
	Kind ReadingKind
	// Limit is the largest number of rows on a page, 1 to 500; 0 for 100. Cursor is the NextCursor of the page before.
	Limit  int
	Cursor string
}

// Readings lists who looked at the access records of a meter point since the customer's household moved in, as far as
// 400 days back. Only portals may call it. It returns ErrForbidden if the token is not confirmed, too old, another
// account's or for another meter point.
func (c *Client) Readings(ctx context.Context, mpxn string, by ReadingsQuery) (*ReadingsResponse, error) {
	query := url.Values{}
	setIf(query, "reidentification-token", by.ReidentificationToken)
	setIf(query, "kind", by.Kind)
	setLimit(query, by.Limit)
	setIf(query, "cursor", by.Cursor)

	return send[ReadingsResponse](ctx, c, operation{
		name:       "list readings of meter point",
		method:     http.MethodGet,
		path:       "/meter-points/" + segment(mpxn) + "/readings",
		query:      query,
		retries:    2,
		byCustomer: true,
	})
}
