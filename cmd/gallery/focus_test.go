package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// listen notes whatever a screen reader says by itself: the text of a live region that changes, and what gets the focus.
const listen = `(() => {
	window.heard = [];
	const regions = "[role=status], [role=alert], [aria-live]";
	new MutationObserver((changes) => {
		const changed = changes.map(({target}) => (target.closest ? target : target.parentElement)?.closest(regions));
		for (const region of new Set(changed)) if (region?.checkVisibility() && region.ariaLive !== "off" && region.innerText.trim()) heard.push(region.innerText);
	}).observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["hidden"]});
	document.addEventListener("focusin", ({target}) => heard.push(target.innerText));
})()`

// window is another one of the browser, with a server of its own.
func window(
	t *testing.T,
	chromium context.Context,
	h http.Handler,
) (ctx context.Context, open func(path string) chromedp.Action) {
	t.Helper()
	server := httptest.NewServer(secured(h))
	t.Cleanup(server.Close)
	ctx, cancel := chromedp.NewContext(chromium)
	t.Cleanup(cancel)
	run(t, ctx, emulation.SetFocusEmulationEnabled(true))

	return ctx, func(path string) chromedp.Action { return chromedp.Navigate(server.URL + path) }
}

// lost closes the connection without an answer, as a network does that is gone.
func lost(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func draw(component templ.Component) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { _ = component.Render(r.Context(), w) }
}

