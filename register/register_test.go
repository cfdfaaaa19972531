package register_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"

	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// TestMain demands that each operation of the document has a test, of a whole run.
func TestMain(m *testing.M) {
	// Before any test uses it: those that call a thousand times at once keep their connections.
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 1000
	code := m.Run()
	if whole := flag.Lookup("test.run").Value.String() == "" &&
		flag.Lookup("test.fuzz").Value.String() == ""; whole &&
		code == 0 {
		untested, err := registertest.Unexercised(register.OpenAPI)
		if err != nil || len(untested) > 0 {
			fmt.Fprintln(os.Stderr, "operations of openapi.yaml without a test:", untested, err)
			code = 1
		}
	}

	os.Exit(code)
}

// answer is what came back over the wire, read without the client, which would hide a misspelt member.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

func (a answer) code() string {
	errors, _ := a.body["errors"].([]any)
	if len(errors) == 0 {
		return ""
	}
	return errors[0].(map[string]any)["error-code"].(string)
}

// fields are those that the errors name.
func (a answer) fields() string {
	var names []string
	errors, _ := a.body["errors"].([]any)
	for _, one := range errors {
		field, _ := one.(map[string]any)["field"].(string)
		names = append(names, field)
	}

	return strings.Join(names, " ")
}

// send makes one request; authorization is a whole header, or empty.
func send(t testing.TB, method, url, authorization, contentType string, body []byte) answer {
	t.Helper()
	header := http.Header{}
	if authorization != "" {
		header.Set("Authorization", authorization)
	}
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}

	return sendWith(t, method, url, header, body)
}

func sendWith(t testing.TB, method, url string, header http.Header, body []byte) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}

	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}

	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}

	a := answer{status: response.StatusCode, header: response.Header}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(text, &a.body); err != nil {
			t.Fatalf("%s %s: the answer is not JSON: %v", method, url, err)
		}
	}

	return a
}

func get(t testing.TB, url, authorization string) answer {
	t.Helper()
	return send(t, http.MethodGet, url, authorization, "", nil)
}

