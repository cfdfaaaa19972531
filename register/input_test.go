package register_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

func TestBodyIsReadStrictly(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	const valid = `"pii-principal":{"mpxn":"2312345678901","move-in-date":"2022-06-30"},"expressed-by":"data-subject"`
	for _, test := range []struct {
		name, contentType, body string
		status                  int
		fields                  string
	}{
		{"valid", "application/json; charset=utf-8", `{` + valid + `}`, 201, ""},
		{"a form", "application/x-www-form-urlencoded", "mpxn=1", 415, ""},
		{"no content type", "", `{` + valid + `}`, 415, ""},
		{"empty", "application/json", "", 400, ""},
		{"cut off", "application/json", `{` + valid, 400, ""},
		{"two values", "application/json", `{` + valid + `}{}`, 400, ""},
		{"an array", "application/json", `[]`, 400, ""},
		{"not UTF-8", "application/json", "{\"expressed-by\":\"\xff\"}", 400, "expressed-by"},
		{"unknown member", "application/json", `{` + valid + `,"colour":"red"}`, 400, "colour"},
		{"unknown member inside", "application/json", `{"pii-principal":{"mpxn":"2312345678901","name":"x"}}`, 400, "pii-principal.name"},
		{"member in other capitals", "application/json", `{` + valid + `,"Email":"a@example.com"}`, 400, "Email"},
		{"member twice", "application/json", `{` + valid + `,"expressed-by":"data-subject"}`, 400, "expressed-by"},
		{"member twice inside", "application/json", `{"pii-principal":{"mpxn":"2312345678901","mpxn":"2312345678901"}}`, 400, "pii-principal.mpxn"},
		{"wrong type", "application/json", `{"pii-principal":{"mpxn":2312345678901}}`, 400, "pii-principal.mpxn"},
		{"wrong time", "application/json", `{"principal-verification":{"verified-at":"yesterday"}}`, 400, "principal-verification.verified-at"},
		{"too deep", "application/json", `{"principal-verification":{"detail":{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}}}`, 400, "principal-verification.detail.a"},
		{"null for an object", "application/json", `{"pii-principal":null,"expressed-by":"data-subject"}`, 400, "pii-principal.mpxn pii-principal.move-in-date"},
		{"everything wrong is told at once", "application/json", `{"pii-principal":{"mpxn":"1","move-in-date":"30/06/2022","address":{"addressLine1":"","townCity":"x","postcode":"?"}},"expressed-by":"me","email":"no"}`,
			400, "pii-principal.mpxn pii-principal.move-in-date pii-principal.address.addressLine1 pii-principal.address.postcode expressed-by email"},
		{"another charset", "application/json; charset=iso-8859-1", `{` + valid + `}`, 415, ""},
		{"NUL", "application/json", `{` + valid + `,"principal-verification":{"method":"a\u0000b","verified-at":"2024-01-01T00:00:00Z","outcome":"verified"}}`, 400, "principal-verification.method"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := send(t, http.MethodPost, r.URL+"/identity-records", owner, test.contentType, []byte(test.body))
			got := a.fields()
			if strings.HasPrefix(got, test.fields) && test.name == "too deep" {
				got = test.fields // the path goes on to where it became too deep
			}
			if a.status != test.status || got != test.fields {
				t.Errorf(
					"%d naming %q, want %d naming %q: %v",
					a.status,
					a.fields(),
					test.status,
					test.fields,
					a.body["errors"],
				)
			}
		})
	}

	big := send(
		t,
		http.MethodPost,
		r.URL+"/identity-records",
		owner,
		"application/json",
		[]byte(`{"email":"`+strings.Repeat("x", 300<<10)+`"}`),
	)
	expect(t, big, http.StatusRequestEntityTooLarge, "VAL001")
}

