package handlers

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"central.consent/dar/static"
)

func TestOtherSitesCannotPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	records := b.signIn()
	path := records.withdrawPath(t)
	token := records.token(t)
	stranger := w.browser(t)
	strangersToken := stranger.start().token(t)
	handle := strings.Split(path, "/")[3]

	posts := 0
	for target, route := range w.routes(handle) {
		method, action, _ := strings.Cut(target, " ")
		if method != http.MethodPost {
			continue
		}

		posts++
		valid := url.Values{"token": {token}, "number": {trueMPAN}, "method": {"magic-link"}}
		for _, test := range []struct {
			name   string
			header http.Header
			form   url.Values
		}{
			{"cross-site", http.Header{"Sec-Fetch-Site": {"cross-site"}}, valid},
			{"same-site", http.Header{"Sec-Fetch-Site": {"same-site"}}, valid},
			{"an old browser on another site", http.Header{"Origin": {"https://evil.example"}}, valid},
			{"a sandboxed frame", http.Header{"Origin": {"null"}}, valid},
			{"another port", http.Header{"Origin": {"http://127.0.0.1:1"}}, valid},
			{"no token", nil, url.Values{"number": {"x"}}},
			{"an empty token", nil, url.Values{"token": {""}}},
			{"a wrong token", nil, url.Values{"token": {strings.ToLower(token)}}},
			{"a stranger's token", nil, url.Values{"token": {strangersToken}}},
			{"the token in the address", nil, nil},
			{"the token in JSON", http.Header{"Content-Type": {"application/json"}}, valid},
			{"the token in plain text", http.Header{"Content-Type": {"text/plain"}}, valid},
			{
				"the token in another charset",
				http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-16"}},
				valid,
			},
		} {
			if test.header.Get("Sec-Fetch-Site") == "" && test.header.Get("Origin") == "" &&
				route.Path == "/portal/meter" {
				continue // one of the two forms that are open to everybody
			}
			if route.Path == "/portal/leave" && test.header.Get("Sec-Fetch-Site") == "" &&
				test.header.Get("Origin") == "" && test.header.Get("Content-Type") == "" {
				continue // the other one: see TestLeave
			}

			b.header = http.Header{}
			maps.Copy(b.header, test.header)
			to := action
			if test.form == nil {
				to += "?token=" + token
			}

			want := http.StatusForbidden
			if test.header.Get("Content-Type") != "" {
				want = http.StatusUnsupportedMediaType
			}
			if p := b.post(to, test.form); p.StatusCode != want {
				t.Errorf("%s from %s: %d", action, test.name, p.StatusCode)
			}
		}
	}

	if posts != 9 {
		t.Errorf("%d forms, want 9: is a new one tested?", posts)
	}

	b.header = http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {b.base}}
	if got := b.get("/portal/records").withdrawPath(t); got != path {
		t.Error("something was changed")
	}

	b.post(path, url.Values{"token": {token}}).sendsTo(t, strings.TrimSuffix(path, "withdraw")+"withdrawn")
}

// The golden files hold the headers of every route: first those that all have, then those of each route. Run the test
// with -update after a change, and read the difference.
func TestHeaders(t *testing.T) {
	t.Parallel()
	for golden, secure := range map[string]bool{
		"testdata/headers-loopback.golden": false,
		"testdata/headers.golden":          true,
	} {
		t.Run(golden, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.browser(t)
			handle := strings.Split(b.signIn().withdrawPath(t), "/")[3]
			session := b.session()
			w.options.Secure = secure
			_, server := w.newPortal(t)
			b.base = server.URL
			// A jar would not send the cookies of https.
			b.Jar = nil
			b.header = http.Header{
				"Cookie":          {w.portal(t, ownPages).cookieName(sessionCookie) + "=" + session},
				"Accept-Encoding": {"gzip"},
			}

			snapshot(t, b, golden, handle, append(
				slices.Collect(maps.Keys(w.routes(handle))),
				"GET /portal/nowhere",
				"DELETE /portal",
				"GET /portal?lang=cy",
				"GET /portal/static/"+static.URL("portal.css"),
			))
		})
	}
}

// snapshot compares the response of each target with the golden file.
func snapshot(t *testing.T, b *browser, golden, handle string, targets []string) {
	t.Helper()
	slices.Sort(targets)
	answers := map[string][]string{}
	shared := map[string]int{}
	for _, target := range targets {
		method, path, _ := strings.Cut(target, " ")
		p := b.do(method, path, nil)
		lines := []string{"status " + p.Status}
		for header, values := range p.Header {
			switch header {
			case "X-Request-Id":
				values = []string{"..."}
			case "Date", "Content-Length":
				continue
			}

			line := header + ": " + strings.ReplaceAll(strings.Join(values, "\n    "), handle, ":handle")
			lines = append(lines, line)
			shared[line]++
		}

		answers[target] = lines
	}

	var got bytes.Buffer
	got.WriteString("every answer\n")
	for _, line := range slices.Sorted(maps.Keys(shared)) {
		if shared[line] == len(targets) {
			fmt.Fprintf(&got, "    %s\n", line)
		}
	}

	for _, target := range targets {
		fmt.Fprintf(
			&got,
			"%s\n",
			strings.NewReplacer(handle, ":handle", static.URL("portal.css"), "portal.css").Replace(target),
		)
		slices.Sort(answers[target])
		for _, line := range answers[target] {
			if shared[line] != len(targets) {
				fmt.Fprintf(&got, "    %s\n", line)
			}
		}
	}

	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("differs from %s; got\n%s", golden, got.String())
	}
}

func TestWebAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, raw, want string }{
		{"https", "https://bright-energy.com/contact", "https://bright-energy.com/contact"},
		{"http", "http://bright-energy.com/", "http://bright-energy.com/"},
		{"capitals", "HTTPS://bright-energy.com/", "https://bright-energy.com/"},
		{"a script", "javascript:alert(1)", ""},
		{"a script in disguise", "java\nscript:alert(1)", ""},
		{"a script with a host", "javascript://example.com/%0aalert(1)", ""},
		{"data", "data:text/html,<script>alert(1)</script>", ""},
		{"a password", "https://bank.example@evil.example/", ""},
		{"no scheme", "//evil.example/", ""},
		{"no host", "https:///path", ""},
		{"a path", "/portal/sign-out", ""},
		{"nothing", "", ""},
		{"broken", "https://%zz", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := linkable(test.raw); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
