package registerclient

import (
	"context"
	"testing"
)

func TestDataUserOperations(t *testing.T) {
	t.Parallel()
	testOperations(t, []operationTest{
		{
			name:     "read data user",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.ReadDataUser(ctx, testDUID) },
			method:   "GET",
			target:   "/v1/data-users/" + testDUID,
			response: "read-data-user.json",
		},
	})
}