// What is wrong with a body is said in the words of JSON, and by what is expected.
func TestBodyIsRefusedInWordsThatHelp(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	for body, want := range map[string]string{
		"":                       "The body is empty.",
		" \n":                    "The body is empty.",
		"[]":                     "The body must be a JSON object.",
		`"a"`:                    "The body must be a JSON object.",
		`{"expressed-by":1}`:     "expressed-by: must be a string.",
		`{"email":{}}`:           "email: must be a string.",
		`{"pii-principal":[]}`:   "pii-principal: must be an object.",
		`{"pii-principal":true}`: "pii-principal: must be an object.",
		"null":                   "The body must be a JSON object.",
		`{"\u202e":1}`:           `"\u202e": is not a member of this request.`,
		`{"":1}`:                 `"": is not a member of this request.`,
	} {
		a := post(t, r.URL+"/identity-records", owner, body)
		wrong, _ := a.body["errors"].([]any)
		if a.status != http.StatusBadRequest || len(wrong) != 1 || wrong[0].(map[string]any)["message"] != want {
			t.Errorf("%q: %d %v, want %q", body, a.status, a.body["errors"], want)
		}
	}

	for path, test := range map[string][2]string{
		"/access-records":       {`{"processing":{"data-types":"HH"}}`, "processing.data-types: must be an array."},
		"/webhooks":             {`{"notify-days-before":1e999}`, "notify-days-before: must be a whole number."},
		"/access-records/batch": {`null`, "The line must be a JSON object."},
	} {
		media := map[bool]string{true: "application/x-ndjson", false: "application/json"}[path == "/access-records/batch"]
		a := send(t, http.MethodPost, r.URL+path, owner, media, []byte(test[0]))
		if message := a.body["errors"].([]any)[0].(map[string]any)["message"]; message != test[1] {
			t.Errorf("%s: got %q", path, message)
		}
	}
}

// A form that was not filled in sends null or nothing but quotes.
func TestWhatNeedNotBeGivenMayBeNullOrEmpty(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	for _, nothing := range []string{`null`, `""`} {
		a := post(
			t,
			r.URL+"/identity-records",
			owner,
			fmt.Sprintf(`{"pii-principal":{"mpxn":"2312345678901","move-in-date":"2022-06-30",
			"address":{"addressLine1":"1 High Street","addressLine2":%[1]s,"townCity":"Leeds","county":%[1]s,"postcode":"LS1 1AA"}},
			"expressed-by":"data-subject","email":%[1]s,"passkey-return-url":%[1]s}`, nothing),
		)
		if a.status != http.StatusCreated {
			t.Fatalf("an identity record with %s: %d %v", nothing, a.status, a.body["errors"])
		}

		read := get(t, r.URL+"/identity-records/"+a.body["ir"].(string), owner).body["identity-record"].(map[string]any)
		address := read["pii-principal"].(map[string]any)["address"].(map[string]any)
		if _, kept := address["county"]; kept || read["has-email"] != false {
			t.Errorf("%s was kept: %v", nothing, read)
		}

		a = post(
			t,
			r.URL+"/admin/accounts",
			admin,
			fmt.Sprintf(`{"account-id":"portal_%d","display-name":"x","role":"portal","secret-key":%[2]s,
			"duid":%[2]s,"contact-url":%[2]s,"organisation-reference":%[2]s,"data-types":null,"return-urls":null}`, len(nothing), nothing),
		)
		if a.status != http.StatusCreated {
			t.Errorf("an account with %s: %d %v", nothing, a.status, a.body["errors"])
		}
	}

	blank := `{"account-id":"blank","display-name":"x","role":"portal","organisation-reference":" "}`
	if a := post(t, r.URL+"/admin/accounts", admin, blank); a.fields() != "organisation-reference" {
		t.Errorf("a blank reference, which a discovered record could match: %d naming %q", a.status, a.fields())
	}
}

