package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"central.consent/dar/views"
)

// endingVisit is a page of a session that is about to end.
func endingVisit() views.Page {
	p := visit()
	p.IdleMinutes = 2
	p.SessionSeconds = 3600

	return p
}

// The dialog opens before the session ends, and keeps it when the customer says so.
func TestIdleWarning(t *testing.T) {
	t.Parallel()
	var kept atomic.Int32
	mux := newMux()
	mux.HandleFunc(
		"GET /records",
		serve(views.Records(views.RecordsPage{Page: endingVisit(), MeterPoint: electricity})),
	)
	mux.HandleFunc("POST /keep-alive", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("token") == "t" {
			kept.Add(1)
		}
		w.WriteHeader(http.StatusNoContent)
	})

	ctx, address, trouble := browser(t, mux)
	var focus string
	run(t, ctx,
		chromedp.Navigate(address+"/records"),
		chromedp.Poll(`document.querySelector("#idle").open`, nil),
		chromedp.Evaluate(`document.activeElement.textContent`, &focus),
		chromedp.Poll(`/^[12]:\d\d$/.test(document.querySelector("[data-idle-clock]").textContent)`, nil),
		chromedp.Evaluate(
			`document.querySelector("#idle").addEventListener("close", () => { window.dialogClosed = true })`,
			nil,
		),
		chromedp.Click("#idle [hx-post] button"),
		chromedp.Poll(`window.dialogClosed`, nil),
	)
	if focus != "Stay signed in" {
		t.Errorf("the dialog puts the focus on %q", focus)
	}
	if kept.Load() != 1 {
		t.Errorf("the session was kept %d times, want once", kept.Load())
	}
	checkTrouble(t, trouble)
}

// The dialog opens while the customer reads, and the keyboard closes it.
func TestIdleDialogByKeyboard(t *testing.T) {
	t.Parallel()
	chromium := startBrowser(t)
	list := demoList()
	list.Page = endingVisit()
	list.MeterPoint = electricity

	const reader = `a[href$="/withdraw"]`
	const back = `document.activeElement.matches('` + reader + `')`
	const stayButton = `document.activeElement.matches("#idle [hx-post] button")`
	openDialog := func(t *testing.T, keepAlive http.HandlerFunc) context.Context {
		t.Helper()
		mux := newMux()
		mux.HandleFunc("/page", serve(views.Records(list)))
		mux.HandleFunc("/keep-alive", keepAlive)
		ctx, open := window(t, chromium, mux)
		run(t, ctx,
			open("/page"),
			chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).focus()`, reader), nil),
			comes(`document.getElementById("idle").open`),
			comes(stayButton),
			// A session that is kept goes on for long, so that the dialog does not open again within a second.
			chromedp.Evaluate(`document.getElementById("idle").dataset.idleSeconds = 900`, nil),
		)

		return ctx
	}

	t.Run("Escape stays, and gives the focus back", func(t *testing.T) {
		t.Parallel()
		ctx := openDialog(t, noContent)
		// The keyboard reaches nothing of the page behind. The browser's own bar is between the last and the first.
		inside := comes(`document.activeElement === document.body || document.activeElement.closest("#idle")`)
		for range 6 {
			run(t, ctx, chromedp.KeyEvent(kb.Tab), inside)
		}

		run(t, ctx, chromedp.KeyEvent(kb.Escape), comes(`!document.getElementById("idle").open`), comes(back))
	})

	t.Run("without a network it says so and stays open", func(t *testing.T) {
		t.Parallel()
		var offline atomic.Bool
		offline.Store(true)
		ctx := openDialog(t, func(w http.ResponseWriter, r *http.Request) {
			if offline.Load() {
				lost(w, r)
			}
			noContent(w, r)
		})
		run(t, ctx,
			chromedp.KeyEvent(kb.Enter),
			comes(`document.getElementById("idle").open && document.activeElement.matches("#idle #unsent")`),
		)

		offline.Store(false)
		run(t, ctx,
			chromedp.KeyEvent(kb.Tab),
			comes(stayButton),
			chromedp.KeyEvent(kb.Enter),
			comes(`!document.getElementById("idle").open && document.getElementById("unsent").hidden`),
			comes(back),
		)
	})
}

// A sign-out in one window clears the list from another.
func TestSigningOutClearsOtherWindows(t *testing.T) {
	t.Parallel()
	p := visit()
	p.IdleMinutes = 15
	p.SessionSeconds = 3600
	signedOut := views.Page{Text: p.Text}
	mux := newMux()
	mux.HandleFunc("/list", serve(views.Records(views.RecordsPage{Page: p, MeterPoint: electricity})))
	mux.HandleFunc("/signed-out", serve(views.SignedOut(views.SignedOutPage{Page: signedOut})))

	ctx, address, trouble := browser(t, mux)
	run(t, ctx, chromedp.Navigate(address+"/list"), chromedp.WaitVisible("#answer"))
	other, cancel := chromedp.NewContext(ctx)
	defer cancel()
	run(t, other, chromedp.Navigate(address+"/signed-out"), chromedp.WaitVisible("[data-visit-over]"))

	run(t, ctx, chromedp.WaitVisible("[data-visit-over]"))
	checkTrouble(t, trouble)
}
