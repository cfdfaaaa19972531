package registerclient

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// retried says of each operation how often it is sent to a register that is unavailable.
var retried = []struct {
	name string
	call func(context.Context, *Client) error
	want int
}{
	{"exists", func(ctx context.Context, c *Client) error {
		_, err := c.IdentityRecordExists(ctx, testMPxN)
		return err
	}, 3},
	{"look up", func(ctx context.Context, c *Client) error {
		_, err := c.LookupIdentityRecords(ctx, LookupIdentityRecordsQuery{MPxN: testMPxN})
		return err
	}, 3},
	{"status", func(ctx context.Context, c *Client) error {
		_, err := c.ReidentificationStatus(ctx, testToken)
		return err
	}, 3},
	{
		"verify",
		func(ctx context.Context, c *Client) error { _, err := c.VerifyAccessRecord(ctx, "ak_1"); return err },
		3,
	},
	{"list without a token", func(ctx context.Context, c *Client) error {
		_, err := c.ListAccessRecords(ctx, testMPxN, ListAccessRecordsQuery{})
		return err
	}, 3},
	{"list with a token", func(ctx context.Context, c *Client) error {
		_, err := c.ListAccessRecords(ctx, testMPxN, ListAccessRecordsQuery{ReidentificationToken: testToken})
		return err
	}, 1},
	{"list with a token and a key", func(ctx context.Context, c *Client) error {
		query := ListAccessRecordsQuery{ReidentificationToken: testToken}
		_, err := c.ListAccessRecords(WithIdempotencyKey(ctx, "key-1"), testMPxN, query)
		return err
	}, 3},
	{"revoke with a token", func(ctx context.Context, c *Client) error {
		_, err := c.RevokeAccessRecord(ctx, "ak_1", RevokeAccessRecordQuery{ReidentificationToken: testToken})
		return err
	}, 2},
	{"revoke by the owner", func(ctx context.Context, c *Client) error {
		_, err := c.RevokeAccessRecord(ctx, "ak_1", RevokeAccessRecordQuery{})
		return err
	}, 1},
	{"withdrawal notice", func(ctx context.Context, c *Client) error {
		_, err := c.WithdrawalNotice(ctx, "ak_1", testToken)
		return err
	}, 3},
	{"readings", func(ctx context.Context, c *Client) error {
		_, err := c.Readings(ctx, testMPxN, ReadingsQuery{ReidentificationToken: testToken})
		return err
	}, 3},
	{"reidentify", func(ctx context.Context, c *Client) error {
		_, err := c.Reidentify(ctx, ReidentifyRequest{})
		return err
	}, 1},
	{"create identity record", func(ctx context.Context, c *Client) error {
		_, err := c.CreateIdentityRecord(ctx, CreateIdentityRecordRequest{})
		return err
	}, 1},
	{"create access record", func(ctx context.Context, c *Client) error {
		_, err := c.CreateAccessRecord(ctx, AccessRecord{})
		return err
	}, 1},
	{"submit discovered access", func(ctx context.Context, c *Client) error {
		_, err := c.SubmitDiscoveredAccess(ctx, DiscoveredAccess{})
		return err
	}, 1},
	{"create account", func(ctx context.Context, c *Client) error {
		_, err := c.CreateAccount(ctx, CreateAccountRequest{})
		return err
	}, 1},
	{"create account by key", func(ctx context.Context, c *Client) error {
		_, err := c.CreateAccount(WithIdempotencyKey(ctx, "key-1"), CreateAccountRequest{})
		return err
	}, 3},
	{
		"read identity record",
		func(ctx context.Context, c *Client) error { _, err := c.ReadIdentityRecord(ctx, "ir_1"); return err },
		3,
	},
	{"anonymise identity record", func(ctx context.Context, c *Client) error {
		_, err := c.AnonymiseIdentityRecord(WithIdempotencyKey(ctx, "key-1"), "ir_1")
		return err
	}, 1},
	{
		"delete credential",
		func(ctx context.Context, c *Client) error { return c.DeletePasskeyCredential(ctx, "ir_1", "cred_1") },
		1,
	},
	{"reidentify own", func(ctx context.Context, c *Client) error {
		_, err := c.ReidentifyOwn(ctx, "ir_1", ReidentifyOwnRequest{})
		return err
	}, 1},
	{"own status", func(ctx context.Context, c *Client) error {
		_, err := c.OwnReidentificationStatus(ctx, "ir_1", testToken)
		return err
	}, 3},
	{"replace access record", func(ctx context.Context, c *Client) error {
		_, err := c.ReplaceAccessRecord(WithIdempotencyKey(ctx, "key-1"), "ak_1", AccessRecord{})
		return err
	}, 1},
	{"import access records", func(ctx context.Context, c *Client) error {
		_, err := c.ImportAccessRecords(WithIdempotencyKey(ctx, "key-1"), strings.NewReader("{}\n"))
		return err
	}, 1},
	{"list own records", func(ctx context.Context, c *Client) error {
		_, err := c.ListOwnRecords(ctx, ListOwnRecordsQuery{})
		return err
	}, 3},
	{"report change of tenancy", func(ctx context.Context, c *Client) error {
		_, err := c.ReportChangeOfTenancy(ctx, ChangeOfTenancyRequest{})
		return err
	}, 1},
	{"list changes of tenancy", func(ctx context.Context, c *Client) error {
		_, err := c.ListChangesOfTenancy(ctx, testMPxN)
		return err
	}, 3},
	{"withdraw change of tenancy", func(ctx context.Context, c *Client) error {
		_, err := c.WithdrawChangeOfTenancy(ctx, "cot_1")
		return err
	}, 1},
	{"uphold change of tenancy", func(ctx context.Context, c *Client) error {
		_, err := c.UpholdChangeOfTenancy(ctx, "cot_1")
		return err
	}, 1},
	{"withdraw change of tenancy by key", func(ctx context.Context, c *Client) error {
		_, err := c.WithdrawChangeOfTenancy(WithIdempotencyKey(ctx, "key-1"), "cot_1")
		return err
	}, 3},
	{
		"read data user",
		func(ctx context.Context, c *Client) error { _, err := c.ReadDataUser(ctx, "duid_1"); return err },
		3,
	},
	{"list webhooks", func(ctx context.Context, c *Client) error { _, err := c.ListWebhooks(ctx); return err }, 3},
	{"register webhook", func(ctx context.Context, c *Client) error {
		_, err := c.RegisterWebhook(ctx, RegisterWebhookRequest{})
		return err
	}, 1},
	{"update webhook", func(ctx context.Context, c *Client) error {
		_, err := c.UpdateWebhook(ctx, "wid_1", UpdateWebhookRequest{})
		return err
	}, 1},
	{"delete webhook", func(ctx context.Context, c *Client) error { return c.DeleteWebhook(ctx, "wid_1") }, 1},
	{"list deliveries", func(ctx context.Context, c *Client) error {
		_, err := c.ListDeliveries(ctx, "wid_1", ListDeliveriesQuery{})
		return err
	}, 3},
	{
		"test webhook",
		func(ctx context.Context, c *Client) error { _, err := c.TestWebhook(ctx, "wid_1"); return err },
		1,
	},
	{
		"redeliver",
		func(ctx context.Context, c *Client) error { _, err := c.Redeliver(ctx, "wid_1", "evt_1"); return err },
		1,
	},
	{"read self", func(ctx context.Context, c *Client) error { _, err := c.ReadSelf(ctx); return err }, 3},
	{"replace return addresses", func(ctx context.Context, c *Client) error {
		_, err := c.ReplaceReturnURLs(ctx, ReplaceReturnURLsRequest{})
		return err
	}, 1},
	{"rotate secret", func(ctx context.Context, c *Client) error { _, err := c.RotateSecret(ctx); return err }, 1},
	{"list accounts", func(ctx context.Context, c *Client) error { _, err := c.ListAccounts(ctx); return err }, 3},
	{
		"suspend account",
		func(ctx context.Context, c *Client) error { _, err := c.SuspendAccount(ctx, "a"); return err },
		1,
	},
	{
		"reactivate account",
		func(ctx context.Context, c *Client) error { _, err := c.ReactivateAccount(ctx, "a"); return err },
		1,
	},
	{
		"terminate account",
		func(ctx context.Context, c *Client) error { _, err := c.TerminateAccount(ctx, "a"); return err },
		1,
	},
	{"list approvals", func(ctx context.Context, c *Client) error {
		_, err := c.ListApprovals(ctx, ListApprovalsQuery{})
		return err
	}, 3},
	{"read audit log with an approval", func(ctx context.Context, c *Client) error {
		_, err := c.ReadAudit(WithApproval(ctx, testApproval), AuditQuery{})
		return err
	}, 1},
	{"read statistics", func(ctx context.Context, c *Client) error { _, err := c.ReadStats(ctx); return err }, 3},
	{"search records", func(ctx context.Context, c *Client) error {
		_, err := c.SearchRecords(ctx, SearchRecordsQuery{})
		return err
	}, 3},
	{
		"list all webhooks",
		func(ctx context.Context, c *Client) error { _, err := c.ListAllWebhooks(ctx); return err },
		3,
	},
	{
		"read audit log",
		func(ctx context.Context, c *Client) error { _, err := c.ReadAudit(ctx, AuditQuery{}); return err },
		3,
	},
}