// Access without an end has to be meant: forgetting the member is a mistake.
func TestExpiryIsGivenOrNull(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	ir := must(
		r.ClientWith(t, "bright_energy", secretKey).
			CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "")),
	)(
		t,
	).IR
	in := registertest.AccessRecord(ir, registerclient.BasisContract)
	in.AccessEvent.Expiry = nil
	endless := string(must(json.Marshal(in))(t))
	forgotten := strings.Replace(endless, `"expiry":null,`, "", 1)
	forgotten = strings.Replace(forgotten, `,"expiry":null`, "", 1)
	line := `{"import-reference":"1","access-record":` + forgotten + `}`
	a := post(t, r.URL+"/access-records", owner, endless)
	if a.status != http.StatusCreated {
		t.Fatalf("%d %v", a.status, a.body["errors"])
	}

	ak := a.body["access-token"].(map[string]any)["key"].(string)
	for name, a := range map[string]answer{
		"access-event.expiry":               post(t, r.URL+"/access-records", owner, forgotten),
		"access-event.expiry ":              put(t, r.URL+"/access-records/"+ak, owner, forgotten),
		"access-record.access-event.expiry": send(t, http.MethodPost, r.URL+"/access-records/batch", owner, "application/x-ndjson", []byte(line)),
	} {
		if a.fields() != strings.TrimSpace(name) {
			t.Errorf("%d naming %q, want %q", a.status, a.fields(), name)
		}
	}
}

func TestDaysLieInYearsThatMakeSense(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	dcc := bearer(t, r, "dcc_system", registerclient.RoleDCC)
	for day, status := range map[string]int{
		"0000-01-01": 400, "1899-12-31": 400, "1900-01-01": 201, "2999-12-31": 201, "3000-01-01": 400, "2026-02-29": 400, "2026-2-1": 400, "": 400,
	} {
		a := post(
			t,
			r.URL+"/cot-events",
			dcc,
			`{"mpxn":"2312345678901","effective-date":"`+day+`","source-reference":"`+day+`-"}`,
		)
		if a.status != status || status == 400 && a.fields() != "effective-date" {
			t.Errorf("%q: %d naming %q, want %d", day, a.status, a.fields(), status)
		}
	}
}

// A name that turns the direction of the text, or holds what nobody sees, can read as another's.
func TestNameIsWhatItReadsAs(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	dcc := bearer(t, r, "dcc_system", registerclient.RoleDCC)
	report := func(name string) answer {
		in := sighting("SEC-OU-00429")
		in.OrganisationName = name
		return post(t, r.URL+"/discovered-access", dcc, string(must(json.Marshal(in))(t)))
	}
	for _, c := range []rune{
		0, '\t', '\n', '\r', 0x1b, 0x7f, 0x85, 0xad, 0x34f, 0x61c, 0x115f, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029,
		0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0x2800, 0x3164, 0x378, 0xe000, 0xfe0f, 0xfeff, 0xffff, 0xe0041, 0x10fffd,
	} {
		if a := report(
			"Acme" + string(c) + "Energy",
		); a.status != http.StatusBadRequest ||
			a.fields() != "organisation-name" {
			t.Errorf("%U: %d naming %q", c, a.status, a.fields())
		}
	}

	if a := report(
		"Acme" + strings.Repeat("\u0301\u0489", 3),
	); a.status != http.StatusBadRequest ||
		a.fields() != "organisation-name" {
		t.Errorf("a tower of marks: %d naming %q", a.status, a.fields())
	}
	for _, name := range []string{"e\u0323\u0302\u0301\u0331 e\u0301", "Ynni’r Ŵyl – Môn & Arfon (2026) Ltd.", "日本電力", "شركة الطاقة", "Größe+½ £", "Eco 🌱"} {
		if a := report(name); a.status >= 300 {
			t.Errorf("%q: %d %v", name, a.status, a.body["errors"])
		}
	}

	in := sighting("SEC-OU-00430")
	in.FirstSeen, in.LastSeen = "2999-01-01", ""
	if a := post(t, r.URL+"/discovered-access", dcc, string(must(json.Marshal(in))(t))); a.fields() != "first-seen" {
		t.Errorf("first seen in the future: %d naming %q", a.status, a.fields())
	}
}

