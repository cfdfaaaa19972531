package registerclient

import (
	"context"
	"net/http"
	"net/url"
)

// IdentityRecordExists asks whether anybody at a meter point can be asked to confirm, and how. For Data
// Users and portals. A meter point without an identity record is no error.
func (c *Client) IdentityRecordExists(ctx context.Context, mpxn string) (*IdentityExistsResponse, error) {
	return send[IdentityExistsResponse](ctx, c, call{
		op: "ask whether an identity record exists", method: http.MethodGet, path: "/identity-records/exists",
		query: url.Values{"mpxn": {mpxn}}, retries: 2,
	})
}

// CreateIdentityRecord registers one customer of the calling Data User.
func (c *Client) CreateIdentityRecord(
	ctx context.Context,
	record CreateIdentityRecordRequest,
) (*CreateIdentityRecordResponse, error) {
	return send[CreateIdentityRecordResponse](ctx, c, call{
		op: "create identity record", method: http.MethodPost, path: "/identity-records", body: record,
	})
}

// LookupIdentityRecordsQuery picks identity records by one member, or by both at once. One is required.
type LookupIdentityRecordsQuery struct {
	MPxN  string
	Email string
}

// LookupIdentityRecords lists the calling Data User's own identity records; the list may be empty.
func (c *Client) LookupIdentityRecords(
	ctx context.Context,
	by LookupIdentityRecordsQuery,
) (*LookupIdentityRecordsResponse, error) {
	query := url.Values{}
	setIf(query, "mpxn", by.MPxN)
	setIf(query, "email", by.Email)

	return send[LookupIdentityRecordsResponse](ctx, c, call{
		op: "look up identity records", method: http.MethodGet, path: "/identity-records", query: query, retries: 2,
	})
}

// ReadIdentityRecord reads one of the calling Data User's identity records. Once it has been anonymised, what was
// personal is nil. ErrNotFound where the caller has no such record.
func (c *Client) ReadIdentityRecord(ctx context.Context, ir string) (*IdentityRecordResponse, error) {
	return send[IdentityRecordResponse](ctx, c, call{
		op: "read identity record", method: http.MethodGet, path: "/identity-records/" + segment(ir), retries: 2,
	})
}

// AnonymiseIdentityRecord destroys what is personal in one of the calling Data User's identity records, for good.
// A second time answers as the first. ErrNotFound where the caller has no such record, ErrConflict where an access
// record that rests on it is active.
func (c *Client) AnonymiseIdentityRecord(ctx context.Context, ir string) (*AnonymiseIdentityRecordResponse, error) {
	return send[AnonymiseIdentityRecordResponse](ctx, c, call{
		op: "anonymise identity record", method: http.MethodDelete, path: "/identity-records/" + segment(ir),
	})
}

// DeletePasskeyCredential forgets one passkey of one of the calling Data User's identity records. ErrNotFound where
// the caller has no such record, or the record no such passkey.
func (c *Client) DeletePasskeyCredential(ctx context.Context, ir, credentialID string) error {
	_, err := send[struct{}](ctx, c, call{
		op: "delete passkey credential", method: http.MethodDelete,
		path: "/identity-records/" + segment(ir) + "/credentials/" + segment(credentialID), empty: true,
	})
	return err
}
