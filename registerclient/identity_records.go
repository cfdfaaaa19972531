package registerclient

import (
	"context"
	"net/http"
	"net/url"
)

// IdentityRecordExists asks whether an occupant of a meter point can be asked to confirm, and how. Data Users and
// portals may call it. A meter point without an identity record is not an error.
func (c *Client) IdentityRecordExists(ctx context.Context, mpxn string) (*IdentityExistsResponse, error) {
	return send[IdentityExistsResponse](ctx, c, operation{
		name:    "ask whether an identity record exists",
		method:  http.MethodGet,
		path:    "/identity-records/exists",
		query:   url.Values{"mpxn": {mpxn}},
		retries: 2,
	})
}

// CreateIdentityRecord registers one customer of the calling Data User.
func (c *Client) CreateIdentityRecord(
	ctx context.Context,
	record CreateIdentityRecordRequest,
) (*CreateIdentityRecordResponse, error) {
	return send[CreateIdentityRecordResponse](ctx, c, operation{
		name:   "create identity record",
		method: http.MethodPost,
		path:   "/identity-records",
		body:   record,
	})
}

// LookupIdentityRecordsQuery selects identity records by one field or by both. At least one is required.
type LookupIdentityRecordsQuery struct {
	MPxN  string
	Email string
}

// LookupIdentityRecords lists the calling Data User's own identity records. The list may be empty.
func (c *Client) LookupIdentityRecords(
	ctx context.Context,
	by LookupIdentityRecordsQuery,
) (*LookupIdentityRecordsResponse, error) {
	query := url.Values{}
	setIf(query, "mpxn", by.MPxN)
	setIf(query, "email", by.Email)

	return send[LookupIdentityRecordsResponse](ctx, c, operation{
		name:    "look up identity records",
		method:  http.MethodGet,
		path:    "/identity-records",
		query:   query,
		retries: 2,
	})
}

// ReadIdentityRecord reads an identity record of the calling Data User. If the record is anonymised, its personal data
// is nil. It returns ErrNotFound if the caller has no such record.
func (c *Client) ReadIdentityRecord(ctx context.Context, ir string) (*IdentityRecordResponse, error) {
	return send[IdentityRecordResponse](ctx, c, operation{
		name:    "read identity record",
		method:  http.MethodGet,
		path:    "/identity-records/" + segment(ir),
		retries: 2,
	})
}

// UpdateIdentityRecord changes an identity record of the calling Data User. It returns ErrInvalid if the change is
// wrong or empty, ErrNotFound if the caller has no such record, ErrConflict if the record is anonymised.
func (c *Client) UpdateIdentityRecord(
	ctx context.Context,
	ir string,
	change UpdateIdentityRecordRequest,
) (*IdentityRecordResponse, error) {
	return send[IdentityRecordResponse](ctx, c, operation{
		name:   "update identity record",
		method: http.MethodPatch,
		path:   "/identity-records/" + segment(ir),
		body:   change,
	})
}

// AnonymiseIdentityRecord erases the personal data of an identity record of the calling Data User, for good. It is
// idempotent. It returns ErrNotFound if the caller has no such record, ErrConflict if an active access record of the
// caller is linked to it.
func (c *Client) AnonymiseIdentityRecord(ctx context.Context, ir string) (*AnonymiseIdentityRecordResponse, error) {
	return send[AnonymiseIdentityRecordResponse](ctx, c, operation{
		name:   "anonymise identity record",
		method: http.MethodDelete,
		path:   "/identity-records/" + segment(ir),
	})
}

// DeletePasskeyCredential deletes a passkey of an identity record of the calling Data User. It returns ErrNotFound if
// the caller has no such record, or the record has no such passkey.
func (c *Client) DeletePasskeyCredential(ctx context.Context, ir, credentialID string) error {
	_, err := send[struct{}](ctx, c, operation{
		name:   "delete passkey credential",
		method: http.MethodDelete,
		path:   "/identity-records/" + segment(ir) + "/credentials/" + segment(credentialID),
		empty:  true,
	})

	return err
}
