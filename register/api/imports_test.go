package api_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const batch = "/access-records/batch"

// serviceOn is a register on this store, reached without HTTP.
func serviceOn(t testing.TB, kept *store.Store, clock func() time.Time) *register.Register {
	t.Helper()
	keys := must(rules.NewKeyring("test:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))))(t)
	return must(register.New(register.Options{
		Store: kept, Keys: keys, PublicURL: "http://localhost:5001", Clock: clock, Logger: slog.New(slog.DiscardHandler),
	}))(t)
}

// linesOf writes lines that are as importLine makes them, each altered.
func linesOf(t testing.TB, count int, alter func(i int, line *registerclient.ImportLine)) string {
	t.Helper()
	var text strings.Builder
	for i := range count {
		line := importLine(i)
		if alter != nil {
			alter(i, &line)
		}

		text.Write(must(json.Marshal(line))(t))
		text.WriteByte('\n')
	}

	return text.String()
}

func imports(t testing.TB, c *registerclient.Client, lines string) *registerclient.ImportResponse {
	t.Helper()
	return must(c.ImportAccessRecords(t.Context(), strings.NewReader(lines)))(t)
}

// counts is lines, imported, known, refused.
func counts(told registerclient.ImportResponse) [4]int {
	return [4]int{told.Lines, told.Imported, told.Known, told.Refused}
}

// rows counts a table's.
func rows(t testing.TB, r *registertest.Register, from string) int {
	t.Helper()
	var n int
	if err := r.DB.Read.Get(&n, `SELECT COUNT(*) FROM `+from); err != nil {
		t.Fatal(err)
	}

	return n
}

// A line is registered once, however often its import is repeated.
func TestImportIsIdempotent(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner := r.Client(t, registerclient.RoleDataUser)
		states := []registerclient.AccessState{"ACTIVE", "EXPIRED", "REVOKED"}
		lines := linesOf(t, 1203, func(i int, line *registerclient.ImportLine) {
			event := &line.AccessRecord.AccessEvent
			if event.State = states[i%3]; event.State == registerclient.StateExpired {
				event.Expiry = new(event.RegisteredAt.AddDate(1, 0, 0))
			}
		})
		if got := counts(*imports(t, owner, lines)); got != [4]int{1203, 1203, 0, 0} {
			t.Fatal(got)
		}

		r.Clock.Add(time.Minute)
		if got := counts(
			*imports(t, owner, "\n"+strings.ReplaceAll(lines, "\n", "\r\n \n")),
		); got != [4]int{
			1203,
			0,
			1203,
			0,
		} {
			t.Error("again", got)
		}

		for from, want := range map[string]int{
			"access_records": 1203, "access_records WHERE state = 'ACTIVE'": 401, "access_records WHERE state = 'REVOKED'": 401,
			"identity_records": 1203, "imports": 1203, `audit_events WHERE event_type = 'record.created' AND detail = '{"import":true}'`: 1203,
		} {
			if got := rows(t, r, from); got != want {
				t.Errorf("%s: %d rows, want %d", from, got, want)
			}
		}

		if got := must(
			owner.LookupIdentityRecords(
				t.Context(),
				registerclient.LookupIdentityRecordsQuery{Email: "customer7@example.com"},
			),
		)(
			t,
		); len(
			got.IdentityRecords,
		) != 1 {
			t.Error("an imported customer is not found by their e-mail address")
		}

		other := r.Client(t, registerclient.RoleDataUser)
		if got := counts(*imports(t, other, linesOf(t, 2, nil))); got != [4]int{2, 2, 0, 0} {
			t.Error("another account's references are in the way", got)
		}
	})
}

