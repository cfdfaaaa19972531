package rules_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// lineOf returns line i of an import, altered; nil alters nothing.
func lineOf(t testing.TB, i int, alter func(line *registerclient.ImportLine)) string {
	t.Helper()
	identity := registertest.IdentityRecord(fmt.Sprintf("%013d", i+1), fmt.Sprintf("customer%d@example.com", i))
	access := registertest.AccessRecord("", registerclient.BasisConsent)
	access.RecordMetadata.IdentityRecordRef = nil
	line := registerclient.ImportLine{
		ImportReference: fmt.Sprint("crm-", i), IdentityRecord: &identity, AccessRecord: access,
	}
	if alter != nil {
		alter(&line)
	}

	return string(must(json.Marshal(line))(t)) + "\n"
}

// importCounts returns the counts of an import: lines, imported, known, refused.
func importCounts(response registerclient.ImportResponse) string {
	return fmt.Sprint(response.Lines, response.Imported, response.Known, response.Refused)
}

// Each line is registered, counted as known, or refused with its number, code and field.
func TestImportLines(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		_, foreign := r.owner(t, "other")
		naming := func(ref string) func(line *registerclient.ImportLine) {
			return func(line *registerclient.ImportLine) {
				line.IdentityRecord = nil
				line.AccessRecord.RecordMetadata.IdentityRecordRef = &ref
			}
		}

		const ref = "access-record.record-metadata.identity-record-ref"
		for _, test := range []struct {
			name, line string
			// want is the counts, and the code and field of the first mistake.
			want string
		}{
			{"new", lineOf(t, 0, nil), "1 1 0 0"},
			{"repeated", lineOf(t, 0, nil), "1 0 1 0"},
			{"repeated, with space around", " " + strings.TrimSpace(lineOf(t, 0, nil)) + " \r\n", "1 0 1 0"},
			{"last line without a line feed", strings.TrimSpace(lineOf(t, 1, nil)), "1 1 0 0"},
			{"blank", " \n\n", "0 0 0 0"},
			{"by reference", lineOf(t, 2, naming(ir)), "1 1 0 0"},
			{"same line twice", lineOf(t, 3, nil) + lineOf(t, 3, nil), "2 1 1 0"},
			{"reference used for another line", lineOf(t, 4, func(line *registerclient.ImportLine) {
				line.ImportReference = "crm-0"
			}), "1 0 0 1 CON001 import-reference"},
			{"reference of another account", lineOf(t, 5, naming(foreign)), "1 0 0 1 AUTH003 " + ref},
			{"reference and identity record", lineOf(t, 6, func(line *registerclient.ImportLine) {
				line.AccessRecord.RecordMetadata.IdentityRecordRef = &ir
			}), "1 0 0 1 VAL001 " + ref},
			{"neither", lineOf(t, 7, func(line *registerclient.ImportLine) {
				line.IdentityRecord = nil
			}), "1 0 0 1 VAL001 identity-record"},
			{"token", lineOf(t, 8, func(line *registerclient.ImportLine) {
				line.AccessRecord.ReidentificationToken = new("mlr_0123456789abcdef01234567")
			}), "1 0 0 1 VAL001 access-record.reidentification-token"},
			{"passkey", lineOf(t, 9, func(line *registerclient.ImportLine) {
				line.IdentityRecord.InitiatePasskeyRegistration = true
			}), "1 0 0 1 VAL001 identity-record.initiate-passkey-registration"},
			{"wrong access record", lineOf(t, 10, func(line *registerclient.ImportLine) {
				line.AccessRecord.Processing.Purpose = ""
			}), "1 0 0 1 VAL001 access-record.processing.purpose"},
			{"wrong identity record", lineOf(t, 11, func(line *registerclient.ImportLine) {
				line.IdentityRecord.PIIPrincipal.MPxN = "12"
			}), "1 0 0 1 VAL001 identity-record.pii-principal.mpxn"},
			{"not JSON", "{\n", "1 0 0 1 VAL001 "},
			{"too long", strings.Repeat("x", 256<<10+1) + "\n" + lineOf(t, 12, nil), "2 1 0 1 VAL001 "},
		} {
			response := must(r.Import(t.Context(), owner, strings.NewReader(test.line), nil))(t)
			got := importCounts(response)
			if len(response.Errors) > 0 {
				got += " " + response.Errors[0].Code + " " + response.Errors[0].Field
			}
			if got != test.want {
				t.Errorf("%s: %q, want %q (%+v)", test.name, got, test.want, response.Errors)
			}
		}
	})
}

// An import that cannot be read to its end keeps the transactions that it made, and reports no success. An account that
// is not active imports nothing.
func TestImportFailures(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner := r.account(t, "owner", registerclient.RoleDataUser)
		var text strings.Builder
		for i := range 700 {
			text.WriteString(lineOf(t, i, nil))
		}

		cut := errors.New("cut")
		var progress []int
		response, err := r.Import(
			t.Context(), owner, io.MultiReader(strings.NewReader(text.String()), iotest.ErrReader(cut)),
			func(_ int64, lines int) { progress = append(progress, lines) },
		)
		if !errors.Is(err, cut) || !errors.Is(err, rules.ErrUnreadable) {
			t.Errorf("got %v, want an unreadable import", err)
		}
		if got := importCounts(response); got != "500 500 0 0" || fmt.Sprint(progress) != "[500]" {
			t.Errorf("registered %q before the error, progress %v", got, progress)
		}

		response = must(r.Import(t.Context(), owner, strings.NewReader(text.String()), nil))(t)
		if got := importCounts(response); got != "700 200 500 0" {
			t.Errorf("the repeated import has %q", got)
		}

		r.change(t, func(tx *store.Tx) error {
			_, suspendErr := tx.SuspendAccount(t.Context(), owner.AccountID, "misconduct", r.Now())

			return suspendErr
		})
		_, err = r.Import(t.Context(), owner, strings.NewReader(lineOf(t, 700, nil)), nil)
		expectRefusal(t, "suspended", err, "forbidden AUTH003")
	})
}

// The records of an account at a meter point stay below a size, also in an import.
func TestImportIsLimitedAtMeterPoint(t *testing.T) {
	t.Parallel()
	r := openRecords(t, registertest.SQLite)
	owner, ir := r.owner(t, "owner")
	var text strings.Builder
	for i := range 20 {
		text.WriteString(lineOf(t, i, func(line *registerclient.ImportLine) {
			line.IdentityRecord = nil
			line.AccessRecord.RecordMetadata.IdentityRecordRef = &ir
			for k := range 90 {
				line.AccessRecord.Processing.Recipients = append(
					line.AccessRecord.Processing.Recipients,
					registerclient.Recipient{
						Name: fmt.Sprint(k), Role: "x", PrivacyURL: "https://example.com/" + strings.Repeat("x", 1900),
					},
				)
			}
		}))
	}

	response := must(r.Import(t.Context(), owner, strings.NewReader(text.String()), nil))(t)
	if response.Imported == 0 || response.Refused == 0 || response.Errors[0].Code != "CON001" {
		t.Errorf("%q, %+v", importCounts(response), response.Errors)
	}
}
