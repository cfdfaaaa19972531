package registerclient

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// CreateAccessRecord registers the calling Data User's access to the data of a meter point. It returns ErrForbidden if
// the identity record belongs to another Data User, ErrNotFound if the token is unknown, ErrConflict if the token is
// consumed or the identity record has been anonymised, ErrUnprocessable if the token is not confirmed or too old.
func (c *Client) CreateAccessRecord(ctx context.Context, record AccessRecord) (*RegisterAccessResponse, error) {
	return send[RegisterAccessResponse](ctx, c, operation{
		name:   "create access record",
		method: http.MethodPost,
		path:   "/access-records",
		body:   record,
	})
}

// VerifyAccessRecord reads a record as the public may: without credentials, and without personal data. Discovered
// access has the state StateDiscovered and its two keys, and nothing else. It returns ErrNotFound if there is no such
// record.
func (c *Client) VerifyAccessRecord(ctx context.Context, ak string) (*VerifyAccessResponse, error) {
	return send[VerifyAccessResponse](ctx, c, operation{
		name:          "verify access record",
		method:        http.MethodGet,
		path:          "/access-records/" + segment(ak),
		authorization: new(string),
		retries:       2,
	})
}

// ReplaceAccessRecord replaces the whole content of an active record of the calling Data User. The new state must be
// StateActive. Without an identity-record-ref the identity record stays the same; a re-identification token is not
// accepted. It returns ErrForbidden if the identity record belongs to another Data User, ErrNotFound if the caller has
// no such record, ErrConflict if it is no longer active.
func (c *Client) ReplaceAccessRecord(
	ctx context.Context,
	ak string,
	record AccessRecord,
) (*RegisterAccessResponse, error) {
	return send[RegisterAccessResponse](ctx, c, operation{
		name:   "replace access record",
		method: http.MethodPut,
		path:   "/access-records/" + segment(ak),
		body:   record,
	})
}

// RevokeAccessRecordQuery says why an access record is revoked, and with which authority.
type RevokeAccessRecordQuery struct {
	// Reason may be empty.
	Reason RevokeReason
	// ReidentificationToken is the customer's authority. Portals need it, the owner of the record does not.
	ReidentificationToken string
	// ErasureRequested says that the customer also asks the organisation to erase what it holds. Portals alone may
	// say so. Only the request that ends the record passes it on.
	ErasureRequested bool
}

// RevokeAccessRecord revokes an access record. It returns ErrConflict if it is not active, ErrUnprocessable if a portal
// asks for a record that is not based on consent, ErrForbidden if the token does not apply to it.
func (c *Client) RevokeAccessRecord(
	ctx context.Context,
	ak string,
	with RevokeAccessRecordQuery,
) (*RevokeAccessResponse, error) {
	query := url.Values{}
	setIf(query, "reason", with.Reason)
	setIf(query, "reidentification-token", with.ReidentificationToken)
	if with.ErasureRequested {
		query.Set("erasure-requested", "true")
	}

	retries := 0
	if with.ReidentificationToken != "" {
		// Withdrawing twice is idempotent for a portal. The owner would get 404 the second time.
		retries = 1
	}

	return send[RevokeAccessResponse](ctx, c, operation{
		name:    "revoke access record",
		method:  http.MethodDelete,
		path:    "/access-records/" + segment(ak),
		query:   query,
		retries: retries,

		byCustomer: with.ReidentificationToken != "",
	})
}

// WithdrawalNotice reads the delivery status of a withdrawal: whether the organisation's system has accepted the event.
// The token is the customer's authority, as in RevokeAccessRecord; the owner of the record leaves it empty. It returns
// ErrForbidden if the token does not apply to the record, ErrNotFound if the caller has no such record.
func (c *Client) WithdrawalNotice(ctx context.Context, ak, token string) (*NoticeResponse, error) {
	query := url.Values{}
	setIf(query, "reidentification-token", token)

	return send[NoticeResponse](ctx, c, operation{
		name:    "read delivery status of withdrawal",
		method:  http.MethodGet,
		path:    "/access-records/" + segment(ak) + "/notice",
		query:   query,
		retries: 2,
	})
}

