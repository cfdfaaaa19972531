package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"central.consent/dar/register"
	"central.consent/dar/register/api"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// seed is a request that succeeds, to be made nonsense of.
type seed struct {
	operation   string // as in the route table
	credentials string
	parameters  string // what stands in the path, with slashes between
	query, body string
}

// path is the seed's path; another last parameter takes the place of its own unless it is empty.
func (s seed) path(last string) string {
	_, path, _ := strings.Cut(s.operation, " ")
	values := strings.Split(s.parameters, "/")
	if last != "" {
		values[len(values)-1] = last
	}

	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, ":") {
			parts[i], values = url.PathEscape(values[0]), values[1:]
		}
	}

	return strings.Join(parts, "/")
}

func (s seed) takesParameter() bool { return strings.Contains(s.operation, ":") }

// send makes the request with this query and body.
func (s seed) send(t testing.TB, r *registertest.Register, path, query, body string) answer {
	t.Helper()
	method, _, _ := strings.Cut(s.operation, " ")
	media := "application/json"
	if s.operation == "POST /access-records/batch" {
		media = "application/x-ndjson"
	}

	return send(t, method, r.URL+path+"?"+query, s.credentials, media, []byte(body))
}

// seeds fills a register and lists a request, or several, for each operation. They succeed once each, in this order.
func seeds(t testing.TB, r *registertest.Register) []seed {
	t.Helper()
	const back = "https://example.org/back"
	open := func(id string, role registerclient.Role) string {
		r.ClientOf(
			t,
			registerclient.CreateAccountRequest{
				AccountID:  id,
				SecretKey:  secretKey,
				Role:       role,
				ReturnURLs: []string{back},
			},
		)
		return renew(t, r, id)
	}
	owner := open("bright_energy", registerclient.RoleDataUser)
	portal := open("portal_ops", registerclient.RolePortal)
	dcc := open("dcc_system", registerclient.RoleDCC)
	admin := open("admin_ops", registerclient.RoleAdmin)
	// What these do to themselves must not reach the others.
	returns := open("returns", registerclient.RolePortal)
	rotates := open("rotates", registerclient.RoleDataProvider)
	open("victim", registerclient.RolePortal)
	client := r.ClientWith(t, "bright_energy", secretKey)
	portalClient := r.ClientWith(t, "portal_ops", secretKey)

	identity := func(mpxn string) string {
		in := registertest.IdentityRecord(mpxn, "customer@example.com")
		return must(client.CreateIdentityRecord(t.Context(), in))(t).IR
	}
	ir := identity(registertest.MeterPoint)
	forgotten := identity("1234567890")
	r.AddPasskey(t, ir)
	hook := newReceiver(t, r).subscribe(client).Webhook.WID
	create(t, client, ir, registerclient.BasisContract)
	ak := create(t, client, ir, registerclient.BasisConsent)
	ended := create(t, client, ir, registerclient.BasisConsent)
	must(
		client.RevokeAccessRecord(
			t.Context(),
			create(t, client, ir, registerclient.BasisConsent),
			registerclient.RevokeAccessRecordQuery{},
		),
	)(
		t,
	)
	r.WorkOff(t)
	event := get(t, r.URL+"/webhooks/"+hook+"/deliveries", owner).body["deliveries"].([]any)[0].(map[string]any)["event-id"].(string)
	token := start(t, portalClient, registerclient.MethodMagicLink).TokenRef()
	used := start(t, portalClient, registerclient.MethodMagicLink).TokenRef()
	// This register confirms each challenge at once; a replica that does not leaves one to a passkey.
	replica := registertest.New(t, registertest.HoldConfirmations(), registertest.ReplicaOf(r))
	asking := replica.ClientWith(t, "portal_ops", secretKey)
	shown := start(t, asking, registerclient.MethodPasskeyAssert).TokenRef()
	replica.ShowPasskey(t, shown, "completion")
	own := must(
		client.ReidentifyOwn(
			t.Context(),
			ir,
			registerclient.ReidentifyOwnRequest{Method: registerclient.MethodMagicLink},
		),
	)(
		t,
	).TokenRef()
	post(
		t,
		r.URL+"/cot-events",
		dcc,
		`{"mpxn":"`+registertest.MeterPoint+`","effective-date":"2030-01-01","source-reference":"COT-0"}`,
	)
	cot := get(t, r.URL+"/admin/cot-events?mpxn="+registertest.MeterPoint, admin).body["changes-of-tenancy"].([]any)[0].(map[string]any)["cot"].(string)
	cursor := func(path, credentials string) string {
		a := get(t, r.URL+path+"?limit=1", credentials)
		next, _ := a.body["next-cursor"].(string)
		return "&limit=1&cursor=" + next
	}
	records := cursor("/records", owner)

	text := func(in any) string { return string(must(json.Marshal(in))(t)) }
	person := registertest.IdentityRecord("23 1234-5678901", "Another@example.com")
	person.PIIPrincipal.Address.AddressLine2, person.PIIPrincipal.Address.County = new("Flat 2"), new("Lancashire")
	line := registerclient.ImportLine{
		ImportReference: "crm-1",
		IdentityRecord:  new(person),
		AccessRecord:    everything(nil),
	}
	person.InitiatePasskeyRegistration, person.PasskeyReturnURL = true, new(back)
	seen := sighting("SEC-OU-00429")
	deliveries := "status=delivered&limit=1"

	return []seed{
		{"GET /auth/token", basic("portal_ops", secretKey), "", "", ""},
		{"GET /identity-records", owner, "", "mpxn=2312345678901&email=customer%40example.com", ""},
		{"POST /identity-records", owner, "", "", text(person)},
		{"GET /identity-records/exists", portal, "", "mpxn=2312345678901", ""},
		{
			"POST /identity-records/reidentify",
			portal,
			"",
			"",
			`{"mpxn":"2312345678901","method":"magic-link","redirect-url":"` + back + `","match-code":true,"language":"cy"}`,
		},
		{
			"POST /identity-records/reidentify",
			portal,
			"",
			"",
			`{"mpxn":"2312345678901","method":"passkey-assert","passkey-return-url":"` + back + `"}`,
		},
		{"GET /identity-records/reidentify/:tokenRef", portal, token, "", ""},
		{"POST /identity-records/reidentify/:tokenRef/complete", portal, shown, "", `{"completion-code":"completion"}`},
		{"GET /identity-records/:ir", owner, ir, "", ""},
		{
			"POST /identity-records/:ir/re-identify",
			owner,
			ir,
			"",
			`{"method":"magic-link","redirect-url":"` + back + `","match-code":true,"language":"cy"}`,
		},
		{"GET /identity-records/:ir/re-identify/:tokenRef", owner, ir + "/" + own, "", ""},
		{"DELETE /identity-records/:ir/credentials/:credentialId", owner, ir + "/cred_" + ir[3:], "", ""},
		{"DELETE /identity-records/:ir", owner, forgotten, "", ""},

		{"POST /access-records", owner, "", "", text(everything(&ir))},
		{"POST /access-records", owner, "", "", text(registertest.AccessRecord(ir, registerclient.BasisContract))},
		{"POST /access-records/batch", owner, "", "", text(line)},
		{"GET /access-records/:ak", portal, ak, "", ""},
		{"PUT /access-records/:ak", owner, ak, "", text(everything(&ir))},
		{"DELETE /access-records/:ak", owner, ended, "reason=contract-ended", ""},
		{
			"GET /meter-points/:mpxn/access-records",
			portal,
			registertest.MeterPoint,
			"state=ACTIVE&legal-basis=uk-consent&reidentification-token=" + token,
			"",
		},
		{
			"GET /meter-points/:mpxn/access-records",
			owner,
			"23-1234 5678901",
			"state=ACTIVE&legal-basis=uk-consent" + records,
			"",
		},
		{"DELETE /access-records/:ak", portal, ak, "reason=customer-request&reidentification-token=" + used, ""},
		{"GET /access-records/:ak/notice", portal, ak, "reidentification-token=" + used, ""},
		{"GET /records", owner, "", "state=ACTIVE&legal-basis=uk-consent" + records, ""},

		{"GET /webhooks", owner, "", "", ""},
		{
			"POST /webhooks",
			owner,
			"",
			"",
			`{"callback-url":"https://example.com/x","alert-email":"a@example.com","notify-days-before":30,"event-types":["tenancy.change"]}`,
		},
		{
			"PATCH /webhooks/:wid",
			owner,
			hook,
			"",
			`{"callback-url":"https://example.com/y","alert-email":"b@example.com","notify-days-before":90,"event-types":["tenancy.change"],"rotate-secret":true}`,
		},
		{"GET /webhooks/:wid/deliveries", owner, hook, deliveries, ""},
		{"GET /webhooks/:wid/deliveries", owner, hook, "status=delivered" + records, ""},
		{"POST /webhooks/:wid/deliveries/:eventId/redeliver", owner, hook + "/" + event, "", ""},
		{"DELETE /webhooks/:wid", owner, hook, "", ""},

		{"POST /discovered-access", dcc, "", "", text(seen)},
		{
			"POST /cot-events",
			dcc,
			"",
			"",
			`{"mpxn":"2312345678901","effective-date":"2030-01-02","source-reference":"COT-1"}`,
		},
		{"GET /admin/cot-events", admin, "", "mpxn=2312345678901", ""},
		{"POST /admin/cot-events/:cot/withdraw", admin, cot, "", ""},

		{"GET /admin/webhooks", admin, "", "", ""},
		{"GET /data-users/:duid", owner, accountOf(t, r, owner)["duid"].(string), "", ""},
		{"GET /self", portal, "", "", ""},
		{
			"PUT /self/return-urls",
			returns,
			"",
			"",
			`{"return-urls":["https://example.org/a","http://localhost:8080/b"]}`,
		},
		{"GET /admin/stats", admin, "", "", ""},
		{"GET /admin/accounts", admin, "", "", ""},
		{
			"POST /admin/accounts",
			admin,
			"",
			"",
			`{"account-id":"new_one","secret-key":"` + secretKey + `","duid":"duid_0123456789abcdef01234567","display-name":"New","role":"data_user",` +
				`"contact-url":"https://example.org/c","data-types":["HH-EXPORT"],"organisation-reference":"SEC-OU-1","return-urls":["https://example.org/a"]}`,
		},
		{"POST /admin/accounts/:accountId/suspend", admin, "victim", "", ""},
		{"POST /admin/accounts/:accountId/reactivate", admin, "victim", "", ""},
		{"POST /admin/accounts/:accountId/terminate", admin, "victim", "", ""},
		{"GET /admin/records", admin, "", "q=2312345678901&state=ACTIVE&legal-basis=uk-consent" + records, ""},
		{
			"GET /admin/audit",
			admin,
			"",
			"account_id=bright_energy&event_type=record.created&ak=" + ak + "&mpxn=2312345678901" + cursor(
				"/admin/audit",
				admin,
			),
			"",
		},
		{"GET /openapi.yaml", "", "", "", ""},
		{"POST /self/rotate-secret", rotates, "", "", ""},
	}
}