// Each wrong line is reported with its number, code and field, and does not keep the others out.
func TestImportReportsMistakes(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		stranger := r.Client(t, registerclient.RoleDataUser)
		theirs := must(
			stranger.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "")),
		)(
			t,
		).IR
		gone := must(
			owner.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "")),
		)(
			t,
		).IR
		if _, err := r.DB.Write.Exec(
			r.DB.Write.Rebind(`UPDATE identity_records SET mpxn = NULL, anonymised_at = 1 WHERE ir = ?`),
			gone,
		); err != nil {
			t.Fatal(err)
		}

		named := func(ref string) func(*registerclient.ImportLine) {
			return func(l *registerclient.ImportLine) {
				l.IdentityRecord, l.AccessRecord.RecordMetadata.IdentityRecordRef = nil, &ref
			}
		}
		const ref = "access-record.record-metadata.identity-record-ref"
		var text strings.Builder
		var want []string
		line := 0
		raw := func(content, mistake string) {
			line++
			text.WriteString(content + "\n")
			if mistake != "" {
				want = append(want, fmt.Sprintf("%d %s", line, mistake))
			}
		}
		altered := func(mistake string, alter func(*registerclient.ImportLine)) {
			l := importLine(line)
			alter(&l)
			raw(string(must(json.Marshal(l))(t)), mistake)
		}
		good := func() { altered("", func(*registerclient.ImportLine) {}) }
		good()
		raw("", "") // counted, and no line
		raw("{", "VAL001 ")
		raw("{} {}", "VAL001 ")
		raw("null x", "VAL001 ")
		raw(`{"import-reference":1}`, "VAL001 import-reference")
		raw(`{"import-reference":"a","import-reference":"b"}`, "VAL001 import-reference")
		raw(`{"access-record":{"procesing":{}}}`, "VAL001 access-record.procesing")
		raw(strings.Repeat("[", 40), "VAL001 "+strings.Repeat("[0]", 32))
		raw(strings.Repeat("x", 256<<10+1), "VAL001 ")
		raw("\xff", "VAL001 ")
		altered("VAL001 import-reference", func(l *registerclient.ImportLine) { l.ImportReference = " " })
		altered(
			"VAL001 import-reference",
			func(l *registerclient.ImportLine) { l.ImportReference = strings.Repeat("x", 256) },
		)
		altered(
			"VAL001 access-record.processing.purpose",
			func(l *registerclient.ImportLine) { l.AccessRecord.Processing.Purpose = "" },
		)
		altered(
			"VAL001 access-record.access-event.state",
			func(l *registerclient.ImportLine) { l.AccessRecord.AccessEvent.State = "DISCOVERED" },
		)
		altered("VAL001 access-record.reidentification-token", func(l *registerclient.ImportLine) {
			l.AccessRecord.ReidentificationToken = new("mlr_0123456789abcdef01234567")
		})
		altered(
			"VAL001 identity-record.initiate-passkey-registration",
			func(l *registerclient.ImportLine) { l.IdentityRecord.InitiatePasskeyRegistration = true },
		)
		altered(
			"VAL001 identity-record.pii-principal.mpxn",
			func(l *registerclient.ImportLine) { l.IdentityRecord.PIIPrincipal.MPxN = "12" },
		)
		altered(
			"VAL001 identity-record.email",
			func(l *registerclient.ImportLine) { l.IdentityRecord.Email = new("nobody") },
		)
		altered("VAL001 identity-record", func(l *registerclient.ImportLine) { l.IdentityRecord = nil })
		altered(
			"VAL001 "+ref,
			func(l *registerclient.ImportLine) { l.AccessRecord.RecordMetadata.IdentityRecordRef = &ir },
		)
		altered("VAL001 "+ref, named("nonsense"))
		altered("AUTH003 "+ref, named(theirs))
		altered("AUTH003 "+ref, named("ir_0123456789abcdef01234567"))
		altered("CON001 "+ref, named(gone))
		altered("", named(ir))
		altered("", func(l *registerclient.ImportLine) { *l = importLine(0) }) // the first once more
		altered(
			"CON001 import-reference",
			func(l *registerclient.ImportLine) { l.ImportReference = importLine(0).ImportReference },
		)
		good()

		told := imports(t, owner, text.String())
		var got []string
		for _, wrong := range told.Errors {
			got = append(got, fmt.Sprintf("%d %s %s", wrong.Line, wrong.Code, wrong.Field))
			if wrong.Message == "" || wrong.Field != "" && !strings.HasPrefix(wrong.Message, wrong.Field+": ") {
				t.Errorf("message %q", wrong.Message)
			}
		}

		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if got := counts(*told); got != [4]int{line - 1, 3, 1, len(want)} {
			t.Error(got)
		}

		again := imports(t, owner, text.String())
		if got := counts(*again); got != [4]int{line - 1, 0, 4, len(want)} || len(again.Errors) != len(told.Errors) {
			t.Error("again", got)
		}
		if got := imports(t, owner, strings.Repeat("{\n", 1500)); got.Refused != 1500 || len(got.Errors) != 1000 {
			t.Error(got.Refused, len(got.Errors))
		}
	})
}

