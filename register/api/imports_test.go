package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
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

// serviceOn returns a register on a store, to be called without HTTP.
func serviceOn(t testing.TB, s *store.Store, clock func() time.Time) *register.Register {
	t.Helper()

	return must(register.New(register.Options{
		Store:     s,
		Keys:      must(rules.NewKeyring("test:" + registertest.Key))(t),
		PublicURL: "http://localhost:5001",
		Clock:     clock,
		Logger:    slog.New(slog.DiscardHandler),
	}))(t)
}

// linesOf returns lines of importLine, each altered unless alter is nil.
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

// imports imports lines over HTTP.
func imports(t testing.TB, c *registerclient.Client, lines string) *registerclient.ImportResponse {
	t.Helper()

	return must(c.ImportAccessRecords(t.Context(), strings.NewReader(lines)))(t)
}

// counts returns how many lines an import had, imported, knew and refused.
func counts(response registerclient.ImportResponse) [4]int {
	return [4]int{response.Lines, response.Imported, response.Known, response.Refused}
}

// rows counts the rows of a table, which may be followed by WHERE.
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
		again := imports(t, owner, "\n"+strings.ReplaceAll(lines, "\n", "\r\n \n"))
		if got := counts(*again); got != [4]int{1203, 0, 1203, 0} {
			t.Error("again", got)
		}

		for from, want := range map[string]int{
			"access_records":                         1203,
			"access_records WHERE state = 'ACTIVE'":  401,
			"access_records WHERE state = 'REVOKED'": 401,
			"identity_records":                       1203,
			"imports":                                1203,
			`audit_events WHERE event_type = 'record.created' AND detail = '{"import":true}'`: 1203,
		} {
			if got := rows(t, r, from); got != want {
				t.Errorf("%s: %d rows, want %d", from, got, want)
			}
		}

		got := must(owner.LookupIdentityRecords(t.Context(), registerclient.LookupIdentityRecordsQuery{
			Email: "customer7@example.com",
		}))(t)
		if len(got.IdentityRecords) != 1 {
			t.Error("an imported customer is not found by their e-mail address")
		}

		other := r.Client(t, registerclient.RoleDataUser)
		if got := counts(*imports(t, other, linesOf(t, 2, nil))); got != [4]int{2, 2, 0, 0} {
			t.Error("with the references of another account", got)
		}
	})
}

// Each wrong line is reported with its number, code and field. The other lines are imported.
func TestImportReportsMistakes(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		stranger := r.Client(t, registerclient.RoleDataUser)
		theirs := identity(t, stranger, "")
		anonymised := identity(t, owner, "")
		anonymise := `UPDATE identity_records SET mpxn = NULL, anonymised_at = 1 WHERE ir = ?`
		registertest.Tamper(t, r, anonymise, anonymised)

		referTo := func(ref string) func(*registerclient.ImportLine) {
			return func(l *registerclient.ImportLine) {
				l.IdentityRecord = nil
				l.AccessRecord.RecordMetadata.IdentityRecordRef = &ref
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
		raw("", "") // an empty line has a number, and is skipped
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
		altered("VAL001 import-reference", func(l *registerclient.ImportLine) {
			l.ImportReference = strings.Repeat("x", 256)
		})
		altered("VAL001 access-record.processing.purpose", func(l *registerclient.ImportLine) {
			l.AccessRecord.Processing.Purpose = ""
		})
		altered("VAL001 access-record.access-event.state", func(l *registerclient.ImportLine) {
			l.AccessRecord.AccessEvent.State = "DISCOVERED"
		})
		altered("VAL001 access-record.reidentification-token", func(l *registerclient.ImportLine) {
			l.AccessRecord.ReidentificationToken = new("mlr_0123456789abcdef01234567")
		})
		altered("VAL001 identity-record.initiate-passkey-registration", func(l *registerclient.ImportLine) {
			l.IdentityRecord.InitiatePasskeyRegistration = true
		})
		altered("VAL001 identity-record.pii-principal.mpxn", func(l *registerclient.ImportLine) {
			l.IdentityRecord.PIIPrincipal.MPxN = "12"
		})
		altered("VAL001 identity-record.email", func(l *registerclient.ImportLine) {
			l.IdentityRecord.Email = new("nobody")
		})
		altered("VAL001 identity-record.email", func(l *registerclient.ImportLine) {
			l.IdentityRecord.Email = new("customer@[127.0.0.1]")
		})
		altered("VAL001 identity-record", func(l *registerclient.ImportLine) { l.IdentityRecord = nil })
		altered("VAL001 "+ref, func(l *registerclient.ImportLine) {
			l.AccessRecord.RecordMetadata.IdentityRecordRef = &ir
		})
		altered("VAL001 "+ref, referTo("nonsense"))
		altered("AUTH003 "+ref, referTo(theirs))
		altered("AUTH003 "+ref, referTo("ir_0123456789abcdef01234567"))
		altered("CON001 "+ref, referTo(anonymised))
		altered("", referTo(ir))
		altered("", func(l *registerclient.ImportLine) { *l = importLine(0) }) // the first line again
		altered("CON001 import-reference", func(l *registerclient.ImportLine) {
			l.ImportReference = importLine(0).ImportReference
		})
		good()

		response := imports(t, owner, text.String())
		var got []string
		for _, wrong := range response.Errors {
			got = append(got, fmt.Sprintf("%d %s %s", wrong.Line, wrong.Code, wrong.Field))
			if wrong.Message == "" || wrong.Field != "" && !strings.HasPrefix(wrong.Message, wrong.Field+": ") {
				t.Errorf("message %q", wrong.Message)
			}
		}

		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if got := counts(*response); got != [4]int{line - 1, 3, 1, len(want)} {
			t.Error(got)
		}

		again := imports(t, owner, text.String())
		if got := counts(*again); got != [4]int{line - 1, 0, 4, len(want)} {
			t.Error("again", got)
		}
		if len(again.Errors) != len(response.Errors) {
			t.Errorf("%d errors again, before %d", len(again.Errors), len(response.Errors))
		}
		if got := imports(t, owner, strings.Repeat("{\n", 1500)); got.Refused != 1500 || len(got.Errors) != 1000 {
			t.Error(got.Refused, len(got.Errors))
		}
	})
}

