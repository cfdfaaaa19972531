package registerclient

import (
	"context"
	"net/http"
	"reflect"
	"testing"
	"time"
)

func TestAccessRecordOperations(t *testing.T) {
	t.Parallel()
	testOperations(t, []operationTest{
		{
			name: "list",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ListAccessRecords(ctx, testMPxN, ListAccessRecordsQuery{ReidentificationToken: testToken})
			},
			method:   "GET",
			target:   "/v1/meter-points/2312345678901/access-records?reidentification-token=" + testToken,
			response: "list-access-records.json",
		},
		{
			name: "list filtered",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ListAccessRecords(
					ctx,
					testMPxN,
					ListAccessRecordsQuery{State: StateActive, LegalBasis: BasisConsent},
				)
			},
			method:   "GET",
			target:   "/v1/meter-points/2312345678901/access-records?legal-basis=uk-consent&state=ACTIVE",
			response: "list-access-records.json",
		},
		{
			name: "revoke",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.RevokeAccessRecord(ctx, testAK, RevokeAccessRecordQuery{
					Reason:                ReasonCustomerRequest,
					ReidentificationToken: testToken,
				})
			},
			method:   "DELETE",
			target:   "/v1/access-records/" + testAK + "?reason=customer-request&reidentification-token=" + testToken,
			response: "revoke-access-record.json",
		},
		{
			name: "revoke and ask for erasure",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.RevokeAccessRecord(ctx, testAK, RevokeAccessRecordQuery{
					ReidentificationToken: testToken,
					ErasureRequested:      true,
				})
			},
			method: "DELETE",
			target: "/v1/access-records/" + testAK + "?erasure-requested=true&reidentification-token=" +
				testToken,
			response: "revoke-access-record.json",
		},
		{
			name: "revoke by the owner",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.RevokeAccessRecord(ctx, testAK, RevokeAccessRecordQuery{})
			},
			method:   "DELETE",
			target:   "/v1/access-records/" + testAK,
			response: "revoke-access-record.json",
		},
		{
			name: "withdrawal notice",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.WithdrawalNotice(ctx, testAK, testToken)
			},
			method:   "GET",
			target:   "/v1/access-records/" + testAK + "/notice?reidentification-token=" + testToken,
			response: "withdrawal-notice.json",
		},
		{
			name: "create access record",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.CreateAccessRecord(ctx, decode[AccessRecord](t, "create-access-record.request.json"))
			},
			method:   "POST",
			target:   "/v1/access-records",
			request:  "create-access-record.request.json",
			response: "create-access-record.json",
			status:   http.StatusCreated,
		},
		{
			name: "create access record by token",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.CreateAccessRecord(ctx, decode[AccessRecord](t, "create-access-record-by-token.request.json"))
			},
			method:   "POST",
			target:   "/v1/access-records",
			request:  "create-access-record-by-token.request.json",
			response: "create-access-record.json",
			status:   http.StatusCreated,
		},
		{
			name:     "verify access record",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.VerifyAccessRecord(ctx, testAK) },
			method:   "GET",
			target:   "/v1/access-records/" + testAK,
			response: "verify-access-record.json",
			public:   true,
		},
		{
			name: "replace access record",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ReplaceAccessRecord(ctx, testAK, decode[AccessRecord](t, "replace-access-record.request.json"))
			},
			method:   "PUT",
			target:   "/v1/access-records/" + testAK,
			request:  "replace-access-record.request.json",
			response: "replace-access-record.json",
		},
		{
			name: "list a page",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ListAccessRecords(ctx, testMPxN, ListAccessRecordsQuery{Limit: 1, Cursor: "a-b"})
			},
			method:   "GET",
			target:   "/v1/meter-points/2312345678901/access-records?cursor=a-b&limit=1",
			response: "list-access-records-page.json",
		},
		{
			name: "list own records",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ListOwnRecords(ctx, ListOwnRecordsQuery{
					State: StateActive, LegalBasis: BasisContract, Limit: 500, Cursor: "a-b",
				})
			},
			method:   "GET",
			target:   "/v1/records?cursor=a-b&legal-basis=uk-contract&limit=500&state=ACTIVE",
			response: "list-own-records.json",
		},
		{
			name: "list changed records",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ListOwnRecords(ctx, ListOwnRecordsQuery{
					MPxN: testMPxN, ControllerReference: "A 1",
					ChangedSince: time.Date(2026, 3, 1, 3, 0, 0, 500, time.FixedZone("", 3600)),
				})
			},
			method: "GET",
			target: "/v1/records?changed-since=2026-03-01T02%3A00%3A00Z&controller-reference=A+1" +
				"&mpxn=2312345678901",
			response: "list-own-records.json",
		},
		{
			name: "list all own records",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ListOwnRecords(ctx, ListOwnRecordsQuery{})
			},
			method:   "GET",
			target:   "/v1/records",
			response: "list-own-records.json",
		},
	})
}

// What is null in a discovered record has no pointer in the type, and reads as nothing.
func TestVerifyDiscoveredRecord(t *testing.T) {
	t.Parallel()
	const ak = "ak_0123456789abcdef01234567"
	f := newFakeRegister(
		t,
		func(w http.ResponseWriter, r *http.Request) { w.Write(testdata(t, "verify-discovered-record.json")) },
	)
	got, err := f.client(t).VerifyAccessRecord(t.Context(), ak)
	if err != nil {
		t.Fatal(err)
	}

	created := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	want := AccessRecord{
		RecordMetadata: RecordMetadata{SchemaVersion: "1.0", RecordIdentifier: ak, CreatedAt: &created},
		AccessEvent:    AccessEvent{State: StateDiscovered},
	}
	if !reflect.DeepEqual(got.AccessRecord, want) || got.DUID != "" {
		t.Errorf("%+v of %q, want %+v", got.AccessRecord, got.DUID, want)
	}
}
