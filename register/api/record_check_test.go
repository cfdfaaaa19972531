package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// setAt sets the member of a JSON value at a path such as controllers[1].name; a nil raw takes it out.
func setAt(t testing.TB, value any, path string, raw json.RawMessage) {
	t.Helper()
	tokens := strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(path), ".")
	for i, token := range tokens {
		last := i == len(tokens)-1
		switch inside := value.(type) {
		case map[string]any:
			switch {
			case last && raw == nil:
				delete(inside, token)
			case last:
				inside[token] = raw
			}

			value = inside[token]
		case []any:
			at := must(strconv.Atoi(token))(t)
			if last {
				inside[at] = raw
			}
			value = inside[at]
		default:
			t.Fatalf("there is no %s in %v", path, value)
		}
	}
}

// body is a kind of body by an operation that takes it.
type body struct {
	path, credentials string
	good              string
}

// bodies are one of each kind with every member that there is.
func bodies(t testing.TB, r *registertest.Register) map[string]body {
	t.Helper()
	kinds := map[string]body{}
	for _, s := range seeds(t, r) {
		method, path, _ := strings.Cut(s.operation, " ")
		if _, known := kinds[path]; method == http.MethodPost && s.body != "" && !known &&
			path != "/access-records/batch" {
			kinds[path] = body{s.path(""), s.credentials, s.body}
		}
	}

	return kinds
}

// with posts a body in which one member is changed.
func (b body) with(t testing.TB, r *registertest.Register, member string, raw json.RawMessage) answer {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(b.good), &value); err != nil {
		t.Fatal(err)
	}

	setAt(t, value, member, raw)
	return post(t, r.URL+b.path, b.credentials, string(must(json.Marshal(value))(t)))
}

// Every text may have its published length in characters, and not one more.
func TestTextLengths(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	kinds := bodies(t, r)
	const controller = "record-metadata.controller-arrangement.controllers[0]."
	for path, limits := range map[string]map[string]int{
		"/identity-records": {
			"pii-principal.address.addressLine1": 100, "pii-principal.address.addressLine2": 100, "pii-principal.address.townCity": 100, "pii-principal.address.county": 100,
			"principal-verification.method": 100, "principal-verification.reference": 255, "principal-verification.submitted": 255, "principal-verification.verified-against": 255,
		},
		"/access-records": {
			"record-metadata.controller-arrangement.art26-reference": 500, controller + "lia-reference": 255, controller + "statutory-reference": 500,
			controller + "address.addressLine1": 100, controller + "address.addressLine2": 100, controller + "address.townCity": 100, controller + "address.county": 100,
			"notice.notices[0].notice-version": 50, "processing.purpose": 500, "processing.data-source": 255, "processing.recipients[0].name": 255,
			"processing.recipients[0].role": 100, "access-event.controller-reference": 255, "access-event.consent.method": 100,
		},
		"/discovered-access": {"organisation-name": 255, "organisation-reference": 255, "source-reference": 255},
		"/cot-events":        {"source-reference": 255},
		"/admin/accounts":    {"display-name": 255, "organisation-reference": 255},
	} {
		for member, most := range limits {
			if a := kinds[path].with(
				t,
				r,
				member,
				text(strings.Repeat("é", most)),
			); a.status >= 300 &&
				a.status != http.StatusConflict {
				t.Errorf("%s %s of %d: %d %v", path, member, most, a.status, a.body["errors"])
			}
			if a := kinds[path].with(
				t,
				r,
				member,
				text(strings.Repeat("é", most+1)),
			); a.status != http.StatusBadRequest ||
				a.fields() != member {
				t.Errorf("%s %s of %d: %d naming %q", path, member, most+1, a.status, a.fields())
			}
		}
	}

	// A controller's name stands in its notice as well.
	name := text(strings.Repeat("é", 256))
	if a := kinds["/access-records"].with(
		t,
		r,
		controller+"name",
		name,
	); !slices.Contains(
		strings.Fields(a.fields()),
		controller+"name",
	) {
		t.Errorf("a name of 256: %d naming %q", a.status, a.fields())
	}
}

func text(s string) json.RawMessage {
	raw, _ := json.Marshal(s)
	return raw
}

