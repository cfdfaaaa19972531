package registerclient

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testAccount = "portal_ops"
	testSecret  = "portal-secret-demo"
	testMPxN    = "2312345678901"
	testToken   = "mlr_0123456789abcdef01234567"
	testBearer  = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"
)

// request is what a test's server was sent.
type request struct {
	method, target string
	header         http.Header
	body           string
}

// fakeRegister answers every call but the token's with answer, and remembers what it was sent.
type fakeRegister struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
	tokens   int
}

// newFakeRegister serves answer. The bearer token is testdata/bearer-token.json.
func newFakeRegister(t testing.TB, answer http.HandlerFunc) *fakeRegister {
	t.Helper()
	f := &fakeRegister{}
	token := testdata(t, "bearer-token.json")
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		if r.URL.Path == "/v1/auth/token" {
			f.tokens++
			f.mu.Unlock()
			if account, secret, _ := r.BasicAuth(); account != testAccount || secret != testSecret {
				t.Errorf("token asked for as %q, %q", account, secret)
			}

			w.Write(token)
			return
		}

		f.requests = append(f.requests, request{r.Method, r.RequestURI, r.Header.Clone(), string(body)})
		f.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(f.Close)

	return f
}

func (f *fakeRegister) client(t testing.TB, change ...func(*Options)) *Client {
	t.Helper()
	options := Options{BaseURL: f.URL + "/v1/", AccountID: testAccount, SecretKey: testSecret, Timeout: 5 * time.Second}
	for _, c := range change {
		c(&options)
	}

	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}

	client.backoff = time.Millisecond
	return client
}

// sent returns what was asked for, but for tokens.
func (f *fakeRegister) sent() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]request(nil), f.requests...)
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}

	return data
}

// decode reads a file of testdata, and refuses a member that the type does not know.
func decode[T any](t testing.TB, name string) T {
	t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(string(testdata(t, name))))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}

	return v
}