// everything is an access record with every member that there is.
func everything(ir *string) registerclient.AccessRecord {
	in := registertest.AccessRecord("", registerclient.BasisConsent)
	in.RecordMetadata.IdentityRecordRef = ir
	lead := in.RecordMetadata.ControllerArrangement.Controllers[0]
	lead.Role, lead.LIAReference, lead.StatutoryReference = registerclient.ControllerLead, new(
		"LIA-1",
	), new(
		"Energy Act 2023, s.147",
	)
	lead.StorageConditions = &registerclient.StorageConditions{Location: "GB", RetentionPeriod: "P2Y"}
	lead.Address = &registerclient.UKAddress{
		AddressLine1: "10 Canary Wharf",
		AddressLine2: new("Floor 3"),
		TownCity:     "London",
		County:       new("Essex"),
		Postcode:     "E14 5AB",
	}
	other := registerclient.Controller{
		Name:       "Flux Ltd",
		Role:       registerclient.ControllerJoint,
		ContactURL: "https://flux.example.com",
	}
	in.RecordMetadata.ControllerArrangement = registerclient.ControllerArrangement{
		ArrangementType: registerclient.ArrangementJoint,
		Art26Reference:  new("AGR-1"),
		Controllers:     []registerclient.Controller{lead, other},
	}
	in.Notice = &registerclient.Notice{Notices: []registerclient.ControllerNotice{
		{ControllerName: lead.Name, TermsURL: "https://example.com/terms", NoticeVersion: "1", NoticeLanguage: "cy"},
		{ControllerName: other.Name, TermsURL: "https://example.com/terms", NoticeVersion: "1"},
	}}
	in.Processing.Jurisdiction, in.Processing.DataSource = "GB", "MPAS"
	in.Processing.Recipients = []registerclient.Recipient{
		{Name: "Auditor", Role: "audits", PrivacyURL: "https://example.com/p"},
	}
	in.AccessEvent.ControllerReference = "REF-1"

	return in
}

