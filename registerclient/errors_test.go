package registerclient

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestStatusesAndKinds(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		400: ErrInvalid, 401: ErrUnauthorized, 403: ErrForbidden, 404: ErrNotFound, 409: ErrConflict,
		422: ErrUnprocessable, 429: ErrTooMany,
		502: ErrUnavailable, 503: ErrUnavailable, 504: ErrUnavailable,
		304: ErrInternal, 405: ErrInternal, 413: ErrInternal, 500: ErrInternal, 501: ErrInternal, 505: ErrInternal,
		599: ErrInternal,
	} {
		f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
		_, err := f.client(t).Reidentify(t.Context(), ReidentifyRequest{})
		var typed *Error
		if !isOnly(err, want) || !errors.As(err, &typed) || typed.Status != status {
			t.Errorf("%d: %v, want %v", status, err, want)
		}
	}
}

func TestEnvelope(t *testing.T) {
	t.Parallel()
	response := testdata(t, "error.json")
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		w.Write(response)
	})
	_, err := f.client(t).CreateAccessRecord(t.Context(), AccessRecord{})
	var typed *Error
	if !errors.As(err, &typed) {
		t.Fatal(err)
	}
	if typed.Code != "VAL001" || typed.Message != "processing.purpose is required" ||
		typed.Field != "processing.purpose" ||
		typed.TransactionID != "tid_0123456789abcdef01234567" ||
		len(typed.Details) != 2 ||
		typed.Details[1].Message != "the body is empty" {
		t.Errorf("%+v", typed)
	}

	const want = "register: create access record: status 400 VAL001 in processing.purpose " +
		"(tid_0123456789abcdef01234567)"
	if typed.Error() != want {
		t.Errorf("%q, want %q", typed, want)
	}

	encoded, err := json.Marshal(decode[ErrorResponse](t, "error.json"))
	if err != nil {
		t.Fatal(err)
	}

	sameJSON(t, "envelope", encoded, response)
}

const (
	canaryMPxN  = "9900000000001"
	canaryToken = "mlr_ca11ab1eca11ab1eca11ab1e"
	canaryEmail = "canary@example.com"
)

// canaries are in every input of callsWithCanaries and in the responses. No error may show one.
var canaries = []string{canaryMPxN, canaryToken, canaryEmail, "canary-secret", "canary_account", "canary-bearer"}

var callsWithCanaries = []func(context.Context, *Client) error{
	func(ctx context.Context, c *Client) error {
		_, err := c.IdentityRecordExists(ctx, canaryMPxN)
		return err
	},
	func(ctx context.Context, c *Client) error {
		_, err := c.ReidentificationStatus(ctx, canaryToken)
		return err
	},
	func(ctx context.Context, c *Client) error {
		_, err := c.LookupIdentityRecords(ctx, LookupIdentityRecordsQuery{canaryMPxN, canaryEmail})
		return err
	},
	func(ctx context.Context, c *Client) error {
		_, err := c.ListAccessRecords(ctx, canaryMPxN, ListAccessRecordsQuery{ReidentificationToken: canaryToken})
		return err
	},
	func(ctx context.Context, c *Client) error {
		query := RevokeAccessRecordQuery{ReidentificationToken: canaryToken}
		_, err := c.RevokeAccessRecord(ctx, canaryToken, query)
		return err
	},
	func(ctx context.Context, c *Client) error {
		_, err := c.WithdrawalNotice(ctx, canaryToken, canaryToken)
		return err
	},
	func(ctx context.Context, c *Client) error {
		_, err := c.CreateIdentityRecord(ctx, CreateIdentityRecordRequest{Email: new(canaryEmail)})
		return err
	},
	func(ctx context.Context, c *Client) error {
		_, err := c.VerifyAccessRecord(ctx, canaryToken+"\x00")
		return err
	},
	func(ctx context.Context, c *Client) error {
		_, err := c.VerifyAccessRecord(ctx, strings.Repeat(canaryToken, 99))
		return err
	},
}

