package registerclient

import (
	"context"
	"net/http"
	"net/url"
)

// ListContacts lists the contacts of a meter point, of all Data Users and households, oldest first. Administrators may
// call it.
func (c *Client) ListContacts(ctx context.Context, mpxn string) (*ListContactsResponse, error) {
	return send[ListContactsResponse](ctx, c, operation{
		name:    "list contacts",
		method:  http.MethodGet,
		path:    "/admin/contacts",
		query:   url.Values{"mpxn": {mpxn}},
		retries: 2,
	})
}

// SetContactAside makes a contact answer only its own Data User until it is restored. Administrators may call it. It
// returns ErrNotFound if there is no such contact, ErrConflict if it is set aside already.
func (c *Client) SetContactAside(
	ctx context.Context,
	contact string,
	why ContactDecisionRequest,
) (*ContactResponse, error) {
	return c.decideContact(ctx, contact, "set-aside", why)
}

// RestoreContact makes a contact stand. Administrators may call it. It returns ErrNotFound if there is no such contact,
// ErrConflict if it stands already or its person cannot speak for the household.
func (c *Client) RestoreContact(
	ctx context.Context,
	contact string,
	why ContactDecisionRequest,
) (*ContactResponse, error) {
	return c.decideContact(ctx, contact, "restore", why)
}

func (c *Client) decideContact(
	ctx context.Context,
	contact, decision string,
	why ContactDecisionRequest,
) (*ContactResponse, error) {
	return send[ContactResponse](ctx, c, operation{
		name:   decision + " contact",
		method: http.MethodPost,
		path:   "/admin/contacts/" + segment(contact) + "/" + decision,
		body:   why,
	})
}

// ListAlarmsQuery selects a page of the alarms.
type ListAlarmsQuery struct {
	// Limit is the largest number of rows on a page, 1 to 500; 0 for 100. Cursor is the NextCursor of the page before.
	Limit  int
	Cursor string
}

// ListAlarms lists the alarms, newest first. Administrators may call it.
func (c *Client) ListAlarms(ctx context.Context, by ListAlarmsQuery) (*ListAlarmsResponse, error) {
	query := url.Values{}
	setLimit(query, by.Limit)
	setIf(query, "cursor", by.Cursor)

	return send[ListAlarmsResponse](ctx, c, operation{
		name:    "list alarms",
		method:  http.MethodGet,
		path:    "/admin/alarms",
		query:   query,
		retries: 2,
	})
}
