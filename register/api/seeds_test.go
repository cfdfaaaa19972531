package api_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// seed is a request that succeeds. Tests change one thing in it.
type seed struct {
	operation   string // as in the route table
	credentials string
	parameters  string // the values of the path's parameters, separated by slashes
	query       string
	body        string
	// optional is true if the body can be left out.
	optional bool
}

// path returns the seed's path. last replaces the last parameter unless it is empty.
func (s seed) path(last string) string {
	_, path, _ := strings.Cut(s.operation, " ")
	values := strings.Split(s.parameters, "/")
	if last != "" {
		values[len(values)-1] = last
	}

	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, ":") {
			parts[i] = url.PathEscape(values[0])
			values = values[1:]
		}
	}

	return strings.Join(parts, "/")
}

func (s seed) hasParameter() bool { return strings.Contains(s.operation, ":") }

// send makes the request with this path, query and body.
func (s seed) send(t testing.TB, r *registertest.Register, path, query, body string) reply {
	t.Helper()
	method, _, _ := strings.Cut(s.operation, " ")
	media := "application/json"
	if s.operation == "POST /access-records/batch" {
		media = "application/x-ndjson"
	}

	return send(t, method, r.URL+path+"?"+query, s.credentials, media, []byte(body))
}

// seedAccounts are the Authorization headers of the accounts in a seeded register. returns and rotates change
// themselves, which must not reach the others.
type seedAccounts struct {
	owner, portal, dcc, admin, returns, rotates string
}

const seedReturnURL = "https://example.org/back"

func openSeedAccounts(t testing.TB, r *registertest.Register) seedAccounts {
	t.Helper()
	open := func(id string, role registerclient.Role) string {
		r.ClientOf(t, registerclient.CreateAccountRequest{
			AccountID:  id,
			SecretKey:  secretKey,
			Role:       role,
			ReturnURLs: []string{seedReturnURL},
		})

		return renew(t, r, id)
	}
	open("victim", registerclient.RolePortal)

	return seedAccounts{
		owner:   open("bright_energy", registerclient.RoleDataUser),
		portal:  open("portal_ops", registerclient.RolePortal),
		dcc:     open("dcc_system", registerclient.RoleDCC),
		admin:   open("admin_ops", registerclient.RoleAdmin),
		returns: open("returns", registerclient.RolePortal),
		rotates: open("rotates", registerclient.RoleDataProvider),
	}
}

// seeds fills a register, and returns one or more requests for each operation. They succeed once each, in this order.
func seeds(t testing.TB, r *registertest.Register) []seed {
	t.Helper()
	accounts := openSeedAccounts(t, r)

	return append(identitySeeds(t, r, accounts), adminSeeds(t, r, accounts)...)
}