// ListAccessRecordsQuery selects access records of a meter point.
type ListAccessRecordsQuery struct {
	// State and LegalBasis select the records that have them; empty for all.
	State      AccessState
	LegalBasis LegalBasis
	// ReidentificationToken is consumed by the reading. Portals need it. It is single use.
	ReidentificationToken string
	// Limit is the largest number of rows on a page, 1 to 500; 0 for 200. Cursor is the NextCursor of the page before.
	// Both are for Data Users only: a portal reads everything at once.
	Limit  int
	Cursor string
}

// ListAccessRecords lists who has access to the data of a meter point. A portal gets everything, once for each token;
// a Data User gets its own records, in pages. It returns ErrInvalid if a portal asks for a page, ErrForbidden if the
// token is not confirmed, too old, another account's or for another meter point, ErrConflict if it is consumed.
//
// With WithIdempotencyKey a portal's reading is sent again, at most twice, as a POST is: for two minutes the register
// gives the same response to the same request, unless something of the list has changed; then it returns ErrConflict.
func (c *Client) ListAccessRecords(
	ctx context.Context,
	mpxn string,
	by ListAccessRecordsQuery,
) (*ListAccessRecordsResponse, error) {
	query := url.Values{}
	setIf(query, "state", by.State)
	setIf(query, "legal-basis", by.LegalBasis)
	setIf(query, "reidentification-token", by.ReidentificationToken)
	setLimit(query, by.Limit)
	setIf(query, "cursor", by.Cursor)

	op := operation{
		name:    "list access records",
		method:  http.MethodGet,
		path:    "/meter-points/" + segment(mpxn) + "/access-records",
		query:   query,
		retries: 2,
	}
	if by.ReidentificationToken != "" {
		// The register may have consumed the token for a response that was lost. A retry would only hide that.
		op.retries = 0
		op.once = true
		op.keyed = true
		op.byCustomer = true
	}

	return send[ListAccessRecordsResponse](ctx, c, op)
}

// ListOwnRecordsQuery selects access records of the calling Data User.
type ListOwnRecordsQuery struct {
	// State and LegalBasis select the records that have them; empty for all. A Data User has no discovered records.
	State      AccessState
	LegalBasis LegalBasis
	// Limit is the largest number of rows on a page, 1 to 500; 0 for 200. Cursor is the NextCursor of the page before.
	Limit  int
	Cursor string
	// MPxN and ControllerReference select the records of a meter point, and those with this reference of the owner's
	// own; empty for all.
	MPxN                string
	ControllerReference string
	// ChangedSince selects the records that were registered, replaced or ended at this moment or later, and sorts them
	// by their last change, oldest first. It is for reconciliation: for the next list give ChangedThrough of this one.
	// The two overlap by at least 15 minutes, so a record can come again; none is missed. A record that reached its
	// expiry has not changed. The zero value selects all.
	ChangedSince time.Time
}

// ListOwnRecords lists the calling Data User's access records, newest first unless ChangedSince is given. It returns
// ErrInvalid if a filter is not valid.
func (c *Client) ListOwnRecords(ctx context.Context, by ListOwnRecordsQuery) (*ListRecordsResponse, error) {
	query := url.Values{}
	setIf(query, "state", by.State)
	setIf(query, "legal-basis", by.LegalBasis)
	setIf(query, "mpxn", by.MPxN)
	setIf(query, "controller-reference", by.ControllerReference)
	if !by.ChangedSince.IsZero() {
		query.Set("changed-since", by.ChangedSince.UTC().Format(time.RFC3339))
	}
	setLimit(query, by.Limit)
	setIf(query, "cursor", by.Cursor)

	return send[ListRecordsResponse](ctx, c, operation{
		name:    "list own records",
		method:  http.MethodGet,
		path:    "/records",
		query:   query,
		retries: 2,
	})
}
