package handlers

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Only a browser can show that the form's redirect may lead to another site, and that the session's cookie comes along
// when that site sends the browser back. The other site stands in for the register's passkey page.
func TestPasskeyBetweenTwoSites(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no Chromium to test the way to the passkey and back in")
		}
		t.Skip("there is no Chromium")
	}

	w := newPasskeyWorld(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /id/passkey/assert", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(
			rw,
			`<title>Passkey</title><p>From %s</p><form method="post" action="/done"><button>Confirm</button></form>`,
			html.EscapeString(r.Referer()),
		)
	})
	mux.HandleFunc("POST /done", func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, w.server.URL+w.showPasskey(t), http.StatusSeeOther)
	})
	other := httptest.NewServer(mux)
	t.Cleanup(other.Close)
	// To a browser localhost and 127.0.0.1 are two sites.
	origin := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	w.wire.set(func(r *http.Request) *http.Response {
		if operationOf(r) != "reidentify" {
			return nil
		}

		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return nil
		}

		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return nil
		}

		w.wire.keepToken(string(body))
		body = bytes.ReplaceAll(body, []byte("http://localhost:5001"), []byte(origin))
		response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		response.Header.Del("Content-Length")

		return response
	}, nil)
	w.options.PasskeyOrigin = origin
	w.echo, w.server = w.newPortal(t)

	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	var referrer, title string
	var entries []*cdp.NavigationEntry
	err := chromedp.Run(
		ctx,
		chromedp.Navigate(w.server.URL+"/portal?"+url.Values{"mpxn": {w.meterPoint}, "return": {cameFrom}}.Encode()),
		chromedp.WaitVisible(
			`form[action="/portal/meter"] button`,
		),
		chromedp.Click(`main form[action="/portal/meter"] button`),
		chromedp.WaitVisible(`input[name=confirmed] ~ button`),
		chromedp.Click(`input[name=confirmed] ~ button`),
		chromedp.WaitVisible(
			`input[value=passkey-assert] ~ button`,
		),
		chromedp.Click(`input[value=passkey-assert] ~ button`),
		chromedp.WaitVisible(`form[action="/done"] button`),
		chromedp.Text("p", &referrer),
		chromedp.Click("button"),
		chromedp.WaitVisible("#answer"),
		chromedp.Title(&title),
		chromedp.ActionFunc(func(ctx context.Context) (err error) {
			_, entries, err = cdp.GetNavigationHistory().Do(ctx)
			return err
		}),
	)
	if err != nil {
		t.Fatalf("%v; at %s", err, title)
	}
	if referrer != "From" {
		t.Errorf("the passkey page is told that the customer comes %s", referrer)
	}

	for _, entry := range entries {
		for _, canary := range []string{
			w.meterPoint,
			w.wire.tokenRef(),
			completionCode,
			"dar-",
			url.QueryEscape(cameFrom),
		} {
			if strings.Contains(entry.URL, canary) {
				t.Errorf("the history holds %s", entry.URL)
			}
		}
	}
}
