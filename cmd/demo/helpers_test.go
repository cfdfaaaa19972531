package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/smtp"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/register"
	"central.consent/dar/register/mail/catcher"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// demo runs the demonstration until the test ends or stop is called. It returns the address at which it is.
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

// call sends a request to the register's API and returns the status and the JSON.
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
	if err = json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}

	return response.StatusCode, answer
}

// open opens a page as a browser does. It fails the test unless the page has this status.
func open(t *testing.T, browser *http.Client, address string, status int) (*http.Response, *goquery.Document) {
	t.Helper()
	response, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}

	return read(t, response, status)
}

// read parses a page. It fails the test unless the page has this status.
func read(t *testing.T, response *http.Response, status int) (*http.Response, *goquery.Document) {
	t.Helper()
	defer response.Body.Close()
	page, err := goquery.NewDocumentFromReader(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != status {
		t.Fatalf("%s answered %d, want %d: %s", response.Request.URL.Path, response.StatusCode, status, page.Text())
	}

	return response, page
}

func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}

	return &http.Client{Jar: jar}
}

// letterOf waits for a letter in the inbox and opens the newest.
func letterOf(t *testing.T, browser *http.Client, base string) (address string, letter *goquery.Document) {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		_, list := open(t, browser, base+inboxPath, http.StatusOK)
		if href, ok := list.Find("main h2 a").First().Attr("href"); ok {
			_, letter = open(t, browser, base+href, http.StatusOK)
			return base + href, letter
		}

		select {
		case <-t.Context().Done():
			t.Fatal("no letter came")
		case <-poll.C:
		}
	}
}

// caught serves the inbox of a catcher that has received these letters.
func caught(t *testing.T, letters ...string) *httptest.Server {
	t.Helper()
	c, err := catcher.Start(catcher.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = c.Close() })
	for _, letter := range letters {
		letter = strings.ReplaceAll(letter, "\n", "\r\n")
		err = smtp.SendMail(c.Addr(), nil, "sender@example.com", []string{"customer@example.com"}, []byte(letter))
		if err != nil {
			t.Fatal(err)
		}
	}

	server := httptest.NewServer(inbox(c))
	t.Cleanup(server.Close)

	return server
}

// publishedPortal is the account of the first operator.
func publishedPortal(t *testing.T) registerclient.CreateAccountRequest {
	t.Helper()
	list, err := loadOperators()
	if err != nil {
		t.Fatal(err)
	}

	return portalAccount(list[0])
}