// identitySeeds are the seeds of identity records, access records and webhooks.
func identitySeeds(t testing.TB, r *registertest.Register, accounts seedAccounts) []seed {
	t.Helper()
	owner := accounts.owner
	portal := accounts.portal
	client := r.ClientWith(t, "bright_energy", secretKey)
	portalClient := r.ClientWith(t, "portal_ops", secretKey)

	ir := identity(t, client, "customer@example.com")
	unused := registertest.IdentityRecord("1234567890", "customer@example.com")
	forgotten := must(client.CreateIdentityRecord(t.Context(), unused))(t).IR
	unused = registertest.IdentityRecord("1234567890", "customer@example.com")
	unmoved := must(client.CreateIdentityRecord(t.Context(), unused))(t).IR
	r.AddPasskey(t, ir)
	wid := registertest.NewReceiver(t, r).Subscribe(t, client).Webhook.WID
	create(t, client, ir, registerclient.BasisContract)
	ak := create(t, client, ir, registerclient.BasisConsent)
	ended := create(t, client, ir, registerclient.BasisConsent)
	revoke(t, client, create(t, client, ir, registerclient.BasisConsent))
	r.WorkOff(t)

	deliveries := get(t, r.URL+"/webhooks/"+wid+"/deliveries", owner).body["deliveries"].([]any)
	eventID := deliveries[0].(map[string]any)["event-id"].(string)
	token := magicLink(t, portalClient)
	used := magicLink(t, portalClient)
	// This register confirms each challenge at once. A replica that does not leaves one to a passkey.
	replica := registertest.New(t, registertest.HoldConfirmations(), registertest.ReplicaOf(r))
	asking := replica.ClientWith(t, "portal_ops", secretKey)
	asserted := start(t, asking, registerclient.MethodPasskeyAssert).TokenRef()
	replica.ShowPasskey(t, asserted, "completion")
	own := must(client.ReidentifyOwn(t.Context(), ir, registerclient.ReidentifyOwnRequest{
		Method: registerclient.MethodMagicLink,
	}))(t).TokenRef()

	text := func(in any) string { return string(must(json.Marshal(in))(t)) }
	person := registertest.IdentityRecord("23 1234-5678901", "Another@example.com")
	person.PIIPrincipal.Address.AddressLine2 = new("Flat 2")
	person.PIIPrincipal.Address.County = new("Lancashire")
	line := registerclient.ImportLine{
		ImportReference: "crm-1",
		IdentityRecord:  new(person),
		AccessRecord:    fullAccessRecord(nil),
	}
	change := registerclient.UpdateIdentityRecordRequest{
		Email:                 new("other@example.com"),
		PrincipalVerification: person.PrincipalVerification,
		PIIPrincipal: &registerclient.PIIPrincipalChange{
			MoveInDate: "2022-07-01",
			Address:    person.PIIPrincipal.Address,
		},
	}
	person.InitiatePasskeyRegistration = true
	person.PasskeyReturnURL = new(seedReturnURL)
	next := nextCursor(t, r, "/records", owner)
	filter := "state=ACTIVE&legal-basis=uk-consent"
	magicLinkBody := `"method":"magic-link","redirect-url":"` + seedReturnURL + `","match-code":true,"language":"cy"}`
	passkeyBody := `"method":"passkey-assert","passkey-return-url":"` + seedReturnURL + `"}`

	return []seed{
		{operation: "GET /auth/token", credentials: basic("portal_ops", secretKey)},
		{
			operation:   "GET /identity-records",
			credentials: owner,
			query:       "mpxn=2312345678901&email=customer%40example.com",
		},
		{operation: "POST /identity-records", credentials: owner, body: text(person)},
		{operation: "GET /identity-records/exists", credentials: portal, query: "mpxn=2312345678901"},
		{
			operation:   "POST /identity-records/reidentify",
			credentials: portal,
			body:        `{"mpxn":"2312345678901",` + magicLinkBody,
		},
		{
			operation:   "POST /identity-records/reidentify",
			credentials: portal,
			body:        `{"mpxn":"2312345678901",` + passkeyBody,
		},
		{operation: "GET /identity-records/reidentify/:tokenRef", credentials: portal, parameters: token},
		{
			operation:   "POST /identity-records/reidentify/:tokenRef/complete",
			credentials: portal,
			parameters:  asserted,
			body:        `{"completion-code":"completion"}`,
		},
		{
			operation:   "POST /identity-records/reidentify/:tokenRef/sign-out",
			credentials: portal,
			parameters:  asserted,
		},
		{operation: "GET /identity-records/:ir", credentials: owner, parameters: ir},
		{operation: "PATCH /identity-records/:ir", credentials: owner, parameters: unmoved, body: text(change)},
		{
			operation:   "POST /identity-records/:ir/re-identify",
			credentials: owner,
			parameters:  ir,
			body:        `{` + magicLinkBody,
		},
		{
			operation:   "GET /identity-records/:ir/re-identify/:tokenRef",
			credentials: owner,
			parameters:  ir + "/" + own,
		},
		{
			operation:   "DELETE /identity-records/:ir/credentials/:credentialId",
			credentials: owner,
			parameters:  ir + "/cred_" + ir[3:],
		},
		{operation: "DELETE /identity-records/:ir", credentials: owner, parameters: forgotten},

		{operation: "POST /access-records", credentials: owner, body: text(fullAccessRecord(&ir))},
		{
			operation:   "POST /access-records",
			credentials: owner,
			body:        text(registertest.AccessRecord(ir, registerclient.BasisContract)),
		},
		{operation: "POST /access-records/batch", credentials: owner, body: text(line)},
		{operation: "GET /access-records/:ak", credentials: portal, parameters: ak},
		{
			operation:   "PUT /access-records/:ak",
			credentials: owner,
			parameters:  ak,
			body:        text(fullAccessRecord(&ir)),
		},
		{
			operation:   "DELETE /access-records/:ak",
			credentials: owner,
			parameters:  ended,
			query:       "reason=contract-ended",
		},
		{
			operation:   "GET /meter-points/:mpxn/access-records",
			credentials: portal,
			parameters:  registertest.MeterPoint,
			query:       filter + "&reidentification-token=" + token,
		},
		{
			operation:   "GET /meter-points/:mpxn/access-records",
			credentials: owner,
			parameters:  "23-1234 5678901",
			query:       filter + next,
		},
		{
			operation:   "GET /meter-points/:mpxn/readings",
			credentials: portal,
			parameters:  registertest.MeterPoint,
			query:       "kind=customer-list" + next + "&reidentification-token=" + used,
		},
		{
			operation:   "DELETE /access-records/:ak",
			credentials: portal,
			parameters:  ak,
			query:       "reason=customer-request&erasure-requested=true&reidentification-token=" + used,
		},
		{
			operation:   "GET /access-records/:ak/notice",
			credentials: portal,
			parameters:  ak,
			query:       "reidentification-token=" + used,
		},
		{operation: "GET /records", credentials: owner, query: filter + next},
		{
			operation:   "GET /records",
			credentials: owner,
			query: "mpxn=2312345678901&controller-reference=REF-1&changed-since=2026-01-01T00:00:00Z" +
				"&" + filter + next,
		},

		{operation: "GET /webhooks", credentials: owner},
		{
			operation:   "POST /webhooks",
			credentials: owner,
			body: `{"callback-url":"https://example.com/x","alert-email":"a@example.com",` +
				`"notify-days-before":30,"event-types":["tenancy.change"]}`,
		},
		{
			operation:   "PATCH /webhooks/:wid",
			credentials: owner,
			parameters:  wid,
			body: `{"callback-url":"https://example.com/y","alert-email":"b@example.com",` +
				`"notify-days-before":90,"event-types":["tenancy.change"],"rotate-secret":true}`,
		},
		{
			operation:   "GET /webhooks/:wid/deliveries",
			credentials: owner,
			parameters:  wid,
			query:       "status=delivered&limit=1",
		},
		{
			operation:   "GET /webhooks/:wid/deliveries",
			credentials: owner,
			parameters:  wid,
			query:       "status=delivered" + next,
		},
		{operation: "POST /webhooks/:wid/test", credentials: owner, parameters: wid},
		{
			operation:   "POST /webhooks/:wid/deliveries/:eventId/redeliver",
			credentials: owner,
			parameters:  wid + "/" + eventID,
		},
		{operation: "DELETE /webhooks/:wid", credentials: owner, parameters: wid},
	}
}