func accountOf(t testing.TB, r *registertest.Register, credentials string) map[string]any {
	t.Helper()
	return get(t, r.URL+"/self", credentials).body["account"].(map[string]any)
}

// A row of the route table without a seed is one that nobody tried to confuse.
func TestEveryOperationHasASeed(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(register.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}

	described := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			described[method+" "+strings.NewReplacer("{", ":", "}", "").Replace(path)] = o
		}
	}

	bodies := map[string]string{}
	queries := map[string]string{}
	for _, s := range seeds(t, registertest.New(t)) {
		bodies[s.operation] += s.body
		queries[s.operation] += s.query
	}

	routes := api.Operations()
	for _, route := range routes {
		body, seeded := bodies[route]
		o := described[route]
		switch {
		case o == nil:
			t.Errorf("%s is not in the document", route)
			continue
		case !seeded:
			t.Errorf("%s has no seed", route)
		case o.RequestBody != nil && body == "":
			t.Errorf("%s takes a body, and its seed has none", route)
		}

		for _, p := range o.Parameters {
			if p.Value.In == openapi3.ParameterInQuery && !strings.Contains(queries[route], p.Value.Name+"=") {
				t.Errorf("%s takes the parameter %s, and its seed has none", route, p.Value.Name)
			}
		}
	}

	for operation := range described {
		if !slices.Contains(routes, operation) {
			t.Errorf("%s is described and does not exist", operation)
		}
	}
}

