package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// named returns the sample record with these controllers, led by the first, and these recipients.
func named(ir string, controllers, recipients []string) registerclient.AccessRecord {
	record := registertest.AccessRecord(ir, registerclient.BasisPublicTask)
	arrangement := &record.RecordMetadata.ControllerArrangement
	sample := arrangement.Controllers[0]
	arrangement.Controllers = nil
	for i, name := range controllers {
		sample.Name = name
		if len(controllers) > 1 {
			arrangement.ArrangementType = registerclient.ArrangementJoint
			sample.Role = registerclient.ControllerLead
			if i > 0 {
				sample.Role = registerclient.ControllerJoint
			}
		}
		arrangement.Controllers = append(arrangement.Controllers, sample)
	}

	for _, name := range recipients {
		record.Processing.Recipients = append(record.Processing.Recipients,
			registerclient.Recipient{Name: name, Role: "processor"})
	}

	return record
}

// unprocessable returns the fields that an error of KindUnprocessable names; empty for no error.
func unprocessable(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}

	var fields []string
	for _, refused := range rules.Refusals(err) {
		if refused.Kind != rules.KindUnprocessable {
			t.Fatalf("a refusal of kind %d: %v", refused.Kind, refused)
		}
		fields = append(fields, refused.Field)
	}

	return strings.Join(fields, " ")
}

// Every name in a record is compared with those of other accounts and the reserved ones. The status of access is no
// name of the organisation that leads.
func TestNamesInRecords(t *testing.T) {
	t.Parallel()
	const (
		lead      = "record-metadata.controller-arrangement.controllers[0].name"
		second    = "record-metadata.controller-arrangement.controllers[1].name"
		recipient = "processing.recipients[0].name"
	)

	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner") // Example owner
		r.account(t, "flux", registerclient.RoleDataUser)
		r.account(t, "advice", registerclient.RolePortal)

		for _, test := range []struct {
			name        string
			controllers []string
			recipients  []string
			want        string
		}{
			{"own", []string{"Example owner"}, nil, ""},
			{"own in capitals", []string{"EXAMPLE OWNER"}, nil, ""},
			{"of another account, exactly", []string{"Example flux"}, nil, ""},
			{"of an operator, exactly", []string{"Example advice"}, nil, ""},
			{"reserved, exactly", []string{"Ofgem"}, nil, ""},
			{"like another account's", []string{"Exarnple flux"}, nil, lead},
			{"like an operator's", []string{"Example advlce"}, nil, lead},
			{"like a reserved one", []string{"0fgem"}, nil, lead},
			{"mixed scripts", []string{"Brіght"}, nil, lead},
			{"no letter", []string{"—"}, nil, lead},
			{"joint, exactly", []string{"Bright", "Ofgem"}, nil, ""},
			{"joint, alike", []string{"Bright", "Ofgem."}, nil, second},
			{"joint, mixed scripts", []string{"Bright", "Оctopus"}, nil, second},
			{"joint, a status", []string{"Bright", "Ended"}, nil, ""},
			{"recipient, exactly", []string{"Bright"}, []string{"Citizens Advice"}, ""},
			{"recipient, alike", []string{"Bright"}, []string{"CITIZENS ADVICE"}, recipient},
			{"all alike", []string{"0fgem", "EXAMPLE FLUX"}, []string{"ICO "}, lead + " " + second + " " + recipient},
			{"a status", []string{"STOPPED - nothing to do here"}, nil, lead},
			{"a status in brackets", []string{"(Stopped) Bright"}, nil, lead},
			{"a status at the end", []string{"Bright: ended"}, nil, lead},
			{"a status in look-alikes", []string{"ЅТОРРЕD"}, nil, lead},
			{"a status of the portal", []string{"You stopped it"}, nil, lead},
			{"a status in Welsh", []string{"Wedi dod i ben – dim byd"}, nil, lead},
			{"a word of status in a name", []string{"Stopped Clock Energy"}, nil, ""},
			{"a dash in a name", []string{"Ended-Loop Heat"}, nil, ""},
		} {
			record := named(ir, test.controllers, test.recipients)
			ak, err := r.register(t, owner, record)
			if got := unprocessable(t, err); got != test.want {
				t.Errorf("%s: naming %q, want %q: %v", test.name, got, test.want, err)
			}
			if err != nil {
				continue
			}

			if _, err := r.ReplaceAccess(t.Context(), owner.AccountID, ak, record); err != nil {
				t.Errorf("%s: replaced: %v", test.name, err)
			}
		}
	})
}