func TestQueryIsReadStrictly(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	portal := bearer(t, r, "portal_ops", registerclient.RolePortal)
	for query, field := range map[string]string{
		"":                                      "mpxn",
		"mpxn=":                                 "mpxn",
		"mpxn=12":                               "mpxn",
		"mpxn=12345678901234":                   "mpxn",
		"mpxn=IO12345678":                       "mpxn",
		"mpxn=2312345678901&mpxn=2312345678901": "mpxn",
		"mpxn=2312345678901&colour=red":         "colour",
		"mpxn=%ff":                              "mpxn",
		"mpxn=%00":                              "mpxn",
		"mpxn=%zz":                              "mpxn",
		"mpxn=2312345678901&%ff=1":              "%FF",
		"mpxn=2312345678901&%zz=1":              "%zz",
		"mpxn=2312345678901;state=ACTIVE":       "mpxn",
		"mpxn=2312345678901&a;b=1":              "a%3Bb",
		"mpxn=2312345678901&%E2%80%AE=1":        "%E2%80%AE",
	} {
		a := get(t, r.URL+"/identity-records/exists?"+query, portal)
		if a.status != http.StatusBadRequest || a.code() != "VAL001" || a.fields() != field {
			t.Errorf("%q: %d %q naming %q, want %q", query, a.status, a.code(), a.fields(), field)
		}
	}

	owner := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	for query, fields := range map[string]string{"": "mpxn", "mpxn=": "mpxn", "email=": "email", "mpxn=&email=a%40example.com": "mpxn", "mpxn=2312345678901&email=": "email"} {
		if a := get(
			t,
			r.URL+"/identity-records?"+query,
			owner,
		); a.status != http.StatusBadRequest ||
			a.fields() != fields {
			t.Errorf("looked up by %q: %d naming %q", query, a.status, a.fields())
		}
	}

	// A customer's word that would change nothing is not passed over in silence.
	for _, method := range []string{http.MethodGet + " /meter-points/2312345678901/access-records", http.MethodDelete + " /access-records/ak_0123456789abcdef01234567"} {
		method, path, _ := strings.Cut(method, " ")
		if a := send(
			t,
			method,
			r.URL+path+"?reidentification-token=mlr_0123456789abcdef01234567",
			owner,
			"",
			nil,
		); a.status != http.StatusBadRequest {
			t.Errorf("%s by a Data User with a token: %d", path, a.status)
		}
	}

	if a := get(t, r.URL+"/openapi.yaml?colour=red", ""); a.fields() != "colour" {
		t.Errorf("the document with a parameter: %d naming %q", a.status, a.fields())
	}
	for _, mpxn := range []string{"2312345678901", "23 1234 5678 901", "23-1234-5678-901", "123456", "1234567890", "AB12345678"} {
		if a := get(
			t,
			r.URL+"/identity-records/exists?mpxn="+url.QueryEscape(mpxn),
			portal,
		); a.status != http.StatusOK {
			t.Errorf("%q: %d", mpxn, a.status)
		}
	}
}