// sameJSON compares two documents by their values.
func sameJSON(t testing.TB, what string, got, want []byte) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%s: %v in %s", what, err, got)
	}
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// TestOperations compares each call with files that were written from the API's description and not from the
// types: a misspelt member is lost on the way in or out, and shows as a difference.
func TestOperations(t *testing.T) {
	t.Parallel()
	const (
		ak   = "ak_0123456789abcdef01234567"
		ir   = "ir_0123456789abcdef01234567"
		wid  = "wid_0123456789abcdef01234567"
		evt  = "evt_0123456789abcdef01234567"
		cot  = "cot_0123456789abcdef01234567"
		duid = "duid_0123456789abcdef01234567"
	)
	type call = func(context.Context, *Client) (any, error)
	tests := []struct {
		name    string
		call    call
		method  string
		target  string
		request string
		answer  string
		status  int
		public  bool
	}{
		{"exists", func(ctx context.Context, c *Client) (any, error) { return c.IdentityRecordExists(ctx, testMPxN) },
			"GET", "/v1/identity-records/exists?mpxn=2312345678901", "", "identity-record-exists.json", 200, false},
		{"reidentify by link", func(ctx context.Context, c *Client) (any, error) {
			return c.Reidentify(ctx, decode[ReidentifyRequest](t, "reidentify.request.json"))
		}, "POST", "/v1/identity-records/reidentify", "reidentify.request.json", "reidentify.json", 200, false},
		{"reidentify by passkey", func(ctx context.Context, c *Client) (any, error) {
			return c.Reidentify(ctx, decode[ReidentifyRequest](t, "reidentify-passkey.request.json"))
		}, "POST", "/v1/identity-records/reidentify", "reidentify-passkey.request.json", "reidentify-passkey.json", 200, false},
		{
			"status",
			func(ctx context.Context, c *Client) (any, error) { return c.ReidentificationStatus(ctx, testToken) },
			"GET",
			"/v1/identity-records/reidentify/" + testToken,
			"",
			"reidentification-status.json",
			200,
			false,
		},
		{
			"status declined",
			func(ctx context.Context, c *Client) (any, error) { return c.ReidentificationStatus(ctx, testToken) },
			"GET",
			"/v1/identity-records/reidentify/" + testToken,
			"",
			"reidentification-status-declined.json",
			200,
			false,
		},
		{"list", func(ctx context.Context, c *Client) (any, error) {
			return c.ListAccessRecords(ctx, testMPxN, ListAccessRecordsQuery{ReidentificationToken: testToken})
		}, "GET", "/v1/meter-points/2312345678901/access-records?reidentification-token=" + testToken, "", "list-access-records.json", 200, false},
		{"list filtered", func(ctx context.Context, c *Client) (any, error) {
			return c.ListAccessRecords(
				ctx,
				testMPxN,
				ListAccessRecordsQuery{State: StateActive, LegalBasis: BasisConsent},
			)
		}, "GET", "/v1/meter-points/2312345678901/access-records?legal-basis=uk-consent&state=ACTIVE", "", "list-access-records.json", 200, false},
		{"revoke", func(ctx context.Context, c *Client) (any, error) {
			return c.RevokeAccessRecord(ctx, ak, RevokeAccessRecordQuery{ReasonCustomerRequest, testToken})
		}, "DELETE", "/v1/access-records/" + ak + "?reason=customer-request&reidentification-token=" + testToken, "", "revoke-access-record.json", 200, false},
		{"revoke by the owner", func(ctx context.Context, c *Client) (any, error) {
			return c.RevokeAccessRecord(ctx, ak, RevokeAccessRecordQuery{})
		}, "DELETE", "/v1/access-records/" + ak, "", "revoke-access-record.json", 200, false},
		{"withdrawal notice", func(ctx context.Context, c *Client) (any, error) {
			return c.WithdrawalNotice(ctx, ak, testToken)
		}, "GET", "/v1/access-records/" + ak + "/notice?reidentification-token=" + testToken, "", "withdrawal-notice.json", 200, false},
		{"create identity record", func(ctx context.Context, c *Client) (any, error) {
			return c.CreateIdentityRecord(
				ctx,
				decode[CreateIdentityRecordRequest](t, "create-identity-record.request.json"),
			)
		}, "POST", "/v1/identity-records", "create-identity-record.request.json", "create-identity-record.json", 201, false},
		{"look up identity records", func(ctx context.Context, c *Client) (any, error) {
			return c.LookupIdentityRecords(ctx, LookupIdentityRecordsQuery{testMPxN, "a+b@example.com"})
		}, "GET", "/v1/identity-records?email=a%2Bb%40example.com&mpxn=2312345678901", "", "lookup-identity-records.json", 200, false},
		{"create access record", func(ctx context.Context, c *Client) (any, error) {
			return c.CreateAccessRecord(ctx, decode[AccessRecord](t, "create-access-record.request.json"))
		}, "POST", "/v1/access-records", "create-access-record.request.json", "create-access-record.json", 201, false},
		{"create access record by token", func(ctx context.Context, c *Client) (any, error) {
			return c.CreateAccessRecord(ctx, decode[AccessRecord](t, "create-access-record-by-token.request.json"))
		}, "POST", "/v1/access-records", "create-access-record-by-token.request.json", "create-access-record.json", 201, false},
		{
			"verify access record",
			func(ctx context.Context, c *Client) (any, error) { return c.VerifyAccessRecord(ctx, ak) },
			"GET",
			"/v1/access-records/" + ak,
			"",
			"verify-access-record.json",
			200,
			true,
		},
		{"submit discovered access", func(ctx context.Context, c *Client) (any, error) {
			return c.SubmitDiscoveredAccess(ctx, decode[DiscoveredAccess](t, "submit-discovered-access.request.json"))
		}, "POST", "/v1/discovered-access", "submit-discovered-access.request.json", "submit-discovered-access.json", 201, false},
		{"create account", func(ctx context.Context, c *Client) (any, error) {
			return c.CreateAccount(ctx, decode[CreateAccountRequest](t, "create-account.request.json"))
		}, "POST", "/v1/admin/accounts", "create-account.request.json", "create-account.json", 201, false},

		{
			"read identity record",
			func(ctx context.Context, c *Client) (any, error) { return c.ReadIdentityRecord(ctx, ir) },
			"GET",
			"/v1/identity-records/" + ir,
			"",
			"read-identity-record.json",
			200,
			false,
		},
		{
			"anonymise identity record",
			func(ctx context.Context, c *Client) (any, error) { return c.AnonymiseIdentityRecord(ctx, ir) },
			"DELETE",
			"/v1/identity-records/" + ir,
			"",
			"anonymise-identity-record.json",
			200,
			false,
		},
		{"reidentify own by link", func(ctx context.Context, c *Client) (any, error) {
			return c.ReidentifyOwn(ctx, ir, decode[ReidentifyOwnRequest](t, "reidentify-own.request.json"))
		}, "POST", "/v1/identity-records/" + ir + "/re-identify", "reidentify-own.request.json", "reidentify-own.json", 200, false},
		{"reidentify own by passkey", func(ctx context.Context, c *Client) (any, error) {
			return c.ReidentifyOwn(ctx, ir, decode[ReidentifyOwnRequest](t, "reidentify-own-passkey.request.json"))
		}, "POST", "/v1/identity-records/" + ir + "/re-identify", "reidentify-own-passkey.request.json", "reidentify-own-passkey.json", 200, false},
		{"own status", func(ctx context.Context, c *Client) (any, error) {
			return c.OwnReidentificationStatus(ctx, ir, testToken)
		}, "GET", "/v1/identity-records/" + ir + "/re-identify/" + testToken, "", "own-reidentification-status.json", 200, false},
		{"replace access record", func(ctx context.Context, c *Client) (any, error) {
			return c.ReplaceAccessRecord(ctx, ak, decode[AccessRecord](t, "replace-access-record.request.json"))
		}, "PUT", "/v1/access-records/" + ak, "replace-access-record.request.json", "replace-access-record.json", 200, false},
		{"list a page", func(ctx context.Context, c *Client) (any, error) {
			return c.ListAccessRecords(ctx, testMPxN, ListAccessRecordsQuery{Limit: 1, Cursor: "a-b"})
		}, "GET", "/v1/meter-points/2312345678901/access-records?cursor=a-b&limit=1", "", "list-access-records-page.json", 200, false},
		{"list own records", func(ctx context.Context, c *Client) (any, error) {
			return c.ListOwnRecords(ctx, ListOwnRecordsQuery{StateActive, BasisContract, 500, "a-b"})
		}, "GET", "/v1/records?cursor=a-b&legal-basis=uk-contract&limit=500&state=ACTIVE", "", "list-own-records.json", 200, false},
		{"list all own records", func(ctx context.Context, c *Client) (any, error) {
			return c.ListOwnRecords(ctx, ListOwnRecordsQuery{})
		}, "GET", "/v1/records", "", "list-own-records.json", 200, false},
		{"report change of tenancy", func(ctx context.Context, c *Client) (any, error) {
			return c.ReportChangeOfTenancy(
				ctx,
				decode[ChangeOfTenancyRequest](t, "report-change-of-tenancy.request.json"),
			)
		}, "POST", "/v1/cot-events", "report-change-of-tenancy.request.json", "report-change-of-tenancy.json", 201, false},
		{
			"list changes of tenancy",
			func(ctx context.Context, c *Client) (any, error) { return c.ListChangesOfTenancy(ctx, testMPxN) },
			"GET",
			"/v1/admin/cot-events?mpxn=2312345678901",
			"",
			"list-changes-of-tenancy.json",
			200,
			false,
		},
		{
			"withdraw change of tenancy",
			func(ctx context.Context, c *Client) (any, error) { return c.WithdrawChangeOfTenancy(ctx, cot) },
			"POST",
			"/v1/admin/cot-events/" + cot + "/withdraw",
			"",
			"withdraw-change-of-tenancy.json",
			200,
			false,
		},
		{"read data user", func(ctx context.Context, c *Client) (any, error) { return c.ReadDataUser(ctx, duid) },
			"GET", "/v1/data-users/" + duid, "", "read-data-user.json", 200, false},
		{"list webhooks", func(ctx context.Context, c *Client) (any, error) { return c.ListWebhooks(ctx) },
			"GET", "/v1/webhooks", "", "list-webhooks.json", 200, false},
		{"register webhook", func(ctx context.Context, c *Client) (any, error) {
			return c.RegisterWebhook(ctx, decode[RegisterWebhookRequest](t, "register-webhook.request.json"))
		}, "POST", "/v1/webhooks", "register-webhook.request.json", "register-webhook.json", 201, false},
		{"update webhook", func(ctx context.Context, c *Client) (any, error) {
			return c.UpdateWebhook(ctx, wid, decode[UpdateWebhookRequest](t, "update-webhook.request.json"))
		}, "PATCH", "/v1/webhooks/" + wid, "update-webhook.request.json", "update-webhook.json", 200, false},
		{"rotate webhook secret", func(ctx context.Context, c *Client) (any, error) {
			return c.UpdateWebhook(ctx, wid, decode[UpdateWebhookRequest](t, "update-webhook-rotated.request.json"))
		}, "PATCH", "/v1/webhooks/" + wid, "update-webhook-rotated.request.json", "update-webhook-rotated.json", 200, false},
		{"list deliveries", func(ctx context.Context, c *Client) (any, error) {
			return c.ListDeliveries(ctx, wid, ListDeliveriesQuery{DeliveryUndelivered, 7, "a-b"})
		}, "GET", "/v1/webhooks/" + wid + "/deliveries?cursor=a-b&limit=7&status=undelivered", "", "list-deliveries.json", 200, false},
		{"redeliver", func(ctx context.Context, c *Client) (any, error) { return c.Redeliver(ctx, wid, evt) },
			"POST", "/v1/webhooks/" + wid + "/deliveries/" + evt + "/redeliver", "", "redeliver.json", 200, false},
		{"read self", func(ctx context.Context, c *Client) (any, error) { return c.ReadSelf(ctx) },
			"GET", "/v1/self", "", "read-self.json", 200, false},
		{"replace return addresses", func(ctx context.Context, c *Client) (any, error) {
			return c.ReplaceReturnURLs(ctx, decode[ReplaceReturnURLsRequest](t, "replace-return-urls.request.json"))
		}, "PUT", "/v1/self/return-urls", "replace-return-urls.request.json", "replace-return-urls.json", 200, false},
		{"rotate secret", func(ctx context.Context, c *Client) (any, error) { return c.RotateSecret(ctx) },
			"POST", "/v1/self/rotate-secret", "", "rotate-secret.json", 200, false},
		{"list accounts", func(ctx context.Context, c *Client) (any, error) { return c.ListAccounts(ctx) },
			"GET", "/v1/admin/accounts", "", "list-accounts.json", 200, false},
		{
			"suspend account",
			func(ctx context.Context, c *Client) (any, error) { return c.SuspendAccount(ctx, "bright_energy") },
			"POST",
			"/v1/admin/accounts/bright_energy/suspend",
			"",
			"suspend-account.json",
			200,
			false,
		},
		{
			"reactivate account",
			func(ctx context.Context, c *Client) (any, error) { return c.ReactivateAccount(ctx, "bright_energy") },
			"POST",
			"/v1/admin/accounts/bright_energy/reactivate",
			"",
			"reactivate-account.json",
			200,
			false,
		},
		{
			"terminate account",
			func(ctx context.Context, c *Client) (any, error) { return c.TerminateAccount(ctx, "bright_energy") },
			"POST",
			"/v1/admin/accounts/bright_energy/terminate",
			"",
			"terminate-account.json",
			200,
			false,
		},
		{"read statistics", func(ctx context.Context, c *Client) (any, error) { return c.ReadStats(ctx) },
			"GET", "/v1/admin/stats", "", "read-stats.json", 200, false},
		{"search records", func(ctx context.Context, c *Client) (any, error) {
			return c.SearchRecords(ctx, SearchRecordsQuery{ak, StateRevoked, BasisConsent, 10, "a-b"})
		}, "GET", "/v1/admin/records?cursor=a-b&legal-basis=uk-consent&limit=10&q=" + ak + "&state=REVOKED", "", "search-records.json", 200, false},
		{"list all webhooks", func(ctx context.Context, c *Client) (any, error) { return c.ListAllWebhooks(ctx) },
			"GET", "/v1/admin/webhooks", "", "list-all-webhooks.json", 200, false},
		{"read audit log", func(ctx context.Context, c *Client) (any, error) {
			return c.ReadAudit(ctx, AuditQuery{"portal_ops", "record.revoked", ak, testMPxN, 10, "a-b"})
		}, "GET", "/v1/admin/audit?account_id=portal_ops&ak=" + ak + "&cursor=a-b&event_type=record.revoked&limit=10&mpxn=2312345678901", "", "read-audit.json", 200, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := testdata(t, test.answer)
			f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(test.status)
				w.Write(answer)
			})
			got, err := test.call(WithRequestID(t.Context(), "req-42"), f.client(t))
			if err != nil {
				t.Fatal(err)
			}

			back, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}

			sameJSON(t, "answer", back, answer)

			sent := f.sent()
			if len(sent) != 1 {
				t.Fatalf("%d requests, want 1", len(sent))
			}
			if sent[0].method != test.method || sent[0].target != test.target {
				t.Errorf("asked for %s %s, want %s %s", sent[0].method, sent[0].target, test.method, test.target)
			}
			if test.request != "" {
				sameJSON(t, "request", []byte(sent[0].body), testdata(t, test.request))
			} else if sent[0].body != "" || sent[0].header.Get("Transfer-Encoding") != "" {
				t.Errorf("body %q where none is wanted", sent[0].body)
			}

			want := map[string]string{
				"User-Agent":    userAgent,
				"Accept":        "application/json",
				"X-Request-Id":  "req-42",
				"Authorization": "Bearer " + testBearer,
			}
			if test.public {
				want["Authorization"] = ""
			}
			if test.request != "" {
				want["Content-Type"] = "application/json"
			}
			for name, value := range want {
				if got := sent[0].header.Get(name); got != value {
					t.Errorf("%s: %q, want %q", name, got, value)
				}
			}
		})
	}
}

func TestOperationsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		call   func(context.Context, *Client) error
		target string
	}{
		{func(ctx context.Context, c *Client) error {
			return c.DeletePasskeyCredential(ctx, "ir_0123456789abcdef01234567", "cred_0123456789abcdef01234567")
		}, "/v1/identity-records/ir_0123456789abcdef01234567/credentials/cred_0123456789abcdef01234567"},
		{func(ctx context.Context, c *Client) error {
			return c.DeleteWebhook(ctx, "wid_0123456789abcdef01234567")
		},
			"/v1/webhooks/wid_0123456789abcdef01234567"},
	} {
		f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.Header.Get("X-Request-Id") {
			case "deleted":
				w.WriteHeader(http.StatusNoContent)
			case "unknown":
				w.WriteHeader(http.StatusNotFound)
			default:
				io.WriteString(w, "{}")
			}
		})
		c := f.client(t)
		if err := test.call(WithRequestID(t.Context(), "deleted"), c); err != nil {
			t.Error(err)
		}
		if err := test.call(WithRequestID(t.Context(), "unknown"), c); !isOnly(err, ErrNotFound) {
			t.Errorf("%v, want ErrNotFound", err)
		}
		if err := test.call(t.Context(), c); !isOnly(err, ErrInternal) {
			t.Errorf("a body where there must be none: %v, want ErrInternal", err)
		}
		if sent := f.sent()[0]; sent.method != http.MethodDelete || sent.target != test.target || sent.body != "" {
			t.Errorf("sent %s %s %q, want DELETE %s", sent.method, sent.target, sent.body, test.target)
		}
	}
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

