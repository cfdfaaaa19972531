package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

var everyRole = []registerclient.Role{
	registerclient.RoleDataUser,
	registerclient.RoleDataProvider,
	registerclient.RoleDCC,
	registerclient.RoleAdmin,
	registerclient.RolePortal,
}

// TestMain fails a run of all tests if an operation of the document has none.
func TestMain(m *testing.M) {
	// Set before the first request, so that a test with a thousand requests at once keeps their connections.
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 1000
	code := m.Run()

	whole := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == ""
	if whole && code == 0 {
		untested, err := registertest.Unexercised(register.OpenAPI)
		if err != nil || len(untested) > 0 {
			fmt.Fprintln(os.Stderr, "operations of openapi.yaml without a test:", untested, err)
			code = 1
		}
	}

	os.Exit(code)
}

// reply is a response, read without the client: the client's types would hide a misspelt member.
type reply struct {
	status int
	header http.Header
	text   string
	body   map[string]any // of a JSON object
}

// code returns the code of the first error, empty if there is none.
func (a reply) code() string {
	refusals, _ := a.body["errors"].([]any)
	if len(refusals) == 0 {
		return ""
	}

	return refusals[0].(map[string]any)["error-code"].(string)
}

// message returns the message of the first error, empty if there is none.
func (a reply) message() string {
	refusals, _ := a.body["errors"].([]any)
	if len(refusals) == 0 {
		return ""
	}

	return refusals[0].(map[string]any)["message"].(string)
}

// fields returns the fields that the errors name, separated by spaces.
func (a reply) fields() string {
	var names []string
	refusals, _ := a.body["errors"].([]any)
	for _, refusal := range refusals {
		field, _ := refusal.(map[string]any)["field"].(string)
		names = append(names, field)
	}

	return strings.Join(names, " ")
}

// send makes a request. authorization is the whole header, or empty.
func send(t testing.TB, method, address, authorization, contentType string, body []byte) reply {
	t.Helper()
	header := http.Header{}
	if authorization != "" {
		header.Set("Authorization", authorization)
	}
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}
	if strings.Contains(address, "/admin/") {
		header.Set("X-DAR-Reason", registertest.Reason)
	}

	return sendWith(t, method, address, header, body)
}

// sendWith makes a request with a header.
func sendWith(t testing.TB, method, address string, header http.Header, body []byte) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(body))
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

	a := reply{status: response.StatusCode, header: response.Header, text: string(text)}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(text, &a.body); err != nil {
			t.Fatalf("%s %s: the response is not JSON: %v", method, address, err)
		}
	}

	return a
}

func get(t testing.TB, address, authorization string) reply {
	t.Helper()

	return send(t, http.MethodGet, address, authorization, "", nil)
}

func post(t testing.TB, address, authorization, body string) reply {
	t.Helper()

	return send(t, http.MethodPost, address, authorization, "application/json", []byte(body))
}

func put(t testing.TB, address, authorization, body string) reply {
	t.Helper()

	return send(t, http.MethodPut, address, authorization, "application/json", []byte(body))
}

// basic returns the Authorization header of an account's secret.
func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// secretKey is the secret of the accounts that bearer opens.
const secretKey = "a secret that is long enough to do"

// bearer opens an account, and returns the Authorization header of a bearer token.
func bearer(t testing.TB, r *registertest.Register, id string, role registerclient.Role) string {
	t.Helper()
	r.ClientOf(t, registerclient.CreateAccountRequest{AccountID: id, SecretKey: secretKey, Role: role})

	return renew(t, r, id)
}

// renew returns the Authorization header of a new token, for an account that bearer opened.
func renew(t testing.TB, r *registertest.Register, id string) string {
	t.Helper()
	a := get(t, r.URL+"/auth/token", basic(id, secretKey))
	if a.status != http.StatusOK {
		t.Fatalf("token: %d %v", a.status, a.body)
	}

	return "Bearer " + a.body["bearer-token"].(string)
}

// expect checks the status and the code of a response; an empty code means success.
func expect(t testing.TB, a reply, status int, code string) {
	t.Helper()
	if a.status != status || a.code() != code {
		t.Fatalf("got %d %q %v, want %d %q", a.status, a.code(), a.body["errors"], status, code)
	}
}

// must is registertest.Must.
func must[T any](value T, err error) func(testing.TB) T { return registertest.Must(value, err) }

// household is registertest.Household.
func household(t testing.TB, r *registertest.Register) (owner, portal *registerclient.Client, ir string) {
	t.Helper()

	return registertest.Household(t, r)
}

// start is registertest.Start.
func start(t testing.TB, c *registerclient.Client, method registerclient.Method) *registerclient.ReidentifyResponse {
	t.Helper()

	return registertest.Start(t, c, method)
}

// list is registertest.ListRecords.
func list(t testing.TB, c *registerclient.Client, token string) []registerclient.AccessRecordSummary {
	t.Helper()

	return registertest.ListRecords(t, c, token)
}

// create is registertest.CreateRecord.
func create(t testing.TB, c *registerclient.Client, ir string, basis registerclient.LegalBasis) string {
	t.Helper()

	return registertest.CreateRecord(t, c, ir, basis)
}

// audited is registertest.CountAudited.
func audited(t testing.TB, r *registertest.Register, eventType, mpxn string) int {
	t.Helper()

	return registertest.CountAudited(t, r, eventType, mpxn)
}

// revoke is registertest.Revoke.
func revoke(t testing.TB, c *registerclient.Client, ak string) {
	t.Helper()
	registertest.Revoke(t, c, ak)
}

// withdraw withdraws an access record by the authority of a token.
func withdraw(t testing.TB, portal *registerclient.Client, ak, token string) error {
	t.Helper()
	query := registerclient.RevokeAccessRecordQuery{ReidentificationToken: token}

	return errorOf(portal.RevokeAccessRecord(t.Context(), ak, query))
}

// identity is registertest.Identity.
func identity(t testing.TB, c *registerclient.Client, email string) string {
	t.Helper()

	return registertest.Identity(t, c, email)
}

// magicLink starts a challenge by a mailed link at MeterPoint, and returns its token.
func magicLink(t testing.TB, c *registerclient.Client) string {
	t.Helper()

	return start(t, c, registerclient.MethodMagicLink).TokenRef()
}

// errorOf returns the error of a call without its value.
func errorOf[T any](_ T, err error) error { return err }

func isNotFound(err error) bool { return errors.Is(err, registerclient.ErrNotFound) }

// recordByToken returns a valid access record of the customer who confirmed a token.
func recordByToken(basis registerclient.LegalBasis, token string) registerclient.AccessRecord {
	in := registertest.AccessRecord("", basis)
	in.RecordMetadata.IdentityRecordRef = nil
	in.ReidentificationToken = &token

	return in
}

// movedIn creates an identity record of a person who moved in on a day at MeterPoint, and returns its key.
func movedIn(t testing.TB, c *registerclient.Client, day registerclient.Date, email string) string {
	t.Helper()
	in := registertest.IdentityRecord(registertest.MeterPoint, email)
	in.PIIPrincipal.MoveInDate = day

	return must(c.CreateIdentityRecord(t.Context(), in))(t).IR
}
