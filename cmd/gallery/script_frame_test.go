package main

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"central.consent/dar/views"
)

// The button that leads out of a frame, pressed twice, opens one tab. Without a network it says so.
func TestFormThatOpensATab(t *testing.T) {
	t.Parallel()
	chromium := startBrowser(t)
	var offline atomic.Bool
	offline.Store(true)
	var sent atomic.Int32
	gate := make(chan struct{})
	release := sync.OnceFunc(func() { close(gate) })
	defer release() // the server waits for its requests

	mux := newMux()
	mux.HandleFunc("/page", serve(views.LeaveFrame(views.LeaveFramePage{
		Page:       framed(visit()),
		MeterPoint: electricity,
		Record:     firstRecord(),
	})))
	mux.HandleFunc("/done", serve(views.SignedOut(views.SignedOutPage{Page: framed(visit())})))
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
	focus := chromedp.Evaluate(`document.querySelector("[data-new-tab] button").focus()`, nil)
	run(t, ctx, open("/page"), focus, chromedp.KeyEvent(kb.Enter), comes(`document.activeElement.id === "unsent"`))

	offline.Store(false)
	run(t, ctx, focus, chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Enter))
	release()
	const opened = `document.activeElement.matches("[data-opened]")`
	run(t, ctx, comes(opened+` && document.getElementById("unsent").hidden`))
	if sent.Load() != 1 {
		t.Errorf("the form was sent %d times", sent.Load())
	}
}