// adminSeeds are the seeds of reports of the DCC, accounts and administration.
func adminSeeds(t testing.TB, r *registertest.Register, accounts seedAccounts) []seed {
	t.Helper()
	admin := accounts.admin
	var cots []string
	for _, day := range []string{"2027-01-01", "2027-01-03"} {
		report := `{"mpxn":"2312345678901","effective-date":"` + day + `","source-reference":"COT-0"}`
		post(t, r.URL+"/cot-events", accounts.dcc, report)
		changes := get(t, r.URL+"/admin/cot-events?mpxn="+registertest.MeterPoint, admin).body["changes-of-tenancy"]
		cots = append(cots, changes.([]any)[0].(map[string]any)["cot"].(string))
	}
	dispute(t, r, "2027-01-03")
	self := get(t, r.URL+"/self", accounts.owner).body["account"].(map[string]any)
	records := get(t, r.URL+"/records", accounts.owner).body["records"].([]any)

	contacts := must(r.ClientWith(t, "admin_ops", secretKey).ListContacts(t.Context(), registertest.MeterPoint))(t)
	address := slices.IndexFunc(contacts.Contacts, func(c registerclient.Contact) bool {
		return c.Address != nil // a seed before deletes the passkey
	})
	contact := contacts.Contacts[address].Contact
	raiseAlarms(t, r)
	alarmPage := strings.TrimPrefix(nextCursor(t, r, "/admin/alarms", admin), "&")
	approvals := askForAdministrators(t, r)
	const cause = `{"cause":"failure"}`

	return []seed{
		{
			operation:   "POST /discovered-access",
			credentials: accounts.dcc,
			body:        string(must(json.Marshal(sighting("SEC-OU-00429")))(t)),
		},
		{
			operation:   "POST /cot-events",
			credentials: accounts.dcc,
			body:        `{"mpxn":"2312345678901","effective-date":"2027-01-02","source-reference":"COT-1"}`,
		},
		{operation: "GET /admin/cot-events", credentials: admin, query: "mpxn=2312345678901"},
		{operation: "POST /admin/cot-events/:cot/withdraw", credentials: admin, parameters: cots[0]},
		{operation: "POST /admin/cot-events/:cot/uphold", credentials: admin, parameters: cots[1]},

		{operation: "GET /admin/contacts", credentials: admin, query: "mpxn=2312345678901"},
		{
			operation:   "POST /admin/contacts/:contact/set-aside",
			credentials: admin,
			parameters:  contact,
			body:        `{"reason":"unknown"}`,
		},
		{
			operation:   "POST /admin/contacts/:contact/restore",
			credentials: admin,
			parameters:  contact,
			body:        `{"reason":"known after all"}`,
		},
		{operation: "GET /admin/alarms", credentials: admin, query: alarmPage},

		{operation: "GET /admin/webhooks", credentials: admin},
		{operation: "GET /data-users/:duid", credentials: accounts.owner, parameters: self["duid"].(string)},
		{operation: "GET /self", credentials: accounts.portal},
		{
			operation:   "PUT /self/return-urls",
			credentials: accounts.returns,
			body: `{"return-urls":["https://example.org/a","http://localhost:8080/b"],` +
				`"current-secret":"` + secretKey + `"}`,
		},
		{operation: "GET /admin/stats", credentials: admin},
		{operation: "GET /admin/accounts", credentials: admin},
		{
			operation:   "POST /admin/accounts",
			credentials: admin,
			body: `{"account-id":"new_one","secret-key":"` + secretKey + `","duid":"duid_0123456789abcdef01234567",` +
				`"display-name":"New","role":"data_user","contact-url":"https://example.org/c",` +
				`"data-types":["HH-EXPORT"],"organisation-reference":"SEC-OU-1",` +
				`"return-urls":["https://example.org/a"]}`,
		},
		{
			operation:   "PATCH /admin/accounts/:accountId",
			credentials: admin,
			parameters:  "victim",
			body: `{"display-name":"Renamed","contact-url":"https://example.org/help",` +
				`"organisation-reference":"SEC-OU-2","data-types":["HH-EXPORT"]}`,
		},
		{operation: "GET /admin/approvals", credentials: admin, query: "limit=1&cursor=" + approvals.cursor},
		{operation: "POST /admin/approvals/:approval/approve", credentials: admin, parameters: approvals.first},
		{operation: "POST /admin/approvals/:approval/refuse", credentials: admin, parameters: approvals.second},
		{
			operation:   "POST /admin/accounts/:accountId/suspend",
			credentials: admin,
			parameters:  "victim",
			body:        cause,
			optional:    true,
		},
		{operation: "POST /admin/accounts/:accountId/reactivate", credentials: admin, parameters: "victim"},
		{
			operation:   "POST /admin/accounts/:accountId/terminate",
			credentials: admin,
			parameters:  "victim",
			body:        cause,
			optional:    true,
		},
		{
			operation:   "GET /admin/records",
			credentials: admin,
			query: "q=2312345678901&state=ACTIVE&legal-basis=uk-consent" +
				nextCursor(t, r, "/records", accounts.owner),
		},
		{
			operation:   "GET /admin/audit",
			credentials: admin,
			query: "account_id=bright_energy&event_type=record.created&mpxn=2312345678901&ak=" +
				records[0].(map[string]any)["ak"].(string) + nextCursor(t, r, "/admin/audit", admin),
		},
		{operation: "GET /openapi.yaml"},
		{
			operation:   "POST /self/rotate-secret",
			credentials: accounts.rotates,
			body:        `{"current-secret":"` + secretKey + `"}`,
		},
	}
}