func TestTokenRef(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"reidentify.json":         "mlr_0123456789abcdef01234567",
		"reidentify-passkey.json": "mlr_89abcdef0123456701234567",
	} {
		if got := decode[ReidentifyResponse](t, name).TokenRef(); got != want {
			t.Errorf("%s: token %q, want %q", name, got, want)
		}
	}

	if got := (ReidentifyResponse{}).TokenRef(); got != "" {
		t.Errorf("token %q of an empty answer", got)
	}
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
		before := len(f.sent())
		_, err := c.VerifyAccessRecord(t.Context(), test.ak)
		sent := f.sent()[before:]
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

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := Options{BaseURL: "https://api.central.consent/v1", AccountID: "a", SecretKey: "s"}
	tests := []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"good", func(o *Options) {}, ""},
		{"loopback name", func(o *Options) { o.BaseURL = "http://localhost:5001/v1" }, ""},
		{"loopback address", func(o *Options) { o.BaseURL = "http://127.0.0.1:5001/v1" }, ""},
		{"loopback IPv6", func(o *Options) { o.BaseURL = "http://[::1]:5001/v1" }, ""},
		{"empty", func(o *Options) { o.BaseURL = "" }, "BaseURL"},
		{"relative", func(o *Options) { o.BaseURL = "/v1" }, "BaseURL"},
		{"no host", func(o *Options) { o.BaseURL = "https:///v1" }, "BaseURL"},
		{"opaque", func(o *Options) { o.BaseURL = "https:api" }, "BaseURL"},
		{"other scheme", func(o *Options) { o.BaseURL = "ftp://api.central.consent" }, "https"},
		{"http", func(o *Options) { o.BaseURL = "http://api.central.consent/v1" }, "loopback"},
		{"http, loopback look-alike", func(o *Options) { o.BaseURL = "http://localhost.example.com/v1" }, "loopback"},
		{"password", func(o *Options) { o.BaseURL = "https://u:canary@api.central.consent" }, "user"},
		{"query", func(o *Options) { o.BaseURL = "https://api.central.consent/v1?canary" }, "query"},
		{"fragment", func(o *Options) { o.BaseURL = "https://api.central.consent/v1#canary" }, "fragment"},
		{"unparsable", func(o *Options) { o.BaseURL = "https://canary\x7f" }, "BaseURL"},
		{"no account", func(o *Options) { o.AccountID = "" }, "AccountID"},
		{"colon", func(o *Options) { o.AccountID = "a:canary" }, "AccountID"},
		{"no secret", func(o *Options) { o.SecretKey = "" }, "SecretKey"},
		{"negative timeout", func(o *Options) { o.Timeout = -1 }, "Timeout"},
	}
	for _, test := range tests {
		options := good
		test.change(&options)
		_, err := New(options)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, want an error that names %s", test.name, err, test.want)
		case err != nil && strings.Contains(err.Error(), "canary"):
			t.Errorf("%s: the error shows the value: %v", test.name, err)
		}
	}
}