// Validation by legal basis, and controllers' arrangements checked whole (docs/decisions.md, Errors).
func TestAccessRecordIsCheckedByItsBasisAndArrangement(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	_, _, _ = household(t, r)
	token := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	client := r.ClientWith(t, "bright_energy", secretKey)
	ir := must(client.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "")))(t).IR
	const arrangement = "record-metadata.controller-arrangement."
	controller := func(name string, role registerclient.ControllerRole) registerclient.Controller {
		return registerclient.Controller{Name: name, Role: role, ContactURL: "https://example.com/contact"}
	}
	together := func(kind registerclient.ArrangementType, controllers ...registerclient.Controller) registerclient.ControllerArrangement {
		return registerclient.ControllerArrangement{ArrangementType: kind, Controllers: controllers}
	}
	detail := func(name string) registerclient.ControllerNotice {
		return registerclient.ControllerNotice{
			ControllerName: name,
			TermsURL:       "https://example.com/terms",
			NoticeVersion:  "1",
		}
	}
	type record = registerclient.AccessRecord
	for _, test := range []struct {
		name   string
		basis  registerclient.LegalBasis
		alter  func(*record)
		fields string
	}{
		{"consent", "uk-consent", func(*record) {}, ""},
		{"explicit consent", "uk-explicit-consent", func(*record) {}, ""},
		{"contract", "uk-contract", func(*record) {}, ""},
		{"legal obligation, no reference", "uk-legal-obligation", func(*record) {}, ""},
		{"no end", "uk-public-task", func(in *record) { in.AccessEvent.Expiry = nil }, ""},
		{"consent without notice", "uk-consent", func(in *record) { in.Notice = nil }, "notice"},
		{"consent without consent", "uk-consent", func(in *record) { in.AccessEvent.Consent = nil }, "access-event.consent"},
		{"legitimate interests, no reference", "uk-legitimate-interests", func(*record) {}, ""},
		{"explicit consent without notice", "uk-explicit-consent", func(in *record) { in.Notice = nil }, "notice"},
		{"explicit consent without consent", "uk-explicit-consent", func(in *record) { in.AccessEvent.Consent = nil }, "access-event.consent"},
		{"legitimate interests with notice", "uk-legitimate-interests", func(in *record) { in.Notice = &registerclient.Notice{} }, "notice"},
		{"public task with notice", "uk-public-task", func(in *record) { in.Notice = &registerclient.Notice{} }, "notice"},
		{"legal obligation with consent", "uk-legal-obligation", func(in *record) { in.AccessEvent.Consent = &registerclient.Consent{ConsentType: "explicit-consent"} }, "access-event.consent"},
		{"contract with notice", "uk-contract", func(in *record) { in.Notice = &registerclient.Notice{} }, "notice"},
		{"contract with consent", "uk-contract", func(in *record) { in.AccessEvent.Consent = &registerclient.Consent{ConsentType: "expressed-consent"} }, "access-event.consent"},
		{"empty notice", "uk-consent", func(in *record) { in.Notice = &registerclient.Notice{} }, "notice"},
		{"both forms of notice", "uk-consent", func(in *record) {
			in.Notice.Notices = []registerclient.ControllerNotice{detail("Bright Energy Ltd"), detail("B")}
		}, "notice notice.notices notice.notices[1].controller-name"},
		{"unknown basis", "uk-whim", func(*record) {}, "processing.legal-basis"},
		{"no basis, purpose or data", "uk-contract", func(in *record) { in.Processing = registerclient.Processing{} }, "processing.legal-basis processing.purpose processing.data-types"},
		{"data named twice, data unknown", "uk-contract", func(in *record) {
			in.Processing.DataTypes = []registerclient.DataType{"HH-EXPORT", "HH-EXPORT", "GOSSIP"}
		}, "processing.data-types[1] processing.data-types[2]"},
		{"a trap for a link", "uk-contract", func(in *record) {
			in.RecordMetadata.ControllerArrangement.Controllers[0].PrivacyRightsURL = "javascript:alert(1)"
		}, arrangement + "controllers[0].privacy-rights-url"},
		{"a scheme in capitals", "uk-contract", func(in *record) {
			in.RecordMetadata.ControllerArrangement.Controllers[0].ContactURL = "HTTPS://example.com"
		}, arrangement + "controllers[0].contact-url"},
		{"discovered", "uk-contract", func(in *record) { in.AccessEvent.State = "DISCOVERED" }, "access-event.state"},
		{"historic, expired", "uk-contract", func(in *record) {
			in.AccessEvent.State, in.AccessEvent.Expiry = "EXPIRED", new(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
		}, ""},
		{"historic, revoked", "uk-contract", func(in *record) { in.AccessEvent.State = "REVOKED" }, ""},
		{"expired in the future", "uk-contract", func(in *record) { in.AccessEvent.State = "EXPIRED" }, "access-event.expiry"},
		{"ends before it begins", "uk-contract", func(in *record) { in.AccessEvent.Expiry = new(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)) }, "access-event.expiry"},
		{"set by the register", "uk-contract", func(in *record) {
			in.AccessEvent.RevokedAt, in.RecordMetadata.RecordIdentifier, in.RecordMetadata.CreatedAt = new(r.Clock.Now()), "ak_0123456789abcdef01234567", new(r.Clock.Now())
		}, "record-metadata.record-identifier record-metadata.created-at access-event.revoked-at"},
		{"no identity record", "uk-contract", func(in *record) { in.RecordMetadata.IdentityRecordRef = nil }, "record-metadata.identity-record-ref"},
		{"identity record and token", "uk-contract", func(in *record) { in.ReidentificationToken = new("mlr_0123456789abcdef01234567") }, "reidentification-token"},
		{"other schema", "uk-contract", func(in *record) { in.RecordMetadata.SchemaVersion = "2.0" }, "record-metadata.schema-version"},
		{"nobody responsible", "uk-contract", func(in *record) { in.RecordMetadata.ControllerArrangement = together("sole") }, arrangement + "controllers"},
		{"sole as two", "uk-contract", func(in *record) {
			in.RecordMetadata.ControllerArrangement = together("sole", controller("A", "sole"), controller("B", "joint"))
		}, arrangement + "controllers " + arrangement + "controllers[1].role"},
		{"joint as one", "uk-contract", func(in *record) { in.RecordMetadata.ControllerArrangement = together("joint", controller("A", "lead")) }, arrangement + "controllers"},
		{"joint without a lead", "uk-contract", func(in *record) {
			in.RecordMetadata.ControllerArrangement = together("joint", controller("A", "joint"), controller("B", "joint"))
		}, arrangement + "controllers"},
		{"joint with a member", "uk-contract", func(in *record) {
			in.RecordMetadata.ControllerArrangement = together("joint", controller("A", "lead"), controller("B", "member"))
		}, arrangement + "controllers[1].role"},
		{"group with two leads", "uk-contract", func(in *record) {
			in.RecordMetadata.ControllerArrangement = together("group", controller("A", "lead"), controller("B", "lead"))
		}, arrangement + "controllers"},
		{"group", "uk-contract", func(in *record) {
			in.RecordMetadata.ControllerArrangement = together("group", controller("A", "lead"), controller("B", "member"), controller("C", "member"))
		}, ""},
		{"the same controller twice", "uk-contract", func(in *record) {
			in.RecordMetadata.ControllerArrangement = together("group", controller("A", "lead"), controller("A", "member"))
		}, arrangement + "controllers[1].name"},
		{"an agreement on a sole controller", "uk-contract", func(in *record) { in.RecordMetadata.ControllerArrangement.Art26Reference = new("AGR-1") }, arrangement + "art26-reference"},
		{"joint, a notice each", "uk-consent", func(in *record) {
			in.RecordMetadata.ControllerArrangement = together("joint", controller("A", "lead"), controller("B", "joint"))
			in.RecordMetadata.ControllerArrangement.Art26Reference = new("AGR-1")
			in.Notice = &registerclient.Notice{Notices: []registerclient.ControllerNotice{detail("A"), detail("B")}}
		}, ""},
		{"joint, a notice missing", "uk-consent", func(in *record) {
			in.RecordMetadata.ControllerArrangement = together("joint", controller("A", "lead"), controller("B", "joint"), controller("C", "joint"))
			in.Notice = &registerclient.Notice{Notices: []registerclient.ControllerNotice{detail("A"), detail("A")}}
		}, "notice.notices[1].controller-name notice.notices"},
		{"group, a notice each", "uk-consent", func(in *record) {
			in.RecordMetadata.ControllerArrangement = together("group", controller("A", "lead"), controller("B", "member"))
			in.Notice = &registerclient.Notice{Notices: []registerclient.ControllerNotice{detail("A"), detail("B")}}
		}, "notice.notices"},
		{"storage for ever", "uk-contract", func(in *record) {
			in.RecordMetadata.ControllerArrangement.Controllers[0].StorageConditions = &registerclient.StorageConditions{Location: "England", RetentionPeriod: "P"}
		}, arrangement + "controllers[0].storage-conditions.location " + arrangement + "controllers[0].storage-conditions.retention-period"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := registertest.AccessRecord(ir, test.basis)
			test.alter(&in)
			body := must(json.Marshal(in))(t)
			a := post(t, r.URL+"/access-records", token, string(body))
			want := http.StatusBadRequest
			if test.fields == "" {
				want = http.StatusCreated
			}

			got := strings.Fields(a.fields())
			if a.status != want || !sameWords(got, strings.Fields(test.fields)) {
				t.Errorf("%d naming %v, want %d naming %s", a.status, got, want, test.fields)
			}
		})
	}
}

// sameWords compares lists whatever their order.
func sameWords(a, b []string) bool {
	count := map[string]int{}
	for _, word := range a {
		count[word]++
	}
	for _, word := range b {
		count[word]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}

	return true
}
