package handlers

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
)

// wire carries the portal's calls to the register. It counts them, and can answer or lose them.
type wire struct {
	mu    sync.Mutex
	calls map[string]int
	// request is the body of the last request for a challenge, and token the token-ref that the register gave.
	request string
	token   string
	// answer is called before the register: a response that is not nil is used instead of the register's. If lose
	// returns true, the register's response is lost. Both may be nil.
	answer func(*http.Request) *http.Response
	lose   func(*http.Request) bool
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	operation := operationOf(r)
	if operation == "reidentify" {
		if err := w.keepRequest(r); err != nil {
			return nil, err
		}
	}

	w.mu.Lock()
	if w.calls == nil {
		w.calls = map[string]int{}
	}

	w.calls[operation]++
	answer := w.answer
	lose := w.lose
	w.mu.Unlock()
	if answer != nil {
		if instead := answer(r); instead != nil {
			return instead, nil
		}
	}

	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if lose != nil && lose(r) {
		response.Body.Close()
		return nil, io.ErrUnexpectedEOF
	}

	if operation == "reidentify" {
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, err
		}

		response.Body = io.NopCloser(bytes.NewReader(body))
		w.keepToken(string(body))
	}

	return response, nil
}

// keepRequest remembers the body of a request.
func (w *wire) keepRequest(r *http.Request) error {
	body, err := r.GetBody()
	if err != nil {
		return err
	}

	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	w.request = string(text)

	return nil
}

// keepToken remembers the token-ref in a response.
func (w *wire) keepToken(body string) {
	if _, rest, ok := strings.Cut(body, `"token-ref":"`); ok {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.token, _, _ = strings.Cut(rest, `"`)
	}
}

func (w *wire) called(operation string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[operation]
}

func (w *wire) challengeRequest() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.request
}

func (w *wire) tokenRef() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.token
}

func (w *wire) set(answer func(*http.Request) *http.Response, lose func(*http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
	w.lose = lose
}

// operationOf names the call: token, exists, reidentify, complete, sign-out, status, list, notice or revoke.
func operationOf(r *http.Request) string {
	path := strings.TrimPrefix(r.URL.Path, "/v1")
	switch {
	case path == "/auth/token":
		return "token"
	case path == "/identity-records/exists":
		return "exists"
	case path == "/identity-records/reidentify":
		return "reidentify"
	case strings.HasSuffix(path, "/complete"):
		return "complete"
	case strings.HasSuffix(path, "/sign-out"):
		return "sign-out"
	case strings.HasPrefix(path, "/identity-records/reidentify/"):
		return "status"
	case strings.HasSuffix(path, "/notice"):
		return "notice"
	case strings.HasPrefix(path, "/meter-points/"):
		return "list"
	case r.Method == http.MethodDelete:
		return "revoke"
	}

	return path
}

// refuse returns an answer to one operation: a status, and a text that must not reach a browser.
func refuse(operation string, status int) func(*http.Request) *http.Response {
	return func(r *http.Request) *http.Response {
		if operationOf(r) != operation {
			return nil
		}

		return &http.Response{
			StatusCode: status,
			Header:     http.Header{"Content-Type": {"application/json"}},
			Request:    r,
			Body: io.NopCloser(
				strings.NewReader(
					`{"response":{"resource":"","timestamp":"2026-06-01T09:00:00Z","transaction-id":"tid_1"},` +
						`"errors":[{"error-code":"SRV001","message":"inner canary"}]}`,
				),
			),
		}
	}
}

// answerJSON returns a successful response of the register.
func answerJSON(r *http.Request, body string) *http.Response {
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Request:    r,
		Body:       io.NopCloser(strings.NewReader(body)),
	}
}
