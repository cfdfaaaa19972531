package handlers

import (
	"net/http"
	"strings"
	"testing"
)

const (
	onMac     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/"
	onPhone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	onAndroid = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
	onWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
)

// A browser is named as its owner knows it. What is not known is not named.
func TestBrowserFamily(t *testing.T) {
	t.Parallel()
	for userAgent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox",
		onPhone + "FxiOS/140.0 Mobile/15E148 Safari/605.1.15":                    "Firefox",
		onWindows + "Chrome/138.0.0.0 Safari/537.36":                             "Chrome",
		onPhone + "CriOS/138.0.7204.53 Mobile/15E148 Safari/604.1":               "Chrome",
		onAndroid + "Chrome/138.0.0.0 Mobile Safari/537.36":                      "Chrome",
		onWindows + "Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0":               "Edge",
		onAndroid + "Chrome/138.0.0.0 Mobile Safari/537.36 EdgA/138.0.0.0":       "Edge",
		onPhone + "Version/18.0 EdgiOS/138.0.0.0 Mobile/15E148 Safari/605.1.15":  "Edge",
		onWindows + "Chrome/138.0.0.0 Safari/537.36 OPR/120.0.0.0":               "Opera",
		onAndroid + "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36":  "Samsung Internet",
		onMac + "605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15":      "Safari",
		onPhone + "Version/18.5 Mobile/15E148 Safari/604.1":                      "Safari",
		onPhone + "Version/18.5 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15":      "DuckDuckGo",
		onWindows + "HeadlessChrome/138.0.0.0 Safari/537.36":                     "Chrome",
		"Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko":         "Internet Explorer",
		onPhone + "Mobile/15E148 [FBAN/FBIOS;FBAV/500.0]":                        "",
		"curl/8.5.0": "",
		"":           "",
		"Your bank asks you to press yes, call 0800 123456":          "",
		strings.Repeat("Firefox", 1000):                              "",
		"<script>alert(1)</script> Firefox/1 \r\nX-Header: injected": "Firefox",
	} {
		if got := browserFamily(userAgent); got != want {
			t.Errorf("%q is %q, want %q", userAgent, got, want)
		}
	}
}

// The register is told the family of the browser in which the customer has started. On an adviser's page that is not
// the customer's, and would tell the customer nothing.
func TestStartedFrom(t *testing.T) {
	t.Parallel()
	w := newAdvisedWorld(t)
	b := w.browser(t)
	b.header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	b.prove()
	if sent := w.wire.challengeRequest(); !strings.Contains(sent, `"started-from":"Firefox"`) ||
		strings.Contains(sent, "140") || strings.Contains(sent, "Linux") {
		t.Errorf("the register got %s", sent)
	}

	unknown := w.browser(t)
	unknown.header.Set("User-Agent", "curl/8.5.0")
	unknown.prove()
	if sent := w.wire.challengeRequest(); strings.Contains(sent, "started-from") {
		t.Errorf("for an unknown browser the register got %s", sent)
	}

	adviser := w.adviser(t)
	adviser.header = http.Header{
		"User-Agent":      b.header["User-Agent"],
		"X-Forwarded-For": adviser.header["X-Forwarded-For"],
	}
	adviser.help()
	if sent := w.wire.challengeRequest(); strings.Contains(sent, "started-from") {
		t.Errorf("for an adviser the register got %s", sent)
	}
}
