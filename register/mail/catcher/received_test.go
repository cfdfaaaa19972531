package catcher

import (
	"bytes"
	"strings"
	"testing"
)

func TestPartsAreDecoded(t *testing.T) {
	t.Parallel()

	c := start(t, Options{})
	letter := strings.ReplaceAll(`Subject: =?utf-8?q?Cod_=C5=B5?=
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

dolen=3Dhir, t=C5=B7
--x
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+dMW3PC9wPg==
--x--
`, "\n", "\r\n")
	if err := post(c, "a@example.com", letter); err != nil {
		t.Fatal(err)
	}

	got := c.Messages()[0]
	if got.Subject != "Cod ŵ" || got.Text != "dolen=hir, tŷ" || got.HTML != "<p>tŷ</p>" ||
		!bytes.Equal(got.Raw, []byte(letter)) {
		t.Errorf("got %q, %q, %q", got.Subject, got.Text, got.HTML)
	}
	if err := post(c, "a@example.com", "no header at all"); err == nil {
		t.Error("a letter without a header was accepted")
	}
}
