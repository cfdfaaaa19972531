package registerclient

import (
	"context"
	"testing"
)

func TestContactOperations(t *testing.T) {
	t.Parallel()
	const contact = "cnt_0123456789abcdef01234567"
	testOperations(t, []operationTest{
		{
			name:     "list contacts",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.ListContacts(ctx, testMPxN) },
			method:   "GET",
			target:   "/v1/admin/contacts?mpxn=2312345678901",
			response: "list-contacts.json",
		},
		{
			name: "set contact aside",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.SetContactAside(ctx, contact, decode[ContactDecisionRequest](t, "decide-contact.request.json"))
			},
			method:   "POST",
			target:   "/v1/admin/contacts/" + contact + "/set-aside",
			request:  "decide-contact.request.json",
			response: "set-contact-aside.json",
		},
		{
			name: "restore contact",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.RestoreContact(ctx, contact, decode[ContactDecisionRequest](t, "decide-contact.request.json"))
			},
			method:   "POST",
			target:   "/v1/admin/contacts/" + contact + "/restore",
			request:  "decide-contact.request.json",
			response: "restore-contact.json",
		},
		{
			name: "list alarms",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ListAlarms(ctx, ListAlarmsQuery{7, "a-b"})
			},
			method:   "GET",
			target:   "/v1/admin/alarms?cursor=a-b&limit=7",
			response: "list-alarms.json",
		},
	})
}
