package registerclient

import (
	"context"
	"strings"
	"testing"
)

func TestReadingsOperations(t *testing.T) {
	t.Parallel()
	testOperations(t, []operationTest{
		{
			name: "list readings",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.Readings(ctx, testMPxN, ReadingsQuery{testToken, ReadingCustomerList, 20, "a-b"})
			},
			method: "GET",
			target: "/v1/meter-points/2312345678901/readings?cursor=a-b&kind=customer-list&limit=20" +
				"&reidentification-token=" + testToken,
			response: "list-readings.json",
		},
	})
}

// An adviser is named to the register by the calls with a customer's token, and by no others.
func TestAdviser(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, respondEmptyObject)
	c := f.client(t)
	byToken := map[string]func(context.Context) error{
		"list": func(ctx context.Context) error {
			_, err := c.ListAccessRecords(ctx, testMPxN, ListAccessRecordsQuery{ReidentificationToken: testToken})
			return err
		},
		"withdrawal": func(ctx context.Context) error {
			_, err := c.RevokeAccessRecord(ctx, testAK, RevokeAccessRecordQuery{ReidentificationToken: testToken})
			return err
		},
		"readings": func(ctx context.Context) error {
			_, err := c.Readings(ctx, testMPxN, ReadingsQuery{ReidentificationToken: testToken})
			return err
		},
	}
	for name, call := range byToken {
		for adviser, want := range map[string]string{
			"Jo Evans":                   "Jo Evans",
			"Siân 100%":                  "Si%C3%A2n 100%25",
			strings.Repeat("\u00e2", 60): strings.Repeat("%C3%A2", 60),
		} {
			if err := call(WithAdviser(t.Context(), adviser)); err != nil {
				t.Fatal(err)
			}

			sent := f.received()
			if got := sent[len(sent)-1].header.Get("X-DAR-Adviser"); got != want {
				t.Errorf("%s: sent %q, want %q", name, got, want)
			}
		}

		before := len(f.received())
		for _, adviser := range []string{"", "  ", "a\nb", "a\x7fb", "\xff", strings.Repeat("x", 61)} {
			if err := call(WithAdviser(t.Context(), adviser)); !isOnly(err, ErrInvalid) {
				t.Errorf("%s by %q: %v, want ErrInvalid", name, adviser, err)
			}
		}
		if len(f.received()) != before {
			t.Errorf("%s: a call with a wrong name was sent", name)
		}
	}

	ctx := WithAdviser(t.Context(), "Jo Evans")
	if _, err := c.ListAccessRecords(ctx, testMPxN, ListAccessRecordsQuery{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReidentificationStatus(ctx, testToken); err != nil {
		t.Fatal(err)
	}
	for _, sent := range f.received()[len(f.received())-2:] {
		if got := sent.header.Get("X-DAR-Adviser"); got != "" {
			t.Errorf("%s %s names the adviser", sent.method, sent.target)
		}
	}
}