// Of whatever is made of a good request, nothing fails the register, and nothing is accepted that the document does
// not describe: registertest holds each request that succeeds against it. A refusal says what is wrong.
func TestNonsenseIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	for _, s := range seeds(t, r) {
		t.Run(s.operation, func(t *testing.T) {
			if a := s.send(t, r, s.path(""), s.query, s.body); a.status >= 300 {
				t.Fatalf("the seed itself: %d %v", a.status, a.body["errors"])
			}
			for _, query := range nonsenseQueries(s.query) {
				a := s.send(t, r, s.path(""), query, s.body)
				sensible(t, a, query)
			}

			if s.takesParameter() {
				for _, last := range nonsenseSegments {
					a := s.send(t, r, s.path(last), s.query, s.body)
					sensible(t, a, last)
					if a.status < 300 {
						t.Errorf("%q in the path: %d", last, a.status)
					}
				}
			}

			if s.body == "" {
				return
			}

			for _, body := range nonsenseBodies {
				a := s.send(t, r, s.path(""), s.query, body)
				sensible(t, a, body)
				if a.status < 300 && s.operation != "POST /access-records/batch" {
					t.Errorf("%q: %d", body, a.status)
				}
			}

			for _, n := range nonsenseMembers(t, s.body) {
				a := s.send(t, r, s.path(""), s.query, n.body)
				sensible(t, a, n.body)
				if imported, _ := a.body["imported"].(float64); n.illegible && a.status < 300 &&
					(a.body["lines"] == nil || imported > 0) {
					t.Errorf("a text that is not what it reads as: %d for %s", a.status, n.body)
				}
			}
		})
	}
}