func TestClientPrintsNoSecret(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("{}")) })
	c := f.client(t)
	if _, err := c.IdentityRecordExists(t.Context(), testMPxN); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%s", "%#v"} {
		if text := fmt.Sprintf(format, c); strings.Contains(text, testSecret) || strings.Contains(text, testBearer) {
			t.Errorf("%s shows a secret: %s", format, text)
		}
	}
}

func TestRequestIDIsSentOnlyWhenSafe(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("{}")) })
	c := f.client(t)
	for _, id := range []string{"", "two words", "line\nbreak", strings.Repeat("x", 129), "é"} {
		before := len(f.sent())
		if _, err := c.IdentityRecordExists(WithRequestID(t.Context(), id), testMPxN); err != nil {
			t.Fatalf("%q: %v", id, err)
		}
		if got := f.sent()[before].header["X-Request-Id"]; got != nil {
			t.Errorf("%q was sent as %q", id, got)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the client followed to %s", r.RequestURI)
	}))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.RequestURI, status)
		})
		_, err := f.client(t).
			ListAccessRecords(t.Context(), testMPxN, ListAccessRecordsQuery{ReidentificationToken: testToken})
		if !isOnly(err, ErrInternal) {
			t.Errorf("%d: %v, want ErrInternal", status, err)
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer string
	}{
		{"not JSON", "<html>"},
		{"another type", `{"exists": "yes"}`},
		{"empty", ""},
		{"too long", `{"mpxn":"` + strings.Repeat("x", maxAnswer) + `"}`},
		{"two documents", `{} {}`},
	}
	for _, test := range tests {
		f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, test.answer) })
		if _, err := f.client(t).IdentityRecordExists(t.Context(), testMPxN); !isOnly(err, ErrInternal) {
			t.Errorf("%s: %v, want ErrInternal", test.name, err)
		}
		if n := len(f.sent()); n != 1 {
			t.Errorf("%s: asked %d times, want 1", test.name, n)
		}
	}
}
