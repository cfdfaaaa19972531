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

var kinds = []error{
	ErrInvalid, ErrUnauthorized, ErrForbidden, ErrNotFound, ErrConflict, ErrUnprocessable, ErrTooMany,
	ErrUnavailable, ErrInternal,
}

// isOnly reports whether err is want and none of the other kinds.
func isOnly(err, want error) bool {
	for _, kind := range kinds {
		if errors.Is(err, kind) != (kind == want) {
			return false
		}
	}

	return true
}

func TestStatusesAndKinds(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		400: ErrInvalid, 401: ErrUnauthorized, 403: ErrForbidden, 404: ErrNotFound, 409: ErrConflict,
		422: ErrUnprocessable, 429: ErrTooMany, 500: ErrInternal, 501: ErrInternal, 502: ErrUnavailable,
		503: ErrUnavailable, 504: ErrUnavailable, 505: ErrInternal, 599: ErrInternal, 405: ErrInternal, 413: ErrInternal,
		304: ErrInternal,
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
	answer := testdata(t, "error.json")
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		w.Write(answer)
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

	const want = "register: create access record: status 400 VAL001 in processing.purpose (tid_0123456789abcdef01234567)"
	if typed.Error() != want {
		t.Errorf("%q, want %q", typed, want)
	}

	back, _ := json.Marshal(decode[ErrorResponse](t, "error.json"))
	sameJSON(t, "envelope", back, answer)
}

// canaries are in every input of the calls below, and must be in no error.
var canaries = []string{
	"9900000000001",
	"mlr_ca11ab1eca11ab1eca11ab1e",
	"canary@example.com",
	"canary-secret",
	"canary_account",
	"canary-bearer",
}

func TestErrorsHoldNothingPersonal(t *testing.T) {
	t.Parallel()
	everything := strings.Join(canaries, " ")
	quoting := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/auth/token") && status != 401 {
				w.Write([]byte(`{"bearer-token": "canary-bearer", "expires": 7200}`))
				return
			}

			w.WriteHeader(status)
			if status == 200 {
				w.Write([]byte(everything))
				return
			}

			details := []ErrorDetail{{Code: canaries[0], Message: everything + r.RequestURI, Field: canaries[0]}}
			if status == 409 {
				details[0] = ErrorDetail{Code: everything, Message: everything, Field: canaries[1]}
			}

			json.NewEncoder(w).Encode(ErrorResponse{
				Response: ResponseMetadata{Resource: r.RequestURI, TransactionID: canaries[1]}, Errors: details,
			})
		}
	}
	hangUp := func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }
	hang := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	badRedirect := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://%zz/"+everything)
		w.WriteHeader(http.StatusFound)
	}
	type problem struct {
		name    string
		handler http.HandlerFunc
		base    string
	}
	problems := []problem{
		{"hangs up", hangUp, ""}, {"hangs", hang, ""}, {"redirects badly", badRedirect, ""},
		{"refused connection", nil, "http://127.0.0.1:1/v1"}, {"no such host", nil, "https://register.invalid/v1"},
	}
	for _, status := range []int{200, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503} {
		problems = append(problems, problem{http.StatusText(status), quoting(status), ""})
	}

	for _, problem := range problems {
		t.Run(problem.name, func(t *testing.T) {
			t.Parallel()
			base := problem.base
			if problem.handler != nil {
				server := httptest.NewServer(problem.handler)
				t.Cleanup(server.Close)
				base = server.URL + "/v1"
			}

			c, err := New(
				Options{
					BaseURL:   base,
					AccountID: "canary_account",
					SecretKey: "canary-secret",
					Timeout:   2 * time.Second,
				},
			)
			if err != nil {
				t.Fatal(err)
			}

			for _, refused := range []bool{false, true} {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				if refused {
					cancel()
				}

				for _, call := range []func() error{
					func() error { _, err := c.IdentityRecordExists(ctx, canaries[0]); return err },
					func() error { _, err := c.ReidentificationStatus(ctx, canaries[1]); return err },
					func() error {
						_, err := c.LookupIdentityRecords(ctx, LookupIdentityRecordsQuery{canaries[0], canaries[2]})
						return err
					},
					func() error {
						_, err := c.ListAccessRecords(ctx, canaries[0], ListAccessRecordsQuery{ReidentificationToken: canaries[1]})
						return err
					},
					func() error {
						_, err := c.RevokeAccessRecord(ctx, canaries[1], RevokeAccessRecordQuery{ReidentificationToken: canaries[1]})
						return err
					},
					func() error { _, err := c.WithdrawalNotice(ctx, canaries[1], canaries[1]); return err },
					func() error {
						_, err := c.CreateIdentityRecord(ctx, CreateIdentityRecordRequest{Email: &canaries[2]})
						return err
					},
					func() error { _, err := c.VerifyAccessRecord(ctx, canaries[1]+"\x00"); return err },
					func() error { _, err := c.VerifyAccessRecord(ctx, strings.Repeat(canaries[1], 99)); return err },
				} {
					err := call()
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

				cancel()
			}
		})
	}
}

// FuzzDecodeError holds that no answer, however hostile, makes an error's text long, or more than a line, or show
// a run of digits or of hexadecimal that could be somebody's.
func FuzzDecodeError(f *testing.F) {
	f.Add(400, testdata(f, "error.json"))
	f.Add(404, []byte(`{"errors": []}`))
	f.Add(500, []byte(`{"errors": [{"error-code": "VAL001", "field": "notice.notices[12].terms-url"}]}`))
	f.Add(
		409,
		[]byte(
			`{"errors": [{"error-code": "2312345678901", "field": "2312345678901"}], "response": {"transaction-id": "tid_\n"}}`,
		),
	)
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

			// A status is fuzzed too, and may have as many digits as an int.
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
