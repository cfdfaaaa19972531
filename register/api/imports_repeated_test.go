package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// An import that failed or was cancelled keeps the lines that it registered, and can be repeated.
func TestImportAfterFailure(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		service, account := importer(t, r.DB, r.Clock.Now)
		lines := linesOf(t, 1400, nil)
		cut := errors.New("cut")
		broken := io.MultiReader(strings.NewReader(lines[:len(lines)*4/5]), failing{cut})
		var reported []int
		response, err := service.Rules.Import(t.Context(), account, broken, func(_ int64, lines int) {
			reported = append(reported, lines)
		})
		if !errors.Is(err, cut) || counts(response) != [4]int{1000, 1000, 0, 0} {
			t.Fatal(err, counts(response))
		}
		if !slices.Equal(reported, []int{500, 1000}) {
			t.Fatalf("reported after %v lines", reported)
		}
		if got := rows(t, r, "access_records"); got != 1000 {
			t.Errorf("%d records, want the 1000 that were committed", got)
		}

		ctx, cancel := context.WithCancel(t.Context())
		_, err = service.Rules.Import(ctx, account, strings.NewReader(lines), func(int64, int) { cancel() })
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}

		response, err = service.Rules.Import(t.Context(), account, strings.NewReader(lines), nil)
		if err != nil || counts(response) != [4]int{1400, 400, 1000, 0} {
			t.Error(err, counts(response))
		}

		r.Suspend(t, account.AccountID)
		_, err = service.Rules.Import(t.Context(), account, strings.NewReader(lines), nil)
		if err == nil || rows(t, r, "access_records") != 1400 {
			t.Error("a suspended account imports", err)
		}
	})
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Concurrent imports register each line once.
func TestConcurrentImports(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		service, account := importer(t, r.DB, r.Clock.Now)
		lines := linesOf(t, 1000, nil)
		reversed := strings.SplitAfter(strings.TrimSuffix(lines, "\n"), "\n")
		slices.Reverse(reversed)
		done := make(chan registerclient.ImportResponse, 4)
		for i := range 4 {
			text := lines
			if i%2 == 1 {
				text = strings.Join(reversed, "\n")
			}

			go func() {
				response, err := service.Rules.Import(t.Context(), account, strings.NewReader(text), nil)
				if err != nil {
					t.Error(err)
				}

				done <- response
			}()
		}

		imported := 0
		known := 0
		for range 4 {
			response := <-done
			imported += response.Imported
			known += response.Known
		}

		if imported != 1000 || known != 3000 || rows(t, r, "access_records") != 1000 {
			t.Errorf("%d lines imported, %d known", imported, known)
		}
	})
}

// A repeated Idempotency-Key gets the first response again.
func TestImportIdempotencyKey(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner := bearer(t, r, "owner", registerclient.RoleDataUser)
		importWith := func(key, lines string) (status int, text, replayed string) {
			a := sendWith(t, http.MethodPost, r.URL+batch, http.Header{
				"Authorization":   {owner},
				"Content-Type":    {"application/x-ndjson"},
				"Idempotency-Key": {key},
			}, []byte(lines))

			return a.status, strings.TrimSpace(a.text), a.header.Get("Idempotency-Replayed")
		}
		lines := linesOf(t, 3, nil)
		status, first, replayed := importWith("k1", lines)
		if status != http.StatusOK || replayed != "" || !strings.Contains(first, `"imported":3`) {
			t.Fatal(status, first, replayed)
		}

		status, again, replayed := importWith("k1", lines)
		if status != http.StatusOK || again != first || replayed != "true" {
			t.Error(status, again, replayed)
		}

		status, _, _ = importWith("k1", linesOf(t, 4, nil))
		if status != http.StatusUnprocessableEntity || rows(t, r, "access_records") != 3 {
			t.Error("another body under the same key", status)
		}
		if status, _, _ := importWith("a b", lines); status != http.StatusBadRequest {
			t.Error("a key with a space", status)
		}

		r.Clock.Add(24 * time.Hour)
		owner = renew(t, r, "owner")
		if _, later, replayed := importWith("k1", lines); replayed != "" || !strings.Contains(later, `"known":3`) {
			t.Error("a day later", later, replayed)
		}
	})
}

// An import may take longer than the server allows other requests, as long as lines arrive.
func TestSlowImport(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "owner", registerclient.RoleDataUser)
	server := httptest.NewUnstartedServer(serviceOn(t, store.New(r.DB.Write, r.DB.Read), r.Clock.Now))
	server.Config.ReadTimeout = 300 * time.Millisecond
	server.Config.WriteTimeout = 400 * time.Millisecond
	server.Start()
	defer server.Close()
	read, write := io.Pipe()
	lines := linesOf(t, 6, nil)
	go func() {
		// Not a test clock: the deadlines of a connection run in real time.
		pause := time.NewTicker(150 * time.Millisecond)
		defer pause.Stop()
		for line := range strings.SplitAfterSeq(lines, "\n") {
			io.WriteString(write, line)
			<-pause.C
		}

		write.Close()
	}()

	request := must(http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1"+batch, read))(t)
	request.Header.Set("Authorization", owner)
	request.Header.Set("Content-Type", "application/x-ndjson")
	response := must(http.DefaultClient.Do(request))(t)
	defer response.Body.Close()
	var imported registerclient.ImportResponse
	err := json.NewDecoder(response.Body).Decode(&imported)
	if err != nil || counts(imported) != [4]int{6, 6, 0, 0} {
		t.Error(response.Status, err, counts(imported))
	}
}