// quoteCanaries responds with a status and with everything that must not be in an error.
func quoteCanaries(status int) http.HandlerFunc {
	everything := strings.Join(canaries, " ")

	return func(w http.ResponseWriter, r *http.Request) {
		if isTokenRequest(r) && status != http.StatusUnauthorized {
			w.Write([]byte(`{"bearer-token": "canary-bearer", "expires": 7200}`))
			return
		}

		w.WriteHeader(status)
		if status == http.StatusOK {
			w.Write([]byte(everything))
			return
		}

		details := []ErrorDetail{{Code: canaryMPxN, Message: everything + r.RequestURI, Field: canaryMPxN}}
		if status == http.StatusConflict {
			details[0] = ErrorDetail{Code: everything, Message: everything, Field: canaryToken}
		}

		json.NewEncoder(w).Encode(ErrorResponse{
			Response: ResponseMetadata{Resource: r.RequestURI, TransactionID: canaryToken},
			Errors:   details,
		})
	}
}

func TestErrorsHoldNoPersonalData(t *testing.T) {
	t.Parallel()
	hangUp := func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }
	hang := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	badRedirect := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://%zz/"+strings.Join(canaries, " "))
		w.WriteHeader(http.StatusFound)
	}

	type failure struct {
		name    string
		handler http.HandlerFunc
		base    string
	}
	failures := []failure{
		{"hangs up", hangUp, ""},
		{"hangs", hang, ""},
		{"redirects badly", badRedirect, ""},
		{"refused connection", nil, "http://127.0.0.1:1/v1"},
		{"no such host", nil, "https://register.invalid/v1"},
	}
	for _, status := range []int{200, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503} {
		failures = append(failures, failure{http.StatusText(status), quoteCanaries(status), ""})
	}

	for _, failure := range failures {
		t.Run(failure.name, func(t *testing.T) {
			t.Parallel()
			base := failure.base
			if failure.handler != nil {
				server := httptest.NewServer(failure.handler)
				t.Cleanup(server.Close)
				base = server.URL + "/v1"
			}

			c := newTestClient(t, func(o *Options) {
				o.BaseURL = base
				o.AccountID = "canary_account"
				o.SecretKey = "canary-secret"
				o.Timeout = 2 * time.Second
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			checkForCanaries(ctx, t, c)

			cancel()
			checkForCanaries(ctx, t, c)
		})
	}
}

// checkForCanaries makes all calls, which must fail.
func checkForCanaries(ctx context.Context, t *testing.T, c *Client) {
	t.Helper()
	for _, call := range callsWithCanaries {
		err := call(ctx, c)
		if err == nil {
			t.Fatal("no error")
		}

		for ; err != nil; err = errors.Unwrap(err) {
			for _, canary := range canaries {
				if strings.Contains(err.Error(), canary) {
					t.Errorf("the error shows %s: %v", canary, err)
				}
			}
		}
	}
}

// FuzzDecodeError checks that no response makes the text of an error long, or more than a line, or show a run of digits
// that could be personal data.
func FuzzDecodeError(f *testing.F) {
	f.Add(400, testdata(f, "error.json"))
	f.Add(404, []byte(`{"errors": []}`))
	f.Add(500, []byte(`{"errors": [{"error-code": "VAL001", "field": "notice.notices[12].terms-url"}]}`))
	f.Add(409, []byte(`{"errors": [{"error-code": "2312345678901", "field": "2312345678901"}],
		"response": {"transaction-id": "tid_\n"}}`))
	f.Add(422, []byte(`{"errors": [{"field": "a1234567"}, null]}`))
	f.Add(503, []byte(`[[[[`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		e := decodeError("list access records", status, body)
		text := e.Error()
		if len(text) > 1024 {
			t.Errorf("%d characters", len(text))
		}

		digits := 0
		before, _, _ := strings.Cut(text, "(tid_")
		for _, r := range strings.TrimPrefix(before, "register: list access records: status ") {
			switch {
			case r < ' ' || r > '~':
				t.Fatalf("%q in %q", r, text)
			case r >= '0' && r <= '9':
				digits++
			default:
				digits = 0
			}

			// The status is fuzzed as well, and may have as many digits as an int.
			if digits >= 6 && status >= 0 && status < 1000 {
				t.Fatalf("a run of digits in %q", text)
			}
		}

		matched := 0
		for _, kind := range kinds {
			if errors.Is(e, kind) {
				matched++
			}
		}

		if matched != 1 {
			t.Errorf("status %d matches %d kinds", status, matched)
		}
	})
}
