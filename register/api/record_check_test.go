package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// Access without an end is written as null: a missing expiry is a mistake.
func TestExpiryIsGivenOrNull(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	ir := identity(t, r.ClientWith(t, "bright_energy", secretKey), "")
	in := registertest.AccessRecord(ir, registerclient.BasisContract)
	in.AccessEvent.Expiry = nil
	endless := string(must(json.Marshal(in))(t))
	a := post(t, r.URL+"/access-records", owner, endless)
	if a.status != http.StatusCreated {
		t.Fatalf("%d %v", a.status, a.body["errors"])
	}

	ak := a.body["access-token"].(map[string]any)["key"].(string)
	missing := strings.Replace(endless, `"expiry":null,`, "", 1)
	missing = strings.Replace(missing, `,"expiry":null`, "", 1)
	line := []byte(`{"import-reference":"1","access-record":` + missing + `}`)
	const ndjson = "application/x-ndjson"
	for name, test := range map[string]struct {
		reply reply
		field string
	}{
		"create":  {post(t, r.URL+"/access-records", owner, missing), "access-event.expiry"},
		"replace": {put(t, r.URL+"/access-records/"+ak, owner, missing), "access-event.expiry"},
		"import": {
			send(t, http.MethodPost, r.URL+"/access-records/batch", owner, ndjson, line),
			"access-record.access-event.expiry",
		},
	} {
		if got := test.reply.fields(); got != test.field {
			t.Errorf("%s: %d naming %q, want %q", name, test.reply.status, got, test.field)
		}
	}
}

// recordTest is an access record with one thing changed, and the fields that its refusal names.
type recordTest struct {
	name   string
	basis  registerclient.LegalBasis
	alter  func(*registerclient.AccessRecord)
	fields string
}

// run posts the record, and checks the fields in any order.
func (test recordTest) run(t *testing.T, address, authorization, ir string) {
	t.Helper()
	in := registertest.AccessRecord(ir, test.basis)
	if test.alter != nil {
		test.alter(&in)
	}

	a := post(t, address, authorization, string(must(json.Marshal(in))(t)))
	status := http.StatusBadRequest
	if test.fields == "" {
		status = http.StatusCreated
	}

	got := strings.Fields(a.fields())
	want := strings.Fields(test.fields)
	slices.Sort(got)
	slices.Sort(want)
	if a.status != status || !slices.Equal(got, want) {
		t.Errorf("%d naming %v, want %d naming %v", a.status, got, status, want)
	}
}

func runRecordTests(t *testing.T, tests []recordTest) {
	t.Helper()
	r := registertest.New(t)
	authorization := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	ir := identity(t, r.ClientWith(t, "bright_energy", secretKey), "")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, r.URL+"/access-records", authorization, ir)
		})
	}
}

// controllerNotice returns the notice of a controller.
func controllerNotice(name string) registerclient.ControllerNotice {
	return registerclient.ControllerNotice{
		ControllerName: name,
		TermsURL:       "https://example.com/terms",
		NoticeVersion:  "1",
	}
}

// An access record is checked by the rules of its legal basis. All mistakes are reported at once (docs/decisions.md,
// Errors).
func TestAccessRecordRules(t *testing.T) {
	t.Parallel()
	type record = registerclient.AccessRecord
	withoutNotice := func(in *record) { in.Notice = nil }
	withoutConsent := func(in *record) { in.AccessEvent.Consent = nil }
	withNotice := func(in *record) { in.Notice = &registerclient.Notice{} }
	withConsent := func(kind string) func(*record) {
		return func(in *record) { in.AccessEvent.Consent = &registerclient.Consent{ConsentType: kind} }
	}
	startOf := func(year int) *time.Time { return new(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)) }
	runRecordTests(t, []recordTest{
		{"consent", "uk-consent", nil, ""},
		{"explicit consent", "uk-explicit-consent", nil, ""},
		{"contract", "uk-contract", nil, ""},
		{"legal obligation, no reference", "uk-legal-obligation", nil, ""},
		{"no end", "uk-public-task", func(in *record) { in.AccessEvent.Expiry = nil }, ""},
		{"consent without notice", "uk-consent", withoutNotice, "notice"},
		{"consent without consent", "uk-consent", withoutConsent, "access-event.consent"},
		{"legitimate interests, no reference", "uk-legitimate-interests", nil, ""},
		{"explicit consent without notice", "uk-explicit-consent", withoutNotice, "notice"},
		{"explicit consent without consent", "uk-explicit-consent", withoutConsent, "access-event.consent"},
		{"legitimate interests with notice", "uk-legitimate-interests", withNotice, "notice"},
		{"public task with notice", "uk-public-task", withNotice, "notice"},
		{
			"legal obligation with consent", "uk-legal-obligation", withConsent("explicit-consent"),
			"access-event.consent",
		},
		{"contract with notice", "uk-contract", withNotice, "notice"},
		{"contract with consent", "uk-contract", withConsent("expressed-consent"), "access-event.consent"},
		{"empty notice", "uk-consent", withNotice, "notice"},
		{"both forms of notice", "uk-consent", func(in *record) {
			in.Notice.Notices = []registerclient.ControllerNotice{
				controllerNotice("Bright Energy Ltd"),
				controllerNotice("B"),
			}
		}, "notice notice.notices notice.notices[1].controller-name"},
		{"unknown basis", "uk-whim", nil, "processing.legal-basis"},
		{
			"no basis, purpose or data", "uk-contract",
			func(in *record) { in.Processing = registerclient.Processing{} },
			"processing.legal-basis processing.purpose processing.data-types",
		},
		{"repeated and unknown data", "uk-contract", func(in *record) {
			in.Processing.DataTypes = []registerclient.DataType{"HH-EXPORT", "HH-EXPORT", "GOSSIP"}
		}, "processing.data-types[1] processing.data-types[2]"},
		{"discovered", "uk-contract", func(in *record) { in.AccessEvent.State = "DISCOVERED" }, "access-event.state"},
		{"historic, expired", "uk-contract", func(in *record) {
			in.AccessEvent.State = "EXPIRED"
			in.AccessEvent.Expiry = startOf(2025)
		}, ""},
		{"historic, revoked", "uk-contract", func(in *record) { in.AccessEvent.State = "REVOKED" }, ""},
		{
			"expired in the future", "uk-contract",
			func(in *record) { in.AccessEvent.State = "EXPIRED" },
			"access-event.expiry",
		},
		{
			"ends before it begins", "uk-contract",
			func(in *record) { in.AccessEvent.Expiry = startOf(2020) },
			"access-event.expiry",
		},
		{"set by the register", "uk-contract", func(in *record) {
			in.RecordMetadata.RecordIdentifier = "ak_0123456789abcdef01234567"
			in.RecordMetadata.CreatedAt = startOf(2026)
			in.AccessEvent.RevokedAt = startOf(2026)
		}, "record-metadata.record-identifier record-metadata.created-at access-event.revoked-at"},
		{
			"no identity record", "uk-contract",
			func(in *record) { in.RecordMetadata.IdentityRecordRef = nil },
			"record-metadata.identity-record-ref",
		},
		{
			"identity record and token", "uk-contract",
			func(in *record) { in.ReidentificationToken = new("mlr_0123456789abcdef01234567") },
			"reidentification-token",
		},
		{
			"other schema", "uk-contract",
			func(in *record) { in.RecordMetadata.SchemaVersion = "2.0" },
			"record-metadata.schema-version",
		},
	})
}

