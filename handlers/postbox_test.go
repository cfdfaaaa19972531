package handlers

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/mail/catcher"
	"central.consent/dar/register/registertest"
)

// postbox catches the letters of a register that sends mail.
type postbox struct {
	*catcher.Catcher
	w *world
}

func newMailWorld(t testing.TB) (*world, *postbox) {
	t.Helper()
	caught, err := catcher.Start(catcher.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { caught.Close() })
	w := newWorld(t, func(s *setting) { s.register = append(s.register, registertest.WithMailServer(caught.URL())) })

	return w, &postbox{caught, w}
}

// letter returns the n-th letter that arrives.
func (p *postbox) letter(t testing.TB, n int) catcher.Received {
	t.Helper()
	p.w.register.WorkOff(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	letters, err := p.Wait(ctx, n)
	if err != nil {
		t.Fatalf("letter %d: %v", n, err)
	}

	return letters[n-1]
}

var mailedLink = regexp.MustCompile(`http://localhost:5001(/id/link\?token=\S+)`)

// open opens the link of a letter in a browser of its own, like the customer's mail program.
func (p *postbox) open(t testing.TB, letter catcher.Received) *browser {
	t.Helper()
	found := mailedLink.FindStringSubmatch(letter.Text)
	if found == nil {
		t.Fatalf("no link in the letter:\n%s", letter.Text)
	}

	b := p.w.browser(t)
	b.base = strings.TrimSuffix(p.w.register.URL, "/v1")
	b.get(found[1]).sendsTo(t, "/id/link")

	return b
}

// typeCode types a code on the page behind the link.
func (b *browser) typeCode(code string) *page {
	b.t.Helper()
	p := b.get("/id/link")
	form, _ := p.doc.Find("input[name=form]").Attr("value")
	return b.post("/id/link", url.Values{"form": {form}, "code": {code}})
}
