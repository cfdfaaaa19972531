package registerclient

import (
	"context"
	"net/http"
	"testing"
)

func TestDiscoveredAccessOperations(t *testing.T) {
	t.Parallel()
	testOperations(t, []operationTest{
		{
			name: "submit discovered access",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.SubmitDiscoveredAccess(
					ctx,
					decode[DiscoveredAccess](t, "submit-discovered-access.request.json"),
				)
			},
			method:   "POST",
			target:   "/v1/discovered-access",
			request:  "submit-discovered-access.request.json",
			response: "submit-discovered-access.json",
			status:   http.StatusCreated,
		},
	})
}
