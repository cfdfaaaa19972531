package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"central.consent/dar/registerclient"
)

// A customer reads the list in a frame of another site, by the keyboard. A withdrawal leaves the frame for a tab.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	for name, blocked := range map[string]bool{
		"third-party cookies blocked": true,
		"third-party cookies allowed": false,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needBrowser(t)
			base := program(t, "demo")
			h := openHost(t, 1280, blocked)
			h.run("open the other page", chromedp.Navigate(embedder(base)+"?lang=en"))
			h.readInFrame(base)
			h.sessionIsPartitioned(base)
			tab := h.leaveFrame(base)
			if got := recordState(t, base); got != registerclient.StateActive {
				t.Fatalf("in the frame the record became %s", got)
			}

			h.withdrawInTab(base, tab)

			// Back in the frame.
			records := base + "/portal/embed/records"
			inFrame[any](h, records+"/", `location.assign("/portal/embed/records")`)
			h.await(records, `document.querySelector("#ended")?.textContent.includes("`+organisation+`") &&
				!`+activeText+`.includes("`+organisation+`")`)
		})
	}
}

// readInFrame leads a new customer to the list in the frame.
func (h *host) readInFrame(base string) {
	h.Helper()
	embed := base + "/portal/embed"
	h.await(embed, `document.querySelector("#number")`)
	h.fitsFrame()
	h.axe(embed, "start")
	h.tabTo(embed, "#number")
	h.run("type", chromedp.KeyEvent(demoMPxN), chromedp.KeyEvent(kb.Enter))
	h.await(embed, `document.querySelector("input[name=confirmed]")`)
	h.tabTo(embed, "form:has(input[name=confirmed]) button") // the response to a form takes the address of a page
	h.run("press Enter", chromedp.KeyEvent(kb.Enter))
	h.await(embed+"/prove", `document.querySelector("#method")`)
	h.tabTo(embed+"/prove", "form[action='/portal/embed/prove'] button")
	h.run("press Enter", chromedp.KeyEvent(kb.Enter))
	h.await(embed+"/records", `document.querySelector("#active")`)
	h.tabOut(embed + "/records")
	h.fitsFrame()
	h.axe(embed+"/records", "records")

	var title string
	h.run("read the title", chromedp.Evaluate(`document.querySelector("iframe").title`, &title))
	if !strings.HasPrefix(title, "Who can see your energy data") {
		h.Errorf("the frame is called %q", title)
	}
}

// sessionIsPartitioned checks that the session's cookie belongs to this pair of sites. The portal's own pages do not
// get it.
func (h *host) sessionIsPartitioned(base string) {
	h.Helper()
	h.run("look at the cookies", chromedp.ActionFunc(func(ctx context.Context) error {
		cookies, err := network.GetCookies().WithURLs([]string{base + "/portal"}).Do(ctx)
		for _, c := range cookies {
			if !strings.Contains(c.Name, "session") {
				continue
			}
			if c.PartitionKey == nil || !c.Secure || c.SameSite != network.CookieSameSiteNone {
				h.Errorf("the session's cookie is %+v", c)
			}
		}

		return err
	}))
}

// leaveFrame asks for a withdrawal in the list, and returns the tab that opens.
func (h *host) leaveFrame(base string) target.ID {
	h.Helper()
	records := base + "/portal/embed/records"
	inFrame[any](h, records, `void ([...document.querySelectorAll("#active article")]
		.find(a => a.querySelector("h3").textContent.includes("`+organisation+`"))
		.querySelector("a[href$='/withdraw']").id = "stop")`)
	h.press(records, "#stop")
	h.await(records+"/", `document.querySelector("form[data-new-tab]")`)
	h.axe(records+"/", "leave the frame")

	tabs := chromedp.WaitNewTarget(h.ctx, func(info *target.Info) bool { return info.Type == "page" })
	h.press(records+"/", "form[data-new-tab] button")
	select {
	case id := <-tabs:
		return id
	case <-time.After(20 * time.Second):
		h.Fatal("no tab opened")
		return ""
	}
}

// withdrawInTab goes on in the tab that the frame opened, and stops the record there.
func (h *host) withdrawInTab(base string, id target.ID) {
	h.Helper()
	ctx, cancel := chromedp.NewContext(h.ctx, chromedp.WithTargetID(id))
	defer cancel()

	tab := &host{T: h.T, ctx: ctx}
	tab.run(
		"go on",
		chromedp.WaitVisible("form[action='/portal/ticket'] button", chromedp.ByQuery),
		chromedp.Click("form[action='/portal/ticket'] button", chromedp.ByQuery),
		chromedp.WaitVisible("form[action$='/withdraw'] button", chromedp.ByQuery),
	)
	if got := recordState(h.T, base); got != registerclient.StateActive {
		h.Fatalf("the ticket stopped the record: %s", got)
	}

	var heading, location string
	tab.run(
		"stop",
		chromedp.Text("h1", &heading, chromedp.ByQuery),
		chromedp.Location(&location),
		chromedp.Click("form[action$='/withdraw'] button", chromedp.ByQuery),
		chromedp.WaitVisible(".panel", chromedp.ByQuery),
	)
	if !strings.Contains(heading, organisation) || !strings.HasPrefix(location, base+"/portal/records/") {
		h.Errorf("the tab is at %s, and asks %q", location, heading)
	}
	if got := recordState(h.T, base); got != registerclient.StateRevoked {
		h.Errorf("the record is %s", got)
	}
}

// Pages of other origins show the plain link, or nothing of the portal: one that is not listed, and one that is listed
// but stands in a frame of one that is not.
func TestFramedByListedOnly(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "demo")
	other := serveOtherPages(t, map[string]string{
		"/unlisted": `<script src="` + base + `/portal/embed.js"></script>`,
		"/nested":   `<iframe src="` + embedder(base) + `"></iframe>`,
		"/records":  `<iframe src="` + base + `/portal"></iframe>`,
	})

	h := openHost(t, 800, false)
	h.run("a listed origin", chromedp.Navigate(embedder(base)))
	h.await(base+"/portal/embed", `document.querySelector("#number")`)

	for _, path := range []string{"/unlisted", "/nested", "/records"} {
		h.run(path, chromedp.Navigate(other+path))
		shown := poll(2*time.Second, func() bool {
			_, ok := inFrame[string](h, base, "document.body.innerText")
			return ok
		})
		if shown {
			t.Errorf("%s: the portal shows in the frame", path)
		}
	}

	h.run(
		"the link instead of the frame",
		chromedp.Navigate(other+"/unlisted"),
		chromedp.WaitVisible(`a[href="`+base+`/portal?lang=en"]`, chromedp.ByQuery),
		chromedp.WaitNotPresent("iframe", chromedp.ByQuery),
	)
}

// serveOtherPages serves pages of another origin, by path, and returns its address.
func serveOtherPages(t *testing.T, pages map[string]string) string {
	t.Helper()
	mux := http.NewServeMux()
	for path, body := range pages {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, `<!DOCTYPE html><html lang="en"><title>Other</title><body>`+body)
		})
	}

	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	return server.URL
}