// TestFocusAfterEverySwap tells for each part of a page that is fetched anew what has the focus then, and what is said of it:
// once. What comes by itself takes the focus from nobody who is elsewhere.
func TestFocusAfterEverySwap(t *testing.T) {
	t.Parallel()
	chromium, _, _ := browser(t, http.NotFoundHandler())
	waiting := func(p views.Page, state views.WaitingState) views.WaitingPage {
		return views.WaitingPage{
			Page:        p,
			MeterPoint:  electricity,
			Method:      magicLink,
			State:       state,
			MatchCode:   "7KQ4",
			SecondsLeft: 600,
			PollSeconds: 1,
			PollingLeft: 600,
			ExpiresAt:   now,
			ResendsLeft: 2,
		}
	}
	list := func(p views.Page, name string) views.RecordsPage {
		m := demoList()
		m.Page, m.MeterPoint, m.ReadAt = p, electricity, now
		if m.Filter.Name = name; name != "" {
			m.Found = &views.List{}
			if name == "bright" {
				m.Found.Active = m.Active[:1]
			}
		}

		return m
	}
	told := func(state views.ToldState, poll int) views.Told {
		return views.Told{State: state, At: now, PollSeconds: poll, Again: "#again"}
	}
	const look = `#told-h1 a`
	record := everyKind()[0]
	record.Handle = "h1"
	withdrawn := func(p views.Page) templ.Component {
		return views.Withdrawn(
			views.WithdrawnPage{
				Page:       p,
				MeterPoint: electricity,
				Record:     record,
				At:         now,
				Reference:  "r",
				Told:       told(views.ToldPending, 1),
			},
		)
	}
	notice := func(state views.ToldState, poll int) func(p views.Page) templ.Component {
		return func(p views.Page) templ.Component {
			return views.ToldAgain(views.ToldPart{Page: p, Record: record, Told: told(state, poll)})
		}
	}
	status := func(state views.WaitingState) func(p views.Page) templ.Component {
		return func(p views.Page) templ.Component { return views.WaitingStatus(waiting(p, state)) }
	}
	pending := func(p views.Page) templ.Component { return views.Waiting(waiting(p, views.WaitingPending)) }
	narrowed := func(name string) func(p views.Page) templ.Component {
		return func(p views.Page) templ.Component { return views.RecordsFound(list(p, name)) }
	}
	whole := func(p views.Page) templ.Component { return views.Records(list(p, "energy")) }

	for _, test := range []struct {
		name string
		page func(views.Page) templ.Component
		path string // what is fetched anew
		part func(views.Page) templ.Component
		from string // what has the focus; empty for nothing
		keys string
		then string // what holds when it has come
		to   string // what has the focus then; empty for nothing
		said string // once; empty where nothing is said
	}{
		{"filter applied", whole, "/records", narrowed("bright"), "#q", kb.Enter, `document.querySelectorAll("#list article").length === 1`, "#found", "1 entry of 5"},
		{"nothing found", whole, "/records", narrowed("nobody"), "#q", kb.Enter, `document.activeElement.id === "found"`, "#found", "Nothing on your list fits"},
		{"filter cleared", whole, "/records", narrowed(""), "#q", kb.Enter, `document.querySelectorAll("#list article").length === 5`, "#found", "5 entries"},
		{"filter without a network", whole, "/records", nil, "#q", kb.Enter, `!document.getElementById("unsent").hidden`, "#unsent", "We could not send this"},
		{"notice taken, reader at its link", withdrawn, "/records/h1/told", notice(views.ToldDelivered, 0), look, "", `document.querySelector(".told-delivered")`, "#told-h1", "took our notice"},
		{"notice taken, reader elsewhere", withdrawn, "/records/h1/told", notice(views.ToldDelivered, 0), "footer a", "", `document.querySelector(".told-delivered")`, "footer a", "took our notice"},
		{"notice open, and no more asked", withdrawn, "/records/h1/told", notice(views.ToldPending, 0), look, "", `document.querySelector("#told-h1").dataset.over`, look, ""},
		{"expired, reader at a link of it", pending, "/waiting/status", status(views.WaitingExpired), "#waiting a.button", "", `document.querySelector("#waiting[data-state=expired]")`, "#waiting h1", "The time to confirm has run out"},
		{"expired, reader elsewhere", pending, "/waiting/status", status(views.WaitingExpired), "footer a", "", `document.querySelector("#waiting[data-state=expired]")`, "footer a", "The time to confirm has run out"},
		{"declined, nothing has the focus", pending, "/waiting/status", status(views.WaitingDeclined), "", "", `document.querySelector("#waiting[data-state=declined]")`, "", i18n.For("en").T("waiting.declined.title")},
		{"wrong code, reader at the quick exit", pending, "/waiting/status", status(views.WaitingWrongCode), "#leave button", "", `document.querySelector("#waiting[data-state=wrong-code]")`, "#leave button", i18n.For("en").T("waiting.wrong-code.title")},
		{"without a network the waiting page waits", pending, "/waiting/status", nil, "#waiting a.button", "", `performance.getEntriesByName(location.origin + "/waiting/status").length > 1`, "#waiting a.button", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := views.Page{
				Text:      i18n.For("en"),
				Brand:     views.Brand{Name: "Adviceline"},
				FormToken: "t",
				SignedIn:  true,
			}
			listening := make(chan struct{})
			mux := withStatic(http.NewServeMux())
			mux.HandleFunc("/page", draw(test.page(p)))
			mux.HandleFunc(test.path, func(w http.ResponseWriter, r *http.Request) {
				<-listening
				if test.part == nil {
					lost(w, r)
				}
				draw(test.part(p))(w, r)
			})
			ctx, open := window(t, chromium, mux)
			start := `document.activeElement.blur()`
			if test.from != "" {
				start = fmt.Sprintf(`document.querySelector(%q).focus()`, test.from)
			}

			run(t, ctx, open("/page"), chromedp.Evaluate(start, nil), chromedp.Evaluate(listen, nil))
			close(listening)
			if test.keys != "" {
				run(t, ctx, chromedp.KeyEvent(test.keys))
			}

			to := "body"
			if test.to != "" {
				to = test.to
			}

			run(t, ctx, comes(test.then), settled)
			holds(t, ctx, to, test.said)
		})
	}
}

// settled lets what was swapped in be heard.
var settled = chromedp.Evaluate(
	`new Promise((done) => requestAnimationFrame(() => setTimeout(done)))`,
	nil,
	func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
		return p.WithAwaitPromise(true)
	},
)

