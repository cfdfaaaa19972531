package registerclient

import (
	"context"
	"net/http"
	"testing"
)

func TestIdentityRecordOperations(t *testing.T) {
	t.Parallel()
	testOperations(t, []operationTest{
		{
			name: "exists",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.IdentityRecordExists(ctx, testMPxN)
			},
			method:   "GET",
			target:   "/v1/identity-records/exists?mpxn=2312345678901",
			response: "identity-record-exists.json",
		},
		{
			name: "create identity record",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.CreateIdentityRecord(
					ctx,
					decode[CreateIdentityRecordRequest](t, "create-identity-record.request.json"),
				)
			},
			method:   "POST",
			target:   "/v1/identity-records",
			request:  "create-identity-record.request.json",
			response: "create-identity-record.json",
			status:   http.StatusCreated,
		},
		{
			name: "look up identity records",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.LookupIdentityRecords(ctx, LookupIdentityRecordsQuery{testMPxN, "a+b@example.com"})
			},
			method:   "GET",
			target:   "/v1/identity-records?email=a%2Bb%40example.com&mpxn=2312345678901",
			response: "lookup-identity-records.json",
		},
		{
			name:     "read identity record",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.ReadIdentityRecord(ctx, testIR) },
			method:   "GET",
			target:   "/v1/identity-records/" + testIR,
			response: "read-identity-record.json",
		},
		{
			name: "update identity record",
			call: func(ctx context.Context, c *Client) (any, error) {
				in := decode[UpdateIdentityRecordRequest](t, "update-identity-record.request.json")

				return c.UpdateIdentityRecord(ctx, testIR, in)
			},
			method:   "PATCH",
			target:   "/v1/identity-records/" + testIR,
			request:  "update-identity-record.request.json",
			response: "update-identity-record.json",
		},
		{
			name: "anonymise identity record",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.AnonymiseIdentityRecord(ctx, testIR)
			},
			method:   "DELETE",
			target:   "/v1/identity-records/" + testIR,
			response: "anonymise-identity-record.json",
		},
	})
}
