package registerclient

import (
	"context"
	"net/http"
	"net/url"
)

// CreateAccessRecord registers the calling Data User's access to a meter point's data.
func (c *Client) CreateAccessRecord(ctx context.Context, record AccessRecord) (*RegisterAccessResponse, error) {
	return send[RegisterAccessResponse](ctx, c, call{
		op: "create access record", method: http.MethodPost, path: "/access-records", body: record,
	})
}

// VerifyAccessRecord reads one record as anybody may: without credentials, and without anything personal.
func (c *Client) VerifyAccessRecord(ctx context.Context, ak string) (*VerifyAccessResponse, error) {
	return send[VerifyAccessResponse](ctx, c, call{
		op: "verify access record", method: http.MethodGet, path: "/access-records/" + segment(ak),
		authorization: new(string), retries: 2,
	})
}

// RevokeAccessRecordQuery says why an access record ends, and on whose word.
type RevokeAccessRecordQuery struct {
	// Reason may be empty.
	Reason RevokeReason
	// ReidentificationToken is the customer's authority: required of a portal, and not of the record's owner.
	ReidentificationToken string
}

// RevokeAccessRecord ends an access record. ErrConflict where it is not active, ErrUnprocessable where a portal
// asks for one that does not rest on consent, ErrForbidden where the token does not reach it.
func (c *Client) RevokeAccessRecord(ctx context.Context, ak string, with RevokeAccessRecordQuery) (*RevokeAccessResponse, error) {
	query := url.Values{}
	setIf(query, "reason", with.Reason)
	setIf(query, "reidentification-token", with.ReidentificationToken)
	retries := 0
	if with.ReidentificationToken != "" {
		// A portal's second withdrawal answers as the first; an owner's would answer 404.
		retries = 1
	}
	return send[RevokeAccessResponse](ctx, c, call{
		op: "revoke access record", method: http.MethodDelete, path: "/access-records/" + segment(ak),
		query: query, retries: retries,
	})
}

// ListAccessRecordsQuery narrows the list of a meter point's access records.
type ListAccessRecordsQuery struct {
	// State and LegalBasis keep the records that have them; empty for all.
	State      AccessState
	LegalBasis LegalBasis
	// ReidentificationToken is spent by the reading: required of a portal, and good for one answer.
	ReidentificationToken string
}

// ListAccessRecords reads who has access to a meter point's data. A portal gets everything, once for each
// token; a Data User its own records. ErrForbidden where the token is not confirmed, too old, somebody else's or
// for another meter point; ErrConflict where it is spent.
func (c *Client) ListAccessRecords(ctx context.Context, mpxn string, by ListAccessRecordsQuery) (*ListAccessRecordsResponse, error) {
	query := url.Values{}
	setIf(query, "state", by.State)
	setIf(query, "legal-basis", by.LegalBasis)
	setIf(query, "reidentification-token", by.ReidentificationToken)
	what := call{
		op: "list access records", method: http.MethodGet,
		path: "/meter-points/" + segment(mpxn) + "/access-records", query: query, retries: 2,
	}
	if by.ReidentificationToken != "" {
		// The register may have spent the token on an answer that was lost: asking again would only hide that.
		what.retries, what.once = 0, true
	}
	return send[ListAccessRecordsResponse](ctx, c, what)
}
