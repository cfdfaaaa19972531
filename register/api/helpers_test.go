package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
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
