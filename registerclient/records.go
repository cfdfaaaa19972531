package registerclient

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
)

// CreateAccessRecord registers the calling Data User's access to a meter point's data. ErrForbidden where the
// identity record is somebody else's, ErrNotFound where the token is unknown, ErrConflict where it is spent or
// the identity record has been anonymised, ErrUnprocessable where it is not confirmed or too old.
func (c *Client) CreateAccessRecord(ctx context.Context, record AccessRecord) (*RegisterAccessResponse, error) {
	return send[RegisterAccessResponse](ctx, c, call{
		op: "create access record", method: http.MethodPost, path: "/access-records", body: record,
	})
}

// VerifyAccessRecord reads one record as anybody may: without credentials, and without anything personal. A
// discovered record has the state StateDiscovered and its two keys, and nothing else. ErrNotFound where there is
// no such record.
func (c *Client) VerifyAccessRecord(ctx context.Context, ak string) (*VerifyAccessResponse, error) {
	return send[VerifyAccessResponse](ctx, c, call{
		op: "verify access record", method: http.MethodGet, path: "/access-records/" + segment(ak),
		authorization: new(string), retries: 2,
	})
}

// ReplaceAccessRecord puts a whole record in place of an active one of the calling Data User's. Its state must be
// StateActive; without an identity-record-ref the customer stays who they are, and a re-identification token is
// not taken. ErrForbidden where the identity record is somebody else's, ErrNotFound where the caller has no such
// record, ErrConflict where it is not active any more.
func (c *Client) ReplaceAccessRecord(
	ctx context.Context,
	ak string,
	record AccessRecord,
) (*RegisterAccessResponse, error) {
	return send[RegisterAccessResponse](ctx, c, call{
		op: "replace access record", method: http.MethodPut, path: "/access-records/" + segment(ak), body: record,
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
func (c *Client) RevokeAccessRecord(
	ctx context.Context,
	ak string,
	with RevokeAccessRecordQuery,
) (*RevokeAccessResponse, error) {
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

// WithdrawalNotice tells whether the organisation's system has accepted the notice that a permission was withdrawn.
// The token is a customer's authority, as for RevokeAccessRecord; the record's owner leaves it empty. ErrForbidden
// where the token does not reach the record, ErrNotFound where the caller has no such record.
func (c *Client) WithdrawalNotice(ctx context.Context, ak, token string) (*NoticeResponse, error) {
	query := url.Values{}
	setIf(query, "reidentification-token", token)
	return send[NoticeResponse](ctx, c, call{
		op: "read withdrawal notice", method: http.MethodGet, path: "/access-records/" + segment(ak) + "/notice",
		query: query, retries: 2,
	})
}

// ListAccessRecordsQuery narrows the list of a meter point's access records.
type ListAccessRecordsQuery struct {
	// State and LegalBasis keep the records that have them; empty for all.
	State      AccessState
	LegalBasis LegalBasis
	// ReidentificationToken is spent by the reading: required of a portal, and good for one answer.
	ReidentificationToken string
	// Limit is how many to answer at most, 1 to 500; 0 for 200. Cursor is the NextCursor of the page before. Both
	// are for Data Users alone: a portal reads everything at once.
	Limit  int
	Cursor string
}

// ListAccessRecords reads who has access to a meter point's data. A portal gets everything, once for each
// token; a Data User its own records, in pages. ErrInvalid where a portal asks for a page, ErrForbidden where the token is not confirmed, too old, somebody else's or
// for another meter point; ErrConflict where it is spent.
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

// ListOwnRecordsQuery narrows and pages a Data User's list of its own records.
type ListOwnRecordsQuery struct {
	// State and LegalBasis keep the records that have them; empty for all. No record of one's own is discovered.
	State      AccessState
	LegalBasis LegalBasis
	// Limit is how many to answer at most, 1 to 500; 0 for 200. Cursor is the NextCursor of the page before.
	Limit  int
	Cursor string
}

// ListOwnRecords lists the calling Data User's access records at all meter points, the newest first. ErrInvalid
// where a filter is wrong.
func (c *Client) ListOwnRecords(ctx context.Context, by ListOwnRecordsQuery) (*ListRecordsResponse, error) {
	query := url.Values{}
	setIf(query, "state", by.State)
	setIf(query, "legal-basis", by.LegalBasis)
	setLimit(query, by.Limit)
	setIf(query, "cursor", by.Cursor)

	return send[ListRecordsResponse](ctx, c, call{
		op: "list own records", method: http.MethodGet, path: "/records", query: query, retries: 2,
	})
}

// ImportAccessRecords registers many access records at once. Lines holds one ImportLine as JSON in each line, of
// 256 KiB at most, and 64 MiB at most in all. A line that is wrong is no error: the answer names it. It is streamed
// and so never sent again, and ctx alone bounds how long it takes: Options.Timeout does not. What failed can be
// sent again as a whole, for a line that was imported before changes nothing. Lines is not closed, and may still be
// read for a moment after a failure. ErrUnauthorized where the bearer token ended early: another is fetched
// next time. Status 413 where lines is too long.
func (c *Client) ImportAccessRecords(ctx context.Context, lines io.Reader) (*ImportResponse, error) {
	what := call{op: "import access records", method: http.MethodPost, path: "/access-records/batch"}
	tokenCtx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	token, err := c.tokens.bearer(tokenCtx, "")
	if err != nil {
		return nil, err.during(what.op)
	}

	unbounded := *c.http
	unbounded.Timeout = 0
	source := &watched{from: lines}
	answer := new(ImportResponse)
	if err := c.exchange(ctx, &unbounded, what, source, "application/x-ndjson", "Bearer "+token, answer); err != nil {
		switch {
		case err.Status == http.StatusUnauthorized:
			c.tokens.forget(token)
		case err.Status == 0 && ctx.Err() == nil && source.failed.Load():
			err.reason = "the lines cannot be read"
		}

		return nil, err
	}

	return answer, nil
}

// watched remembers whether what it reads from has failed. It hides Close, which is the caller's, and the type, from
// which net/http would learn how to send it again.
type watched struct {
	from   io.Reader
	failed atomic.Bool
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.from.Read(p)
	if err != nil && err != io.EOF {
		w.failed.Store(true)
	}
	return n, err
}