// A line that was imported before changes nothing, also if its name looks like that of an account which was opened
// since.
func TestNamesInRepeatedImport(t *testing.T) {
	t.Parallel()
	r := openRecords(t, registertest.SQLite)
	owner := r.account(t, "owner", registerclient.RoleDataUser)
	lines := lineOf(t, 1, func(line *registerclient.ImportLine) {
		line.AccessRecord.RecordMetadata.ControllerArrangement.Controllers[0].Name = "EXAMPLE LATE"
	})
	first := must(r.Import(t.Context(), owner, strings.NewReader(lines), nil))(t)
	r.account(t, "late", registerclient.RoleDataUser)
	again := must(r.Import(t.Context(), owner, strings.NewReader(lines), nil))(t)
	other := must(r.Import(t.Context(), owner, strings.NewReader(strings.Replace(lines, "crm-", "new-", 1)), nil))(t)

	if first.Imported != 1 || again.Known != 1 || again.Refused != 0 {
		t.Errorf("imported %+v, again %+v", first, again)
	}
	if other.Refused != 1 || !strings.HasSuffix(other.Errors[0].Field, "controllers[0].name") {
		t.Errorf("under another reference %+v, want a refusal of the name", other)
	}
}

// An account gets a name that looks like no other one. A reserved one takes the word of an administrator.
func TestDisplayNames(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		r.account(t, "flux", registerclient.RoleDataUser)
		r.account(t, "advice", registerclient.RolePortal)

		for i, test := range []struct {
			name     string
			reserved bool
			refused  bool
		}{
			{"Bright Energy", false, false},
			{"Example flux", false, false}, // another account of the same organisation
			{"Example  flux", false, true},
			{"Example f1ux", true, true},
			{"Example advice", false, true},
			{"Example advice", true, false},
			{"EXAMPLE ADVICE", true, true},
			{"Ofgem", false, true},
			{"Ofgem", true, false},
			{"Ofgem", false, true}, // it stays reserved
			{"0fgem", true, true},
			{"Central Access Register", false, true},
			{"Stopped: nothing to do", true, true},
			{"Brіght", true, true},
		} {
			_, _, err := r.AddAccount(t.Context(), registerclient.CreateAccountRequest{
				AccountID:    fmt.Sprint("account_", i),
				Role:         registerclient.RoleDataUser,
				DisplayName:  test.name,
				ContactURL:   "https://example.org/contact",
				ReservedName: test.reserved,
			})
			if got := unprocessable(t, err); (got == "display-name") != test.refused {
				t.Errorf("%q, reserved %t: naming %q", test.name, test.reserved, got)
			}
		}

		// An operator may have several accounts of its role.
		_, _, err := r.AddAccount(t.Context(), registerclient.CreateAccountRequest{
			AccountID:   "second_advice",
			Role:        registerclient.RolePortal,
			DisplayName: "Example advice",
		})
		if err != nil {
			t.Errorf("a second account of an operator: %v", err)
		}
	})
}

// The names of accounts from before names were folded are folded at the start. Two that look alike are reported, and
// both can go on to register under their own names, unless the name looks like a reserved one.
func TestFoldAccountNames(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		for id, name := range map[string]string{"first": "Bright Energy", "second": "BRIGHT ENERGY", "third": "OFGEM"} {
			r.account(t, id, registerclient.RoleDataUser)
			r.change(t, func(tx *store.Tx) error {
				_, err := tx.SetFoldedName(t.Context(), store.NamedAccount{AccountID: id, DisplayName: "Example " + id})
				return err
			})
			if _, err := r.db.Write.ExecContext(t.Context(),
				r.db.Write.Rebind(`UPDATE accounts SET display_name = ? WHERE account_id = ?`), name, id); err != nil {
				t.Fatal(err)
			}
		}

		alike := must(r.FoldAccountNames(t.Context()))(t)
		if got := strings.Join(alike, " "); got != "second third" {
			t.Errorf("alike: %s, want second third", got)
		}

		for id, want := range map[string]bool{"first": true, "second": true, "third": false} {
			account := must(r.store.FindAccount(t.Context(), id))(t)
			if account.FoldedName != rules.FoldName(account.DisplayName) {
				t.Errorf("%s: folded %q", id, account.FoldedName)
			}

			ir := r.identity(t, account, meterPoint, "2022-06-30")
			_, err := r.register(t, account, named(ir, []string{account.DisplayName}, nil))
			if (err == nil) != want {
				t.Errorf("%s registers under its own name: %v", id, err)
			}
		}
	})
}

// If the account that registers is another organisation than the lead controller, the list says who it is: also if it
// is one of the other controllers.
func TestRegisteredBy(t *testing.T) {
	t.Parallel()
	r := openRecords(t, registertest.SQLite)
	owner, ir := r.owner(t, "owner")
	for _, test := range []struct {
		controllers []string
		want        string
	}{
		{[]string{"Example owner"}, ""},
		{[]string{"EXAMPLE OWNER"}, ""},
		{[]string{"Ofgem"}, "Example owner"},
		{[]string{"Ofgem", "Example owner"}, "Example owner"},
		{[]string{"Example owner", "Ofgem"}, ""},
	} {
		ak := must(r.register(t, owner, named(ir, test.controllers, nil)))(t)
		list := must(r.ListOwn(t.Context(), owner.AccountID, rules.RecordFilter{}, store.Page{Limit: 10}))(t)
		for _, record := range list.Records {
			if record.AK == ak && record.RegisteredBy != test.want {
				t.Errorf("%v: registered by %q, want %q", test.controllers, record.RegisteredBy, test.want)
			}
		}
	}
}
