package registerclient

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// retried are the operations that may be sent again, and how often; all others never are.
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
			f := newFakeRegister(
				t,
				func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
			)
			if err := test.call(t.Context(), f.client(t)); !isOnly(err, ErrUnavailable) {
				t.Errorf("%v, want ErrUnavailable", err)
			}
			if n := len(f.sent()); n != test.want {
				t.Errorf("sent %d times, want %d", n, test.want)
			}
		})
	}
}

// The register closes each connection that has served before, after it has read the request. net/http by itself
// would send a GET again; the server must not see a single-use reading twice.
func TestRetriesAfterABrokenConnection(t *testing.T) {
	t.Parallel()
	for _, test := range retried {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var served, broken atomic.Int64
			f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-Request-Id") == "warm" {
					served.Add(1)
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
			// net/http may add tries of its own where a retry is safe.
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
		answer, err := f.client(t).IdentityRecordExists(t.Context(), testMPxN)
		if err != nil || !answer.Exists {
			t.Errorf("%d: %v, %v", status, answer, err)
		}
	}
}

func TestOtherFailuresAreNotRetried(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 403, 404, 409, 422, 429, 500, 501} {
		f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
		if _, err := f.client(t).IdentityRecordExists(t.Context(), testMPxN); err == nil {
			t.Errorf("%d is no error", status)
		}
		if n := len(f.sent()); n != 1 {
			t.Errorf("%d: sent %d times, want 1", status, n)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	tests := []struct {
		name, value string
		want        int
		least       time.Duration
	}{
		{"short", "1", 2, time.Second},
		{"date", now.Add(time.Second).UTC().Format(http.TimeFormat), 2, time.Second},
		{"long", "3", 1, 0},
		{"far", "99999999999999999999", 2, firstBackoff},
		{"past", now.Add(-time.Hour).UTC().Format(http.TimeFormat), 2, firstBackoff},
		{"nonsense", "soon", 2, firstBackoff},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
				if n.Add(1) == 1 {
					w.Header().Set("Retry-After", test.value)
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}

				io.WriteString(w, "{}")
			})
			c := f.client(t, func(o *Options) { o.Clock = func() time.Time { return now } })
			c.backoff = firstBackoff
			start := time.Now()
			_, err := c.IdentityRecordExists(t.Context(), testMPxN)
			if sent := len(f.sent()); sent != test.want || (err == nil) != (test.want == 2) {
				t.Errorf("sent %d times, want %d; %v", sent, test.want, err)
			}
			if took := time.Since(start); took < test.least || took > test.least+3*time.Second {
				t.Errorf("took %v, want %v and a little", took, test.least)
			}
		})
	}
}

func TestBackoffHonoursTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
		time.AfterFunc(50*time.Millisecond, cancel)
	})
	start := time.Now()
	if _, err := f.client(t).IdentityRecordExists(ctx, testMPxN); err == nil {
		t.Error("no error")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v after the caller gave up", took)
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("X-Request-Id") {
		case "drip":
			for {
				select {
				case <-done:
					return
				case <-r.Context().Done():
					return
				case <-time.After(5 * time.Millisecond):
					io.WriteString(w, " ")
					w.(http.Flusher).Flush()
				}
			}
		default:
			select {
			case <-done:
			case <-r.Context().Done():
			}
		}
	})
	t.Cleanup(func() { close(done) })

	for _, id := range []string{"hang", "drip"} {
		c := f.client(t, func(o *Options) { o.Timeout = 200 * time.Millisecond })
		start := time.Now()
		_, err := c.IdentityRecordExists(WithRequestID(t.Context(), id), testMPxN)
		if !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want ErrUnavailable for a deadline", id, err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: took %v", id, took)
		}

		ctx, cancel := context.WithTimeout(WithRequestID(t.Context(), id), 100*time.Millisecond)
		if _, err := f.client(t).
			IdentityRecordExists(ctx, testMPxN); !errors.Is(err, ErrUnavailable) ||
			!errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want ErrUnavailable for the caller's deadline", id, err)
		}

		cancel()
	}
}

// Answers of a program that is no register end in an error, whatever it says.
func TestAnswersThatAreNoHTTP(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		"", "hello\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
		"HTTP/1.1 302 Found\r\nLocation: http://%zz/" + testToken + "\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 128<<10) + "\r\n\r\n{}",
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}

		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}

				http.ReadRequest(bufio.NewReader(conn))
				io.WriteString(conn, answer)
				conn.Close()
			}
		}()
		c, err := New(
			Options{
				BaseURL:   "http://" + listener.Addr().String(),
				AccountID: testAccount,
				SecretKey: testSecret,
				Timeout:   5 * time.Second,
			},
		)
		if err != nil {
			t.Fatal(err)
		}

		c.backoff = time.Millisecond
		_, err = c.VerifyAccessRecord(t.Context(), "ak_1")
		if err == nil || strings.Contains(err.Error(), testToken) || strings.Contains(err.Error(), "hello") {
			t.Errorf("%.40q: %v", answer, err)
		}

		listener.Close()
	}
}