// An import that failed or was cancelled keeps what it registered and can be repeated.
func TestImportAfterFailure(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		service, account := importer(t, r.DB, r.Clock.Now)
		lines := linesOf(t, 1400, nil)
		cut := errors.New("cut")
		broken := io.MultiReader(strings.NewReader(lines[:len(lines)*4/5]), failing{cut})
		var seen []int
		told, err := service.Rules.Import(
			t.Context(),
			account,
			broken,
			func(read int64, lines int) { seen = append(seen, lines) },
		)
		if !errors.Is(err, cut) || counts(told) != [4]int{1000, 1000, 0, 0} || !slices.Equal(seen, []int{500, 1000}) {
			t.Fatal(err, counts(told), seen)
		}
		if rows(t, r, "access_records") != 1000 {
			t.Error("what was committed is gone, or more came in")
		}

		ctx, cancel := context.WithCancel(t.Context())
		if _, err := service.Rules.Import(
			ctx,
			account,
			strings.NewReader(lines),
			func(int64, int) { cancel() },
		); !errors.Is(
			err,
			context.Canceled,
		) {
			t.Error(err)
		}

		told, err = service.Rules.Import(t.Context(), account, strings.NewReader(lines), nil)
		if err != nil || counts(told) != [4]int{1400, 400, 1000, 0} {
			t.Error(err, counts(told))
		}

		r.Suspend(t, account.AccountID)
		if _, err := service.Rules.Import(
			t.Context(),
			account,
			strings.NewReader(lines),
			nil,
		); err == nil ||
			rows(t, r, "access_records") != 1400 {
			t.Error("a suspended account imports", err)
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Concurrent imports register each line once.
func TestConcurrentImports(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		service, account := importer(t, r.DB, r.Clock.Now)
		lines := linesOf(t, 1000, nil)
		all := strings.SplitAfter(strings.TrimSuffix(lines, "\n"), "\n")
		slices.Reverse(all)
		done := make(chan registerclient.ImportResponse, 4)
		for i := range 4 {
			text := lines
			if i%2 == 1 {
				text = strings.Join(all, "\n")
			}

			go func() {
				told, err := service.Rules.Import(t.Context(), account, strings.NewReader(text), nil)
				if err != nil {
					t.Error(err)
				}
				done <- told
			}()
		}

		imported := 0
		known := 0
		for range 4 {
			told := <-done
			imported, known = imported+told.Imported, known+told.Known
		}
		if imported != 1000 || known != 3000 || rows(t, r, "access_records") != 1000 {
			t.Error(imported, known)
		}
	})
}

// An imported active record supersedes the sightings of its organisation.
func TestImportSupersedesSightings(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		service, account := importer(t, r.DB, r.Clock.Now)
		dcc := r.Client(t, registerclient.RoleDCC)
		for _, reference := range []string{"SEC-OU-00429", "SEC-OU-00001"} {
			must(dcc.SubmitDiscoveredAccess(t.Context(), sighting(reference)))(t)
		}

		for i, want := range []int{0, 1} {
			lines := linesOf(t, i+1, func(j int, l *registerclient.ImportLine) {
				l.IdentityRecord.PIIPrincipal.MPxN = registertest.MeterPoint
				if j == 0 {
					l.AccessRecord.AccessEvent.State = registerclient.StateRevoked
				}
			})
			must(service.Rules.Import(t.Context(), account, strings.NewReader(lines), nil))(t)
			if got := rows(t, r, "discovered_access WHERE superseded_by IS NOT NULL"); got != want {
				t.Errorf("%d superseded, want %d", got, want)
			}
		}
	})
}