func post(t testing.TB, url, authorization, body string) answer {
	t.Helper()
	return send(t, http.MethodPost, url, authorization, "application/json", []byte(body))
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

const secretKey = "a secret that is long enough to do"

// bearer opens an account and answers its Authorization header.
func bearer(t testing.TB, r *registertest.Register, id string, role registerclient.Role) string {
	t.Helper()
	r.ClientOf(t, registerclient.CreateAccountRequest{AccountID: id, SecretKey: secretKey, Role: role})
	return renew(t, r, id)
}

// renew fetches a new token for an account that bearer opened.
func renew(t testing.TB, r *registertest.Register, id string) string {
	t.Helper()
	a := get(t, r.URL+"/auth/token", basic(id, secretKey))
	if a.status != http.StatusOK {
		t.Fatalf("token: %d %v", a.status, a.body)
	}

	return "Bearer " + a.body["bearer-token"].(string)
}

func expect(t testing.TB, a answer, status int, code string) {
	t.Helper()
	if a.status != status || a.code() != code {
		t.Fatalf("got %d %q %v, want %d %q", a.status, a.code(), a.body["errors"], status, code)
	}
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func TestUnknownRoutesAndWrongMethodsAnswerInTheEnvelope(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	expect(t, get(t, r.URL+"/nowhere", ""), http.StatusNotFound, "NOT001")
	expect(t, get(t, strings.TrimSuffix(r.URL, "/v1")+"/", ""), http.StatusNotFound, "NOT001")
	if a := get(t, r.URL+"/openapi.yaml", ""); a.status != http.StatusOK {
		t.Errorf("the document itself: %d", a.status)
	}

	a := post(t, r.URL+"/auth/token", "", "{}")
	expect(t, a, http.StatusMethodNotAllowed, "ERR000")
	if a.header.Get("Allow") == "" {
		t.Error("the answer does not say which methods are allowed")
	}

	for path, allowed := range map[string]string{"/auth/token": "GET", "/identity-records": "GET, POST"} {
		a := send(t, http.MethodOptions, r.URL+path, "", "", nil)
		expect(t, a, http.StatusMethodNotAllowed, "ERR000")
		if got := a.header.Get("Allow"); got != allowed {
			t.Errorf("OPTIONS %s allows %q, want %q", path, got, allowed)
		}
	}

	expect(t, send(t, http.MethodOptions, r.URL+"/nowhere", "", "", nil), http.StatusNotFound, "NOT001")
	envelope := a.body["response"].(map[string]any)
	if envelope["resource"] != "/v1/auth/token" || !strings.HasPrefix(envelope["transaction-id"].(string), "tid_") {
		t.Errorf("envelope %v", envelope)
	}
}

func TestEachRoleReachesItsOwnOperationsAlone(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	tokens := map[registerclient.Role]string{}
	for _, role := range []registerclient.Role{"data_user", "data_provider", "dcc", "admin", "portal"} {
		tokens[role] = bearer(t, r, "account_"+string(role), role)
	}

	for _, o := range []struct{ method, path, roles string }{
		{"GET", "/identity-records", "data_user"},
		{"POST", "/identity-records", "data_user"},
		{"GET", "/identity-records/exists", "data_user portal"},
		{"POST", "/identity-records/reidentify", "data_user portal"},
		{"GET", "/identity-records/reidentify/mlr_0123456789abcdef01234567", "data_user portal"},
		{"GET", "/identity-records/ir_0123456789abcdef01234567", "data_user"},
		{"DELETE", "/identity-records/ir_0123456789abcdef01234567", "data_user"},
		{"DELETE", "/identity-records/ir_0123456789abcdef01234567/credentials/cred_0123456789abcdef01234567", "data_user"},
		{"POST", "/identity-records/ir_0123456789abcdef01234567/re-identify", "data_user"},
		{"GET", "/identity-records/ir_0123456789abcdef01234567/re-identify/mlr_0123456789abcdef01234567", "data_user"},
		{"POST", "/cot-events", "dcc"},
		{"GET", "/admin/cot-events", "admin"},
		{"POST", "/admin/cot-events/cot_0123456789abcdef01234567/withdraw", "admin"},
		{"POST", "/access-records", "data_user"},
		{"DELETE", "/access-records/ak_0123456789abcdef01234567", "data_user portal"},
		{"GET", "/meter-points/2312345678901/access-records", "data_user portal"},
		{"POST", "/discovered-access", "dcc"},
		{"POST", "/admin/accounts", "admin"},
	} {
		expect(
			t,
			send(t, o.method, r.URL+o.path, "", "application/json", []byte("{}")),
			http.StatusUnauthorized,
			"AUTH001",
		)
		expect(
			t,
			send(t, o.method, r.URL+o.path, "Bearer nonsense", "application/json", []byte("{}")),
			http.StatusUnauthorized,
			"AUTH002",
		)
		for role, token := range tokens {
			a := send(t, o.method, r.URL+o.path, token, "application/json", []byte("{}"))
			if refused := a.code() == "AUTH003"; refused == strings.Contains(o.roles, string(role)) {
				t.Errorf("%s %s as %s: %d %q", o.method, o.path, role, a.status, a.code())
			}
		}
	}
}

func TestNewRefusesWhatWouldBeUnsafeAllAtOnce(t *testing.T) {
	t.Parallel()
	keys := must(register.NewKeyring(register.GenerateKey("a")))(t)
	for _, test := range []struct {
		name    string
		options register.Options
		want    []string
	}{
		{"nothing", register.Options{}, []string{"store", "keyring", "public URL"}},
		{"a stub for the world", register.Options{Store: &store.Store{}, Keys: keys, Stub: true, PublicURL: "https://id.central.consent"}, []string{"stubbed"}},
		{"a stub by plain http", register.Options{Store: &store.Store{}, Keys: keys, Stub: true, PublicURL: "http://192.168.1.5"}, []string{"https", "stubbed"}},
		{"a password in the URL", register.Options{Store: &store.Store{}, Keys: keys, PublicURL: "https://a:b@id.central.consent"}, []string{"no user"}},
		{"a path in the URL", register.Options{Store: &store.Store{}, Keys: keys, PublicURL: "https://id.central.consent/v1"}, []string{"no path"}},
		{"a query in the URL", register.Options{Store: &store.Store{}, Keys: keys, PublicURL: "https://id.central.consent?"}, []string{"query"}},
		{"a fragment in the URL", register.Options{Store: &store.Store{}, Keys: keys, PublicURL: "https://id.central.consent#"}, []string{"fragment"}},
		{"a name that only looks local", register.Options{Store: &store.Store{}, Keys: keys, Stub: true, PublicURL: "https://localhost.example.com"}, []string{"stubbed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := register.New(test.options)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}

	var log bytes.Buffer
	_, err := register.New(register.Options{
		Store:     &store.Store{},
		Keys:      keys,
		Stub:      true,
		PublicURL: "http://127.0.0.1:5001",
		Log:       slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil || !strings.Contains(log.String(), "STUBBED") {
		t.Errorf("a stub on loopback: error %v, log %q", err, log.String())
	}
}

func TestNothingPersonalOrSecretIsLogged(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := r.Client(t, registerclient.RoleDataUser)
	portal := bearer(t, r, "portal_ops", registerclient.RolePortal)
	record := registertest.IdentityRecord(registertest.MeterPoint, "canary@example.com")
	must(owner.CreateIdentityRecord(t.Context(), record))(t)
	started := post(t, r.URL+"/identity-records/reidentify", portal, `{"mpxn":"2312345678901","method":"magic-link"}`)
	token := started.body["magic-link"].(map[string]any)["token-ref"].(string)
	get(t, r.URL+"/identity-records/reidentify/"+token, portal)
	get(t, r.URL+"/meter-points/2312345678901/access-records?reidentification-token="+token, portal)
	get(t, r.URL+"/meter-points/2312345678901/access-records?reidentification-token="+token, portal)
	get(t, r.URL+"/identity-records/exists?mpxn=2312345678901&canary@example.com=1", portal)
	get(t, r.URL+"/auth/token", basic("portal_ops", "a wrong canary"))
	log := r.Log.String()
	if !strings.Contains(log, `"route":"/v1/meter-points/:mpxn/access-records"`) {
		t.Fatalf("the requests were not logged:\n%s", log)
	}
	for _, canary := range []string{registertest.MeterPoint, "canary", token, strings.TrimPrefix(portal, "Bearer "), "Acacia"} {
		if strings.Contains(log, canary) {
			t.Errorf("the log holds %q", canary)
		}
	}
}