// sensible checks that an answer is no failure, and that a refusal names a field or says what is wrong.
func sensible(t testing.TB, a answer, sent string) {
	t.Helper()
	if a.status >= 500 {
		t.Errorf("%d for %.2000q", a.status, sent)
	}

	refusals, _ := a.body["errors"].([]any) // an import's, too
	for _, one := range refusals {
		one := one.(map[string]any)
		field, _ := one["field"].(string)
		message := one["message"].(string)
		if a.status == http.StatusBadRequest && field == "" && !strings.HasPrefix(message, "The ") ||
			strings.Contains(
				message,
				"something else",
			) || strings.Contains(message, "%!") || strings.HasSuffix(message, ": ") {
			t.Errorf("%d %v for %.2000q", a.status, one, sent)
		}
	}
}

var nonsenseSegments = []string{
	"x",
	"\x00",
	"\xff",
	"\u202e",
	"../..",
	"%00",
	"'; DROP TABLE accounts; --",
	strings.Repeat("9", 3000),
	"ak_0123456789ABCDEF01234567",
	"０１２３４５６",
}

func nonsenseQueries(query string) []string {
	queries := []string{"colour=red", "=", "&&", "a;b", "%zz", "%00=1", strings.Repeat("a=1&", 500)}
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if name == "" {
			continue
		}

		queries = append(queries, query+"&"+part, query+"&"+part+";")
		for _, value := range []string{"", "+", "x", "%00", "%ff", "%zz", "%E2%80%AE", "-1", "0", "1e3", "99999999999999999999", strings.Repeat("x", 3000)} {
			queries = append(queries, strings.Replace(query, part, name+"="+value, 1), name+"="+value)
		}
	}

	return queries
}

var nonsenseBodies = []string{
	"",
	" ",
	"null",
	"true",
	"1",
	`"x"`,
	"[]",
	"{}x",
	"{",
	`{"a":1}`,
	`{"":1}`,
	`{"a":1,"a":1}`,
	"\xff",
	"\ufeff{}",
	"<a/>",
	strings.Repeat(
		"[",
		5000,
	),
	strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40),
	`{"\ud800":1}`,
	"{\"a\":\"\xff\"}",
}

// nonsense is a body in which one thing is wrong.
type nonsense struct {
	body string
	// illegible says that what is wrong is a text with a character that nobody sees.
	illegible bool
}