// An import is refused as a whole for its caller, its media type, its query and its size.
func TestImportRefusals(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "owner", registerclient.RoleDataUser)
	const ndjson = "application/x-ndjson"
	line := []byte(linesOf(t, 1, nil))
	expect(t, send(t, "POST", r.URL+batch, "", ndjson, line), http.StatusUnauthorized, "AUTH001")
	for _, role := range []registerclient.Role{registerclient.RolePortal, registerclient.RoleDCC, registerclient.RoleAdmin, registerclient.RoleDataProvider} {
		expect(
			t,
			send(t, "POST", r.URL+batch, bearer(t, r, "a_"+string(role), role), ndjson, line),
			http.StatusForbidden,
			"AUTH003",
		)
	}

	expect(t, send(t, "POST", r.URL+batch, owner, "application/json", line), http.StatusUnsupportedMediaType, "VAL001")
	expect(t, send(t, "POST", r.URL+batch+"?x=1", owner, ndjson, line), http.StatusBadRequest, "VAL001")
	if a := send(t, "POST", r.URL+batch, owner, ndjson, nil); a.status != http.StatusOK || a.body["lines"] != 0.0 {
		t.Error("nothing to import", a)
	}

	blank := append([]byte("\n"), bytes.Repeat([]byte(strings.Repeat(" ", 1023)+"\n"), 64<<10)...)
	expect(t, send(t, "POST", r.URL+batch, owner, ndjson, blank), http.StatusRequestEntityTooLarge, "VAL001")
	if a := send(t, "POST", r.URL+batch, owner, ndjson, blank[1:]); a.status != http.StatusOK {
		t.Error("64 MiB", a.status)
	}

	unsized := must(
		http.NewRequestWithContext(t.Context(), "POST", r.URL+batch, io.MultiReader(bytes.NewReader(blank))),
	)(
		t,
	)
	unsized.Header.Set("Authorization", owner)
	unsized.Header.Set("Content-Type", ndjson)
	if response, err := http.DefaultClient.Do(unsized); err == nil { // or the connection ends first
		response.Body.Close()
		if response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Error("too large, of unknown size", response.StatusCode)
		}
	}

	r.Suspend(t, "owner")
	expect(t, send(t, "POST", r.URL+batch, owner, ndjson, line), http.StatusUnauthorized, "AUTH002")
}

// A repeated Idempotency-Key gets the first response again.
func TestImportIdempotencyKey(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner := bearer(t, r, "owner", registerclient.RoleDataUser)
		keyed := func(key, body string) (int, string, string) {
			request := must(http.NewRequestWithContext(t.Context(), "POST", r.URL+batch, strings.NewReader(body)))(t)
			request.Header.Set("Authorization", owner)
			request.Header.Set("Content-Type", "application/x-ndjson")
			request.Header.Set("Idempotency-Key", key)
			response := must(http.DefaultClient.Do(request))(t)
			defer response.Body.Close()

			return response.StatusCode, strings.TrimSpace(
					string(must(io.ReadAll(response.Body))(t)),
				), response.Header.Get(
					"Idempotency-Replayed",
				)
		}
		lines := linesOf(t, 3, nil)
		status, first, replayed := keyed("k1", lines)
		if status != http.StatusOK || replayed != "" || !strings.Contains(first, `"imported":3`) {
			t.Fatal(status, first, replayed)
		}
		if status, again, replayed := keyed(
			"k1",
			lines,
		); status != http.StatusOK || again != first ||
			replayed != "true" {
			t.Error(status, again, replayed)
		}
		if status, _, _ := keyed(
			"k1",
			linesOf(t, 4, nil),
		); status != http.StatusUnprocessableEntity ||
			rows(t, r, "access_records") != 3 {
			t.Error("another body under the same key", status)
		}
		if status, _, _ := keyed("a b", lines); status != http.StatusBadRequest {
			t.Error("a key with a space", status)
		}

		r.Clock.Add(24 * time.Hour)
		owner = renew(t, r, "owner")
		if _, later, replayed := keyed("k1", lines); replayed != "" || !strings.Contains(later, `"known":3`) {
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
	server.Config.ReadTimeout, server.Config.WriteTimeout = 300*time.Millisecond, 400*time.Millisecond
	server.Start()
	defer server.Close()
	read, write := io.Pipe()
	lines := linesOf(t, 6, nil)
	go func() {
		// The deadlines of a connection run in real time.
		pause := time.NewTicker(150 * time.Millisecond)
		defer pause.Stop()
		for line := range strings.SplitAfterSeq(lines, "\n") {
			io.WriteString(write, line)
			<-pause.C
		}
		write.Close()
	}()
	request := must(http.NewRequestWithContext(t.Context(), "POST", server.URL+"/v1"+batch, read))(t)
	request.Header.Set("Authorization", owner)
	request.Header.Set("Content-Type", "application/x-ndjson")
	response := must(http.DefaultClient.Do(request))(t)
	defer response.Body.Close()
	var told registerclient.ImportResponse
	if err := json.NewDecoder(response.Body).Decode(&told); err != nil || counts(told) != [4]int{6, 6, 0, 0} {
		t.Error(response.Status, err, counts(told))
	}
}