func TestRetries(t *testing.T) {
	t.Parallel()
	for _, test := range retried {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusServiceUnavailable)
			})
			if err := test.call(t.Context(), f.client(t)); !isOnly(err, ErrUnavailable) {
				t.Errorf("%v, want ErrUnavailable", err)
			}
			if n := len(f.received()); n != test.want {
				t.Errorf("sent %d times, want %d", n, test.want)
			}
		})
	}
}

// The register closes each connection that has served before, after it has read the request. net/http by itself would
// send a GET again, but the register must not receive a single-use reading twice.
func TestRetriesAfterABrokenConnection(t *testing.T) {
	t.Parallel()
	for _, test := range retried {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var broken atomic.Int64
			f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-Request-Id") == "warm" {
					if strings.Contains(r.URL.Path, "/credentials/") ||
						r.Method == http.MethodDelete && strings.Contains(r.URL.Path, "/webhooks/") {
						w.WriteHeader(http.StatusNoContent)
						return
					}

					io.WriteString(w, "{}")

					return
				}

				broken.Add(1)
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}

				conn.(*net.TCPConn).SetLinger(0)
				conn.Close()
			})
			c := f.client(t)
			if err := test.call(WithRequestID(t.Context(), "warm"), c); err != nil {
				t.Fatal(err)
			}
			if err := test.call(t.Context(), c); !isOnly(err, ErrUnavailable) {
				t.Errorf("%v, want ErrUnavailable", err)
			}
			// net/http may add attempts of its own if a retry is safe.
			if n := broken.Load(); int(n) < test.want || test.want == 1 && n != 1 {
				t.Errorf("sent %d times, want %d", n, test.want)
			}
		})
	}
}