// The controllers of an access record fit their arrangement, and each has its notice.
func TestControllerArrangementRules(t *testing.T) {
	t.Parallel()
	type record = registerclient.AccessRecord
	// arrange replaces the arrangement. Each controller is written "name role", and noticed are those with a notice.
	arrange := func(kind registerclient.ArrangementType, controllers []string, noticed ...string) func(*record) {
		return func(in *record) {
			replaced := registerclient.ControllerArrangement{ArrangementType: kind}
			for _, written := range controllers {
				name, role, _ := strings.Cut(written, " ")
				replaced.Controllers = append(replaced.Controllers, registerclient.Controller{
					Name:       name,
					Role:       registerclient.ControllerRole(role),
					ContactURL: "https://example.com/contact",
				})
			}

			in.RecordMetadata.ControllerArrangement = replaced
			if noticed == nil {
				return
			}

			in.Notice = &registerclient.Notice{}
			for _, name := range noticed {
				in.Notice.Notices = append(in.Notice.Notices, controllerNotice(name))
			}
		}
	}
	first := func(alter func(*registerclient.Controller)) func(*record) {
		return func(in *record) { alter(&in.RecordMetadata.ControllerArrangement.Controllers[0]) }
	}
	const controllers = arrangement + "controllers"
	runRecordTests(t, []recordTest{
		{"a script for a link", "uk-contract", first(func(c *registerclient.Controller) {
			c.PrivacyRightsURL = "javascript:alert(1)"
		}), controller + "privacy-rights-url"},
		{"a scheme in capitals", "uk-contract", first(func(c *registerclient.Controller) {
			c.ContactURL = "HTTPS://example.com"
		}), controller + "contact-url"},
		{"no controller", "uk-contract", arrange("sole", nil), controllers},
		{
			"sole as two", "uk-contract", arrange("sole", []string{"A sole", "B joint"}),
			controllers + " " + controllers + "[1].role",
		},
		{"joint as one", "uk-contract", arrange("joint", []string{"A lead"}), controllers},
		{"joint without a lead", "uk-contract", arrange("joint", []string{"A joint", "B joint"}), controllers},
		{
			"joint with a member", "uk-contract", arrange("joint", []string{"A lead", "B member"}),
			controllers + "[1].role",
		},
		{"group with two leads", "uk-contract", arrange("group", []string{"A lead", "B lead"}), controllers},
		{"group", "uk-contract", arrange("group", []string{"A lead", "B member", "C member"}), ""},
		{
			"the same controller twice", "uk-contract", arrange("group", []string{"A lead", "A member"}),
			controllers + "[1].name",
		},
		{"an agreement on a sole controller", "uk-contract", func(in *record) {
			in.RecordMetadata.ControllerArrangement.Art26Reference = new("AGR-1")
		}, arrangement + "art26-reference"},
		{"joint, a notice each", "uk-consent", func(in *record) {
			arrange("joint", []string{"A lead", "B joint"}, "A", "B")(in)
			in.RecordMetadata.ControllerArrangement.Art26Reference = new("AGR-1")
		}, ""},
		{
			"joint, a notice missing", "uk-consent",
			arrange("joint", []string{"A lead", "B joint", "C joint"}, "A", "A"),
			"notice.notices[1].controller-name notice.notices",
		},
		{
			"group, a notice each", "uk-consent", arrange("group", []string{"A lead", "B member"}, "A", "B"),
			"notice.notices",
		},
		{"storage for ever", "uk-contract", first(func(c *registerclient.Controller) {
			c.StorageConditions = &registerclient.StorageConditions{Location: "England", RetentionPeriod: "P"}
		}), controller + "storage-conditions.location " + controller + "storage-conditions.retention-period"},
	})
}