// nonsenseMembers makes of a JSON object many that have one thing wrong each: a member of another kind, left out,
// given twice, or unknown.
func nonsenseMembers(t testing.TB, body string) []nonsense {
	t.Helper()
	illegible := []string{`"\u0000"`, `"a\u202eb"`, `"a\nb"`, `"a\u200bb"`}
	values := append([]string{
		`null`,
		`true`,
		`0`,
		`-1`,
		`1.5`,
		`1e999`,
		`123456789012345678901234567890`,
		`""`,
		`" "`,
		`"x"`,
		`"2999-12-31"`,
		`"0000-01-01"`,
		`"HTTPS://x"`,
		`"2026-01-01T00:00:00+24:00"`,
		`"2026-01-01 00:00:00Z"`,
		`[]`,
		`{}`,
		`[null]`,
		`{"a":1,"a":2}`,
		`{"x":{}}`,
		`"` + strings.Repeat(
			"é",
			501,
		) + `"`,
		`[` + strings.Repeat(`"x",`, 60) + `"x"]`,
		strings.Repeat("[", 40) + strings.Repeat("]", 40),
	}, illegible...)
	var made []nonsense
	var walk func(value any, inDetail bool, whole func(json.RawMessage) string)
	walk = func(value any, inDetail bool, whole func(json.RawMessage) string) {
		for _, v := range values {
			made = append(made, nonsense{whole(json.RawMessage(v)), slices.Contains(illegible, v) && !inDetail})
		}

		switch value := value.(type) {
		case []any:
			for i, element := range value {
				walk(element, inDetail, func(raw json.RawMessage) string {
					changed := slices.Clone(value)
					changed[i] = raw
					return whole(must(json.Marshal(changed))(t))
				})
			}
		case map[string]any:
			with := func(extra string) string {
				text := must(json.Marshal(value))(t)
				return whole(json.RawMessage(strings.TrimSuffix(string(text), "}") + "," + extra + "}"))
			}
			made = append(made, nonsense{with(`"colour":"red"`), false}, nonsense{with(`"\u202e":1`), false})
			for _, name := range slices.Sorted(maps.Keys(value)) {
				member := value[name]
				without := maps.Clone(value)
				delete(without, name)
				text := must(json.Marshal(member))(t)
				made = append(made,
					nonsense{whole(must(json.Marshal(without))(t)), false},
					nonsense{with(fmt.Sprintf("%q:%s", name, text)), false},
					nonsense{with(fmt.Sprintf("%q:%s", strings.ToUpper(name), text)), false})
				walk(member, inDetail || name == "detail", func(raw json.RawMessage) string {
					changed := maps.Clone(value)
					changed[name] = raw
					return whole(must(json.Marshal(changed))(t))
				})
			}
		}
	}
	var value any
	if err := json.NewDecoder(bytes.NewBufferString(body)).Decode(&value); err != nil {
		t.Fatal(err)
	}

	walk(value, false, func(raw json.RawMessage) string { return string(raw) })
	return made
}

// reporter stands for the test that is going on: a fuzz test must not report by itself once it fuzzes.
type reporter struct {
	testing.TB
	now atomic.Pointer[testing.T]
}

func (r *reporter) Errorf(format string, a ...any) {
	if t := r.now.Load(); t != nil {
		t.Errorf(format, a...)
	} else {
		r.TB.Errorf(format, a...)
	}
}

// Whatever is sent, to whichever operation, is answered with a refusal that says why, or is sense.
func FuzzOperationsAnswerNonsenseWithARefusal(f *testing.F) {
	report := &reporter{TB: f}
	r := registertest.New(report)
	all := seeds(report, r)
	for i, s := range all {
		f.Add(uint8(i), "", s.query, []byte(s.body))
		f.Add(uint8(i), "\x00/..%2f", "email=%ff&a;b", []byte(`{"a":{"a":[1e999,"\ud800"]}}`))
	}

	f.Fuzz(func(t *testing.T, which uint8, last, query string, body []byte) {
		report.now.Store(t)
		s := all[int(which)%len(all)]
		switch {
		case s.takesParameter() && (last == "." || last == ".."):
			t.Skip("another route")
		case strings.ContainsFunc(query, func(c rune) bool { return c <= ' ' || c == 0x7f || c == '#' }):
			t.Skip("not a query that can be sent")
		case s.operation == "POST /self/rotate-secret" && query == "":
			t.Skip("ends the token that asks")
		}

		sensible(t, s.send(t, r, s.path(last), query, string(body)), query+" "+string(body))
	})
}