func TestRetrySucceeds(t *testing.T) {
	t.Parallel()
	for _, status := range []int{502, 503, 504} {
		var n atomic.Int64
		f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1) < 3 {
				w.WriteHeader(status)
				return
			}

			io.WriteString(w, `{"exists": true}`)
		})
		response, err := f.client(t).IdentityRecordExists(t.Context(), testMPxN)
		if err != nil || !response.Exists {
			t.Errorf("%d: %v, %v", status, response, err)
		}
	}
}

func TestOtherFailuresAreNotRetried(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 403, 404, 409, 422, 429, 500, 501} {
		f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
		if _, err := f.client(t).IdentityRecordExists(t.Context(), testMPxN); err == nil {
			t.Errorf("%d is not an error", status)
		}
		if n := len(f.received()); n != 1 {
			t.Errorf("%d: sent %d times, want 1", status, n)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 3, 13, 3, 9, 0, time.UTC)
	tests := []struct {
		name, value string
		want        int
		least       time.Duration
		most        time.Duration
	}{
		{"short", "1", 2, time.Second, time.Second},
		{"date", now.Add(time.Second).Format(http.TimeFormat), 2, time.Second, time.Second},
		{"long", "3", 1, 0, 0},
		{"far", "99999999999999999999", 2, firstBackoff, 2 * firstBackoff},
		{"past", now.Add(-time.Hour).Format(http.TimeFormat), 2, firstBackoff, 2 * firstBackoff},
		{"nonsense", "soon", 2, firstBackoff, 2 * firstBackoff},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				c := newTestClient(t, func(o *Options) { o.Clock = func() time.Time { return now } },
					transport(func(r *http.Request) (int, http.Header, string) {
						if isTokenRequest(r) {
							return http.StatusOK, nil, validToken
						}

						sent++
						if sent == 1 {
							header := http.Header{"Retry-After": {test.value}}
							return http.StatusServiceUnavailable, header, ""
						}

						return http.StatusOK, nil, "{}"
					}).option)
				c.backoff = firstBackoff

				start := time.Now()
				_, err := c.IdentityRecordExists(t.Context(), testMPxN)
				if sent != test.want || (err == nil) != (test.want == 2) {
					t.Errorf("sent %d times, want %d; %v", sent, test.want, err)
				}
				if waited := time.Since(start); waited < test.least || waited > test.most {
					t.Errorf("waited %v, want %v to %v", waited, test.least, test.most)
				}
			})
		})
	}
}

func TestBackoffEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := newTestClient(t, transport(func(r *http.Request) (int, http.Header, string) {
			if isTokenRequest(r) {
				return http.StatusOK, nil, validToken
			}

			time.AfterFunc(50*time.Millisecond, cancel)

			return http.StatusServiceUnavailable, http.Header{"Retry-After": {"2"}}, ""
		}).option)

		start := time.Now()
		if _, err := c.IdentityRecordExists(ctx, testMPxN); err == nil {
			t.Error("no error")
		}
		if waited := time.Since(start); waited > 50*time.Millisecond {
			t.Errorf("waited %v, and the caller gave up after 50 ms", waited)
		}
	})
}

func TestIdentifiersAreEscaped(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, ak, want string
	}{
		{"slash", "a/b", "/v1/access-records/a%2Fb"},
		{"query", "a?b=c#d", "/v1/access-records/a%3Fb=c%23d"},
		{"space and percent", "a %2e", "/v1/access-records/a%20%252e"},
		{"line break", "a\r\nb", "/v1/access-records/a%0D%0Ab"},
		{"not UTF-8", "\xff", "/v1/access-records/%FF"},
		{"parent", "..", ""},
		{"itself", ".", ""},
		{"empty", "", ""},
		{"long", strings.Repeat("a", 513), ""},
	}
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNotFound) })
	c := f.client(t)
	for _, test := range tests {
		before := len(f.received())
		_, err := c.VerifyAccessRecord(t.Context(), test.ak)
		sent := f.received()[before:]
		switch {
		case test.want == "":
			if len(sent) != 0 || !isOnly(err, ErrInvalid) {
				t.Errorf("%s: %d requests and %v, want none and ErrInvalid", test.name, len(sent), err)
			}
		case len(sent) != 1 || sent[0].target != test.want:
			t.Errorf("%s: sent %v, want %s", test.name, sent, test.want)
		}
	}
}