// askedApprovals are two requests that wait for a second administrator, and the cursor behind the newer one.
type askedApprovals struct{ first, second, cursor string }

// askForAdministrators makes another administrator ask for two accounts of administrators.
func askForAdministrators(t testing.TB, r *registertest.Register) askedApprovals {
	t.Helper()
	other := bearer(t, r, "admin_other", registerclient.RoleAdmin)
	ask := func(id string) string {
		body := `{"account-id":"` + id + `","role":"admin","display-name":"x"}`

		return post(t, r.URL+"/admin/accounts", other, body).header.Get("X-DAR-Approval")
	}
	asked := askedApprovals{first: ask("admin_three"), second: ask("admin_four")}
	page := get(t, r.URL+"/admin/approvals?limit=1", other)
	asked.cursor = page.body["next-cursor"].(string)

	return asked
}

// raiseAlarms stores an alarm of each kind about bright_energy.
func raiseAlarms(t testing.TB, r *registertest.Register) {
	t.Helper()
	now := r.Clock.Now()
	err := r.Store.Transact(t.Context(), func(tx *store.Tx) error {
		for _, kind := range []string{store.AlarmObjections, store.AlarmFirstContacts} {
			_, err := tx.InsertAlarm(t.Context(), store.Alarm{
				ID:        rules.NewID("alm"),
				AccountID: "bright_energy",
				Kind:      kind,
				Day:       store.LondonDay(now, 0),
				RaisedAt:  store.Millis(now),
			})
			if err != nil {
				return err
			}
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// nextCursor reads the first page of a list, and returns the query of the next.
func nextCursor(t testing.TB, r *registertest.Register, path, credentials string) string {
	t.Helper()
	cursor, _ := get(t, r.URL+path+"?limit=1", credentials).body["next-cursor"].(string)

	return "&limit=1&cursor=" + cursor
}