// Every member that is published as required is refused by name if it is missing; the others may be missing.
func TestRequiredMembers(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	kinds := bodies(t, r)
	const arrangement = "record-metadata.controller-arrangement."
	for path, members := range map[string]string{
		"/identity-records": "pii-principal.mpxn pii-principal.move-in-date pii-principal.address.addressLine1 pii-principal.address.townCity " +
			"pii-principal.address.postcode expressed-by principal-verification.method principal-verification.verified-at principal-verification.outcome",
		"/identity-records/reidentify":      "mpxn method",
		"/identity-records/:ir/re-identify": "method",
		"/access-records": "record-metadata.schema-version record-metadata.identity-record-ref " + arrangement + "arrangement-type " + arrangement + "controllers " + arrangement + "controllers[0].name " +
			arrangement + "controllers[0].role " + arrangement + "controllers[0].contact-url " + arrangement + "controllers[0].storage-conditions.location " +
			arrangement + "controllers[0].storage-conditions.retention-period notice notice.notices[0].controller-name notice.notices[0].terms-url notice.notices[0].notice-version " +
			"processing.legal-basis processing.purpose processing.data-types processing.recipients[0].name processing.recipients[0].role access-event.state " +
			"access-event.registered-at access-event.expiry access-event.consent access-event.consent.consent-type",
		"/discovered-access": "mpxn organisation-name organisation-reference first-seen data-types-observed source-reference",
		"/cot-events":        "mpxn effective-date source-reference",
		"/webhooks":          "callback-url alert-email",
		"/admin/accounts":    "account-id display-name role",
	} {
		for member := range strings.FieldsSeq(members) {
			if a := kinds[path].with(
				t,
				r,
				member,
				nil,
			); a.status != http.StatusBadRequest ||
				!slices.Contains(strings.Fields(a.fields()), member) {
				t.Errorf("%s without %s: %d naming %q", path, member, a.status, a.fields())
			}
		}
	}

	for path, members := range map[string]string{
		"/identity-records": "pii-principal.address principal-verification principal-verification.reference principal-verification.submitted " +
			"principal-verification.verified-against principal-verification.detail email pii-principal.address.addressLine2 pii-principal.address.county",
		"/access-records": arrangement + "art26-reference " + arrangement + "controllers[0].address " + arrangement + "controllers[0].privacy-rights-url " +
			arrangement + "controllers[0].lia-reference " + arrangement + "controllers[0].statutory-reference " + arrangement + "controllers[0].storage-conditions " +
			"notice.notices[0].notice-language processing.jurisdiction processing.data-source processing.recipients processing.recipients[0].privacy-url " +
			"access-event.controller-reference access-event.consent.method",
		"/discovered-access": "last-seen",
	} {
		for member := range strings.FieldsSeq(members) {
			if a := kinds[path].with(t, r, member, nil); a.status >= 300 {
				t.Errorf("%s without %s: %d %v", path, member, a.status, a.body["errors"])
			}
		}
	}
}

// Every published value and pattern is accepted; values just beside them are refused.
func TestPublishedValues(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	kinds := bodies(t, r)
	const controller = "record-metadata.controller-arrangement.controllers[0]."
	for _, test := range []struct{ path, member, good, bad string }{
		{"/identity-records", "pii-principal.mpxn", "123456|1234567|12345678|123456789|1234567890|123456789012|2312345678901|AB12345678|9Z123456789|ZZ1234567890",
			"12345|12345678901234|A112|AB1234567|AB12345678901|IB12345678|OB12345678|QB12345678|ab12345678|ABC12345678|1234567890x"},
		{"/identity-records", "pii-principal.address.postcode", "M14 5RT|EC1A 1BB|W1D1LL|M1 1AA|B33 8TH", "m14 5rt|M145|ABC1 1AA|M14  5RT|M14 5RTX"},
		{"/identity-records", "expressed-by", "data-subject|authorised-representative", "Data-Subject|somebody"},
		{"/identity-records", "principal-verification.outcome", "verified|failed|partial", "VERIFIED|unknown"},
		{"/identity-records", "principal-verification.verified-at", "2024-01-15T10:00:00Z|2024-01-15T10:00:00.123Z|2024-01-15T10:00:00+01:00", "2024-01-15|2024-01-15T10:00:00|2024-02-30T10:00:00Z|2024-01-15T24:00:00Z"},
		{"/identity-records", "pii-principal.move-in-date", "2024-02-29", "2023-02-29|2024-2-9|15/01/2024|2024-01-15T00:00:00Z"},
		{"/access-records", "access-event.consent.consent-type", "expressed-consent|explicit-consent", "consent"},
		{"/access-records", controller + "storage-conditions.location", "GB|IE", "gb|GBR|G"},
		{"/access-records", controller + "storage-conditions.retention-period", "P2Y|P18M|P6W|P30D|P1Y6M", "P|2Y|PT1H|P1W1D|p2y"},
		{"/access-records", "notice.notices[0].notice-language", "en|cy", "EN|eng|e"},
		{"/access-records", "processing.jurisdiction", "GB", "UK|gb"},
		{"/access-records", "record-metadata.schema-version", "1.0", "1|2.0"},
		{"/access-records", "record-metadata.identity-record-ref", "", "ir_0123456789ABCDEF01234567|ir_0123|0123456789abcdef01234567"},
		{"/access-records", "processing.data-types[0]", "HH-EXPORT|MTH-CONSUMPTION|MTH-EXPORT|ANNUAL-CONSUMPTION|ANNUAL-EXPORT|TARIFF-EXPORT|HH-CONSUMPTION", "hh-export|HH|TARIFF"},
		{"/identity-records/reidentify", "method", "magic-link", "sms|MAGIC-LINK"},
		{"/webhooks", "event-types[0]", "", "consent.expiry|discovered.access"},
		{"/admin/accounts", "account-id", "", "ab|Abc|a.b|-abc"},
		{"/admin/accounts", "duid", "", "duid_x|ak_0123456789abcdef01234567|0123456789abcdef01234567"},
		{"/admin/accounts", "role", "", "customer|controller|DCC"},
	} {
		for value := range strings.SplitSeq(test.good, "|") {
			if a := kinds[test.path].with(t, r, test.member, text(value)); value != "" && a.status >= 300 {
				t.Errorf("%s %s %q: %d %v", test.path, test.member, value, a.status, a.body["errors"])
			}
		}

		for value := range strings.SplitSeq(test.bad, "|") {
			if a := kinds[test.path].with(
				t,
				r,
				test.member,
				text(value),
			); a.status != http.StatusBadRequest ||
				a.fields() != test.member {
				t.Errorf("%s %s %q: %d naming %q", test.path, test.member, value, a.status, a.fields())
			}
		}
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