// An imported record hides the sightings of its organisation, as any other does.
func TestImportClaimsSightings(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		supplier, portal, home := household(t, r)
		create(t, supplier, home, registerclient.BasisContract)
		service, account := importer(t, r.DB, r.Clock.Now)
		dcc := r.Client(t, registerclient.RoleDCC)
		for _, reference := range []string{"SEC-OU-00429", "SEC-OU-00001"} {
			must(dcc.SubmitDiscoveredAccess(t.Context(), sighting(reference)))(t)
		}

		discovered := func() (count int) {
			t.Helper()
			for _, record := range list(t, portal, magicLink(t, portal)) {
				if record.State == registerclient.StateDiscovered {
					count++
				}
			}

			return count
		}
		if got := discovered(); got != 2 {
			t.Errorf("%d sightings are listed before the import, want 2", got)
		}

		lines := linesOf(t, 1, func(_ int, l *registerclient.ImportLine) {
			l.IdentityRecord.PIIPrincipal.MPxN = registertest.MeterPoint
		})
		must(service.Rules.Import(t.Context(), account, strings.NewReader(lines), nil))(t)
		if got := discovered(); got != 1 {
			t.Errorf("%d sightings are listed after it, want 1", got)
		}
	})
}

// An import is refused as a whole because of its caller, media type, query or size.
func TestImportRefusals(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "owner", registerclient.RoleDataUser)
	const ndjson = "application/x-ndjson"
	line := []byte(linesOf(t, 1, nil))
	importBy := func(authorization string, lines []byte) reply {
		return send(t, http.MethodPost, r.URL+batch, authorization, ndjson, lines)
	}
	expect(t, importBy("", line), http.StatusUnauthorized, "AUTH001")
	for _, role := range []registerclient.Role{
		registerclient.RolePortal,
		registerclient.RoleDCC,
		registerclient.RoleAdmin,
		registerclient.RoleDataProvider,
	} {
		a := importBy(bearer(t, r, "a_"+string(role), role), line)
		expect(t, a, http.StatusForbidden, "AUTH003")
	}

	a := send(t, http.MethodPost, r.URL+batch, owner, "application/json", line)
	expect(t, a, http.StatusUnsupportedMediaType, "VAL001")
	a = send(t, http.MethodPost, r.URL+batch+"?x=1", owner, ndjson, line)
	expect(t, a, http.StatusBadRequest, "VAL001")
	if a := importBy(owner, nil); a.status != http.StatusOK || a.body["lines"] != 0.0 {
		t.Error("nothing to import", a)
	}

	// One byte more than 64 MiB, and 64 MiB.
	blank := append([]byte("\n"), bytes.Repeat([]byte(strings.Repeat(" ", 1023)+"\n"), 64<<10)...)
	expect(t, importBy(owner, blank), http.StatusRequestEntityTooLarge, "VAL001")
	if a := importBy(owner, blank[1:]); a.status != http.StatusOK {
		t.Error("64 MiB", a.status)
	}

	// Of unknown size. The connection may end before the response arrives.
	body := io.MultiReader(bytes.NewReader(blank))
	unsized := must(http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL+batch, body))(t)
	unsized.Header.Set("Authorization", owner)
	unsized.Header.Set("Content-Type", ndjson)
	if response, err := http.DefaultClient.Do(unsized); err == nil {
		response.Body.Close()
		if response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Error("too large, of unknown size", response.StatusCode)
		}
	}

	r.Suspend(t, "owner")
	expect(t, importBy(owner, line), http.StatusUnauthorized, "AUTH002")
}
