package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/a-h/templ"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"central.consent/dar/register/id"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// TestFormsOfAVisit sends a form by the keyboard, in every way that it can go.
func TestFormsOfAVisit(t *testing.T) {
	t.Parallel()
	chromium, _, _ := browser(t, http.NotFoundHandler())
	p := views.Page{Text: i18n.For("en"), Brand: views.Brand{Name: "Adviceline"}, FormToken: "t", SignedIn: true}
	record := everyKind()[0]
	record.Handle = "h1"
	whys := []string{"changed-my-mind", "no-longer-needed"}
	const (
		form   = `main form[method=post]`
		unsent = `!document.getElementById("unsent").hidden`
		again  = `!document.querySelector("` + form + `").dataset.sent`
		press  = `document.querySelector("` + form + ` .button").focus()`
		done   = `location.pathname === "/done"`
	)
	// served is the form's page, and another to which it leads; post answers the form, the first time and the others.
	served := func(t *testing.T, post func(time int, w http.ResponseWriter, r *http.Request)) (context.Context, *atomic.Int32) {
		var sent atomic.Int32
		mux := withStatic(http.NewServeMux())
		mux.HandleFunc(
			"GET /records/h1/withdraw",
			draw(views.Withdraw(views.WithdrawPage{Page: p, MeterPoint: electricity, Record: record, Whys: whys})),
		)
		mux.HandleFunc(
			"POST /records/h1/withdraw",
			func(w http.ResponseWriter, r *http.Request) { post(int(sent.Add(1)), w, r) },
		)
		mux.HandleFunc(
			"GET /nothing",
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		)
		mux.HandleFunc("GET /done", draw(views.SignedOut(views.SignedOutPage{Page: p})))
		ctx, open := window(t, chromium, mux)
		run(t, ctx, open("/records/h1/withdraw"), chromedp.Evaluate(listen, nil), chromedp.Evaluate(press, nil))

		return ctx, &sent
	}
	leads := func(w http.ResponseWriter) { w.Header().Set("HX-Redirect", "/done") }

	t.Run("Enter pressed twice sends once", func(t *testing.T) {
		t.Parallel()
		gate := make(chan struct{})
		answer := sync.OnceFunc(func() { close(gate) })
		defer answer() // for the server waits for it to end
		ctx, sent := served(t, func(_ int, w http.ResponseWriter, _ *http.Request) { <-gate; leads(w) })
		run(t, ctx, chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Enter), settled)
		answer()
		run(t, ctx, comes(done))
		if sent.Load() != 1 {
			t.Errorf("the form was sent %d times", sent.Load())
		}
	})
	t.Run("a slow answer is told of once", func(t *testing.T) {
		t.Parallel()
		gate := make(chan struct{})
		answer := sync.OnceFunc(func() { close(gate) })
		defer answer() // for the server waits for it to end
		ctx, _ := served(t, func(_ int, w http.ResponseWriter, _ *http.Request) { <-gate; leads(w) })
		run(t, ctx, chromedp.KeyEvent(kb.Enter), comes(`document.getElementById("slow").textContent`), settled)
		holds(t, ctx, form+" .button", "This is taking longer than usual")
		answer()
		run(t, ctx, comes(done))
	})
	t.Run("a lost network is told of, and the form can be sent again", func(t *testing.T) {
		t.Parallel()
		var offline atomic.Bool
		offline.Store(true)
		ctx, _ := served(t, func(_ int, w http.ResponseWriter, r *http.Request) {
			if offline.Load() {
				lost(w, r)
			}
			leads(w)
		})
		run(t, ctx, chromedp.KeyEvent(kb.Enter), comes(unsent), settled)
		holds(t, ctx, "#unsent", "We could not send this")
		offline.Store(false)
		run(t, ctx, comes(again), chromedp.Evaluate(press, nil), chromedp.KeyEvent(kb.Enter), comes(done))
	})
	t.Run("a next page that never comes leaves a form that can be sent again", func(t *testing.T) {
		t.Parallel()
		ctx, _ := served(t, func(time int, w http.ResponseWriter, _ *http.Request) {
			if leads(w); time == 1 {
				w.Header().Set("HX-Redirect", "/nothing")
			}
		})
		run(t, ctx, chromedp.KeyEvent(kb.Enter), comes(again),
			chromedp.Evaluate(press, nil), chromedp.KeyEvent(kb.Enter), comes(done))
	})
	t.Run("Back from what was wrong leads to a form that can be sent", func(t *testing.T) {
		t.Parallel()
		ctx, _ := served(t, func(time int, w http.ResponseWriter, r *http.Request) {
			if time <= 2 { // the script's, and the browser's own
				w.WriteHeader(http.StatusServiceUnavailable)
				_ = views.Error(views.ErrorPage{Page: p, Kind: "withdraw-failed"}).Render(r.Context(), w)
				return
			}

			leads(w)
		})
		run(
			t,
			ctx,
			chromedp.KeyEvent(kb.Enter),
			comes(`document.readyState === "complete" && !document.querySelector("`+form+`")`),
			chromedp.Evaluate(`history.back()`, nil),
			comes(`document.readyState === "complete" && document.querySelector("`+form+`") && `+again),
			chromedp.Evaluate(press, nil),
			chromedp.KeyEvent(kb.Enter),
			comes(done),
		)
	})
	t.Run("Enter at a reason stops nothing", func(t *testing.T) {
		t.Parallel()
		ctx, sent := served(t, func(_ int, w http.ResponseWriter, _ *http.Request) { leads(w) })
		run(
			t,
			ctx,
			chromedp.Evaluate(
				`document.querySelector("`+form+` details").open = true; document.querySelector("[name=why]").focus()`,
				nil,
			),
			chromedp.KeyEvent(kb.ArrowDown),
			// In one event, as a keyboard does it: the library's own sends the letter whatever becomes of the key.
			input.DispatchKeyEvent(input.KeyDown).
				WithKey("Enter").
				WithCode("Enter").
				WithText("\r").
				WithWindowsVirtualKeyCode(13),
			settled,
		)
		var why string
		run(t, ctx, chromedp.Evaluate(`document.querySelector("[name=why]:checked").value`, &why))
		if sent.Load() != 0 || why != whys[0] {
			t.Errorf("the form was sent %d times, with the reason %s", sent.Load(), why)
		}
	})
}