// comes waits for a condition, in whatever page is there by then, whether it runs scripts or not.
func comes(condition string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			var held bool
			if err := chromedp.Evaluate("!!("+condition+")", &held).Do(ctx); err == nil && held {
				return nil
			}
			if time.Since(start) > 15*time.Second {
				return fmt.Errorf("it never came that %s", condition)
			}
		}
	})
}

// holds fails the test unless this has the focus, and this is heard, once.
func holds(t *testing.T, ctx context.Context, focus, said string) {
	t.Helper()
	var has string
	var heard []string
	run(
		t,
		ctx,
		chromedp.Evaluate(
			fmt.Sprintf(
				`document.activeElement.matches(%q) ? "" : document.activeElement.outerHTML.slice(0, 100)`,
				focus,
			),
			&has,
		),
		chromedp.Evaluate(`window.heard`, &heard),
	)
	if has != "" {
		t.Errorf("the focus is on %s, want %s", has, focus)
	}

	times := 0
	for _, one := range heard {
		if said == "" || strings.Contains(one, said) {
			times++
		}
	}

	if said == "" && times > 0 || said != "" && times != 1 {
		t.Errorf("%q is heard %d times: %q", said, times, heard)
	}
}

// TestIdleDialogByKeyboard lets the dialog open over somebody who reads, and closes it with Escape.
func TestIdleDialogByKeyboard(t *testing.T) {
	t.Parallel()
	chromium, _, _ := browser(t, http.NotFoundHandler())
	list := demoList()
	list.Page = views.Page{Text: i18n.For("en"), FormToken: "t", SignedIn: true, IdleMinutes: 2, SessionSeconds: 3600}
	list.MeterPoint = electricity
	const from = `a[href$="/withdraw"]`
	opened := func(t *testing.T, keepAlive http.HandlerFunc) context.Context {
		mux := withStatic(http.NewServeMux())
		mux.HandleFunc("/page", draw(views.Records(list)))
		mux.HandleFunc("/keep-alive", keepAlive)
		ctx, open := window(t, chromium, mux)
		run(
			t,
			ctx,
			open("/page"),
			chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).focus()`, from), nil),
			comes(
				`document.getElementById("idle").open`,
			),
			comes(`document.activeElement.matches("#idle [hx-post] button")`),
		)

		return ctx
	}
	t.Run("Escape stays, and gives the focus back", func(t *testing.T) {
		t.Parallel()
		ctx := opened(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
		// Nothing of the page behind can be reached; the browser's own bar is between the last and the first.
		for range 6 {
			run(
				t,
				ctx,
				chromedp.KeyEvent(kb.Tab),
				comes(`document.activeElement === document.body || document.activeElement.closest("#idle")`),
			)
		}

		run(
			t,
			ctx,
			chromedp.KeyEvent(kb.Escape),
			comes(`!document.getElementById("idle").open`),
			comes(fmt.Sprintf(`document.activeElement.matches(%q)`, from)),
		)
	})
	t.Run("without a network it says so and stays open", func(t *testing.T) {
		t.Parallel()
		var offline atomic.Bool
		offline.Store(true)
		ctx := opened(t, func(w http.ResponseWriter, r *http.Request) {
			if offline.Load() {
				lost(w, r)
			}
			w.WriteHeader(http.StatusNoContent)
		})
		run(
			t,
			ctx,
			chromedp.KeyEvent(kb.Enter),
			comes(`document.getElementById("idle").open && document.activeElement.matches("#idle #unsent")`),
		)
		offline.Store(false)
		run(
			t,
			ctx,
			chromedp.KeyEvent(kb.Tab),
			comes(`document.activeElement.matches("#idle [hx-post] button")`),
			chromedp.KeyEvent(kb.Enter),
			comes(
				`!document.getElementById("idle").open && document.getElementById("unsent").hidden`,
			),
			comes(fmt.Sprintf(`document.activeElement.matches(%q)`, from)),
		)
	})
}
