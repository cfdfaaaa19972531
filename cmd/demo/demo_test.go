package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// demo runs the demonstration until the test ends, or stop is called, and answers where it stands.
func demo(t *testing.T, o options) (base string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan struct{})
	o.addr = "localhost:0"
	o.around = func(next http.Handler) http.Handler { return registertest.CheckAnswers(t, register.OpenAPI, next) }
	go func() {
		writer.CloseWithError(runDemo(ctx, o, writer, slog.New(slog.DiscardHandler)))
		close(ended)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	buffer := make([]byte, 4096)
	n, err := reader.Read(buffer)
	if err != nil {
		t.Fatalf("the demonstration did not start: %v", err)
	}

	return regexp.MustCompile(`http://localhost:\d+`).FindString(string(buffer[:n])), stop
}

func call(t *testing.T, method, address, authorization, body string) (int, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}

	request.Header.Set("Authorization", authorization)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}

	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}

	defer response.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}

	return response.StatusCode, answer
}

// The five steps of a portal operator, as published, with nothing but HTTP.
func TestFiveStepsAgainstTheDemonstration(t *testing.T) {
	t.Parallel()
	base, _ := demo(t, options{dataDir: t.TempDir(), reidentification: "stub"})
	api := base + "/v1"
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, api+"/auth/token", nil)
	request.SetBasicAuth("portal_ops", "portal-secret-demo")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}

	defer response.Body.Close()
	var token registerclient.BearerToken
	if err := json.NewDecoder(response.Body).Decode(&token); err != nil || token.Expires != 7200 {
		t.Fatalf("token: %v, expires %d", err, token.Expires)
	}

	bearer := "Bearer " + token.Token

	status, exists := call(t, http.MethodGet, api+"/identity-records/exists?mpxn=2312345678901", bearer, "")
	if status != http.StatusOK || exists["exists"] != true ||
		!slices.Contains(exists["available-methods"].([]any), any("magic-link")) {
		t.Fatalf("exists: %d %v", status, exists)
	}

	status, started := call(
		t,
		http.MethodPost,
		api+"/identity-records/reidentify",
		bearer,
		`{"mpxn":"2312345678901","method":"magic-link"}`,
	)
	if status != http.StatusOK {
		t.Fatalf("reidentify: %d %v", status, started)
	}

	link := started["magic-link"].(map[string]any)
	if link["dispatched-to"] != "d*****r@example.com" || started["passkey"] != nil {
		t.Errorf("reidentify: %v", started)
	}

	ref := link["token-ref"].(string)
	if status, poll := call(
		t,
		http.MethodGet,
		api+"/identity-records/reidentify/"+ref,
		bearer,
		"",
	); status != http.StatusOK ||
		poll["status"] != "confirmed" {
		t.Fatalf("poll: %d %v", status, poll)
	}

	status, list := call(
		t,
		http.MethodGet,
		api+"/meter-points/2312345678901/access-records?reidentification-token="+ref,
		bearer,
		"",
	)
	if status != http.StatusOK {
		t.Fatalf("list: %d %v", status, list)
	}

	var rows []string
	for _, one := range list["access-records"].([]any) {
		record := one.(map[string]any)
		name, _ := record["lead-controller-name"].(string)
		expiry, _ := record["expiry"].(string)
		basis, _ := record["legal-basis"].(string)
		if seen, ok := record["discovered-access"].(map[string]any); ok {
			name = seen["organisation-name"].(string) + " " + seen["organisation-reference"].(string) + " " + seen["first-seen"].(string) + " " + seen["last-seen"].(string)
		}

		rows = append(
			rows,
			strings.TrimSpace(strings.Join([]string{name, record["state"].(string), basis, expiry}, " ")),
		)
	}

	slices.Sort(rows)
	want := []string{
		"Acme Energy Services Ltd SEC-OU-00429 2024-06-01 2026-02-28 DISCOVERED",
		"Bright Energy Ltd ACTIVE uk-consent 2027-11-10T17:07:01Z",
		"GreenSwitch Analytics EXPIRED uk-consent 2024-03-03T00:00:00Z",
		"Northern Networks plc ACTIVE uk-public-task",
		"OctopusFlux Ltd ACTIVE uk-consent 2028-01-14T00:00:00Z",
	}
	// By the real clock, which the demonstration runs on, Bright Energy's permission ends on 10 November 2027.
	for i := range rows {
		rows[i] = strings.Replace(rows[i], "Ltd EXPIRED uk-consent", "Ltd ACTIVE uk-consent", 1)
	}
	if !slices.Equal(rows, want) {
		t.Errorf("rows\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
}

func TestDemonstrationDataIsWrittenOnceAndSurvivesARestart(t *testing.T) {
	t.Parallel()
	o := options{dataDir: t.TempDir(), reidentification: "stub"}
	count := func(base string) (identities, records int) {
		for _, c := range customers {
			client, err := clientOf(base+"/v1", c.account)
			if err != nil {
				t.Fatal(err)
			}

			found, err := client.LookupIdentityRecords(
				t.Context(),
				registerclient.LookupIdentityRecordsQuery{MPxN: meterPoint},
			)
			if err != nil {
				t.Fatal(err)
			}

			list, err := client.ListAccessRecords(t.Context(), meterPoint, registerclient.ListAccessRecordsQuery{})
			if err != nil {
				t.Fatal(err)
			}

			identities, records = identities+len(found.IdentityRecords), records+len(list.AccessRecords)
		}

		return identities, records
	}
	base, stop := demo(t, o)
	all, err := theOperators()
	if err != nil {
		t.Fatal(err)
	}
	if err := seed(t.Context(), base, all); err != nil {
		t.Fatalf("a second time: %v", err)
	}

	stop()
	base, _ = demo(t, o)
	if identities, records := count(base); identities != 4 || records != 4 {
		t.Errorf("%d identity records and %d access records, want 4 and 4", identities, records)
	}
}

func TestStubIsRefusedWhereOthersCouldReachIt(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", ":0"} {
		err := runDemo(
			t.Context(),
			options{addr: addr, dataDir: t.TempDir(), reidentification: "stub"},
			io.Discard,
			slog.New(slog.DiscardHandler),
		)
		if err == nil {
			t.Errorf("%s: accepted", addr)
		}
	}
}