// TestFormThatOpensATab presses the button twice that leads out of a frame, without a network and with one.
func TestFormThatOpensATab(t *testing.T) {
	t.Parallel()
	chromium, _, _ := browser(t, http.NotFoundHandler())
	p := views.Page{
		Text:      i18n.For("en"),
		Brand:     views.Brand{Name: "Adviceline"},
		FormToken: "t",
		SignedIn:  true,
		Framed:    &views.Framed{Origins: []string{"https://www.example.org"}},
	}
	record := everyKind()[0]
	record.Handle = "h1"
	var offline atomic.Bool
	offline.Store(true)
	var sent atomic.Int32
	mux := withStatic(http.NewServeMux())
	mux.HandleFunc(
		"/page",
		draw(views.LeaveFrame(views.LeaveFramePage{Page: p, MeterPoint: electricity, Record: record})),
	)
	mux.HandleFunc("/done", draw(views.SignedOut(views.SignedOutPage{Page: p})))
	gate := make(chan struct{})
	answer := sync.OnceFunc(func() { close(gate) })
	defer answer()
	mux.HandleFunc("/records/h1/ticket", func(w http.ResponseWriter, r *http.Request) {
		if offline.Load() {
			lost(w, r)
		}

		sent.Add(1)
		<-gate
		w.Header().Set("Location", "/done")
		w.WriteHeader(http.StatusCreated)
	})
	ctx, open := window(t, chromium, mux)
	press := chromedp.Evaluate(`document.querySelector("[data-new-tab] button").focus()`, nil)
	run(t, ctx, open("/page"), press, chromedp.KeyEvent(kb.Enter), comes(`document.activeElement.id === "unsent"`))
	offline.Store(false)
	run(t, ctx, press, chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Enter))
	answer()
	run(t, ctx, comes(`document.activeElement.matches("[data-opened]") && document.getElementById("unsent").hidden`))
	if sent.Load() != 1 {
		t.Errorf("the form was sent %d times", sent.Load())
	}
}

// TestFocusOnArrival opens each page that a form answers with what it has to say first, with the scripts and without.
func TestFocusOnArrival(t *testing.T) {
	t.Parallel()
	chromium, _, _ := browser(t, http.NotFoundHandler())
	p := views.Page{Text: i18n.For("en"), Brand: views.Brand{Name: "Adviceline"}, FormToken: "t"}
	mistake := func(field, key string) views.Page {
		wrong := p
		wrong.Errors = []views.FieldError{{Field: field, Key: key}}
		return wrong
	}
	waiting := views.WaitingPage{
		Page:          p,
		MeterPoint:    electricity,
		Method:        magicLink,
		State:         views.WaitingPending,
		MatchCode:     "7KQ4",
		SecondsLeft:   600,
		ExpiresAt:     now,
		ResendsLeft:   2,
		ResendSeconds: 20,
	}
	notSent := waiting
	resent := waiting
	notSent.NotSent, notSent.Resent, resent.Resent = true, 1, 1
	list := demoList()
	list.Page, list.MeterPoint = mistake("several", "error.several.none"), electricity
	framed := mistake("number", "error.number.empty")
	framed.Framed = &views.Framed{Origins: []string{"https://www.example.org"}}
	page := id.Page{Text: i18n.For("en"), Other: i18n.For("cy"), OtherHref: "#"}
	for name, test := range map[string]struct {
		page  templ.Component
		focus string
	}{
		"no number":               {views.Start(views.StartPage{Page: mistake("number", "error.number.empty")}), "#error-summary"},
		"no number, in a frame":   {views.Start(views.StartPage{Page: framed}), "#error-summary"},
		"no way to prove":         {views.Prove(views.ProvePage{Page: mistake("method", "error.prove.none"), MeterPoint: electricity, Chosen: magicLink}), "#error-summary"},
		"letter not sent again":   {views.Waiting(notSent), "#error-summary"},
		"letter sent again":       {views.Waiting(resent), "#resent"},
		"none of several chosen":  {views.Records(list), "#error-summary"},
		"adviser without a yes":   {views.Withdraw(views.WithdrawPage{Page: mistake("yes", "error.adviser.yes"), MeterPoint: electricity, Record: everyKind()[0]}), "#error-summary"},
		"wrong code":              {id.Link(id.LinkPage{Page: page, Asking: id.Asking{Org: "Adviceline", Asked: now, Expires: now}, FormToken: "t", Purpose: id.PurposeList, MatchCode: true, Mistake: "id.link.error.code", TriesLeft: 2}), "#error-summary"},
		"nothing to say at first": {views.Waiting(waiting), "body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mux := withStatic(http.NewServeMux())
			mux.HandleFunc("/page", draw(test.page))
			ctx, open := window(t, chromium, mux)
			for script := range slices.Values([]bool{true, false}) {
				if !script && name == "no number, in a frame" {
					continue // browsers let no page in a frame do so without a script
				}
				run(t, ctx, emulation.SetScriptExecutionDisabled(!script), open("/page"))
				run(t, ctx, comes(fmt.Sprintf(`document.activeElement.matches(%q)`, test.focus)))
			}
		})
	}
}
