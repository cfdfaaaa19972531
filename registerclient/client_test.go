package registerclient

import (
	"fmt"
	"strings"
	"testing"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := Options{BaseURL: "https://api.central.consent/v1", AccountID: "a", SecretKey: "s"}
	tests := []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"good", func(o *Options) {}, ""},
		{"loopback name", func(o *Options) { o.BaseURL = "http://localhost:5001/v1" }, ""},
		{"loopback address", func(o *Options) { o.BaseURL = "http://127.0.0.1:5001/v1" }, ""},
		{"loopback IPv6", func(o *Options) { o.BaseURL = "http://[::1]:5001/v1" }, ""},
		{"empty", func(o *Options) { o.BaseURL = "" }, "BaseURL"},
		{"relative", func(o *Options) { o.BaseURL = "/v1" }, "BaseURL"},
		{"no host", func(o *Options) { o.BaseURL = "https:///v1" }, "BaseURL"},
		{"opaque", func(o *Options) { o.BaseURL = "https:api" }, "BaseURL"},
		{"other scheme", func(o *Options) { o.BaseURL = "ftp://api.central.consent" }, "https"},
		{"http", func(o *Options) { o.BaseURL = "http://api.central.consent/v1" }, "loopback"},
		{"http, loopback look-alike", func(o *Options) { o.BaseURL = "http://localhost.example.com/v1" }, "loopback"},
		{"password", func(o *Options) { o.BaseURL = "https://u:canary@api.central.consent" }, "user"},
		{"query", func(o *Options) { o.BaseURL = "https://api.central.consent/v1?canary" }, "query"},
		{"fragment", func(o *Options) { o.BaseURL = "https://api.central.consent/v1#canary" }, "fragment"},
		{"unparsable", func(o *Options) { o.BaseURL = "https://canary\x7f" }, "BaseURL"},
		{"no account", func(o *Options) { o.AccountID = "" }, "AccountID"},
		{"colon", func(o *Options) { o.AccountID = "a:canary" }, "AccountID"},
		{"no secret", func(o *Options) { o.SecretKey = "" }, "SecretKey"},
		{"negative timeout", func(o *Options) { o.Timeout = -1 }, "Timeout"},
	}
	for _, test := range tests {
		options := good
		test.change(&options)
		_, err := New(options)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, want an error that names %s", test.name, err, test.want)
		case err != nil && strings.Contains(err.Error(), "canary"):
			t.Errorf("%s: the error shows the value: %v", test.name, err)
		}
	}
}

func TestClientPrintsNoSecret(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, respondEmptyObject)
	c := f.client(t)
	if _, err := c.IdentityRecordExists(t.Context(), testMPxN); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%s", "%#v"} {
		if text := fmt.Sprintf(format, c); strings.Contains(text, testSecret) || strings.Contains(text, testBearer) {
			t.Errorf("%s shows a secret: %s", format, text)
		}
	}
}
