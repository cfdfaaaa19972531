package main

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"central.consent/dar/views"
)

// The form of a withdrawal, as the scripts see it.
const (
	form      = `main form[method=post]`
	isUnsent  = `!document.getElementById("unsent").hidden`
	isReady   = `!document.querySelector("` + form + `").dataset.sent`
	isDone    = `location.pathname === "/done"`
	isLoaded  = `document.readyState === "complete"`
	hasForm   = `document.querySelector("` + form + `")`
	atItsStop = `document.querySelector("` + form + ` .button").focus()`
)

// pressEnter sends the form by the keyboard.
func pressEnter() chromedp.Tasks {
	return chromedp.Tasks{chromedp.Evaluate(atItsStop, nil), chromedp.KeyEvent(kb.Enter)}
}

// formServer serves the review of a withdrawal, and a page that its form leads to.
type formServer struct {
	chromium context.Context
	// post answers the form. Attempt counts from 1.
	post func(attempt int, w http.ResponseWriter, r *http.Request)
	sent atomic.Int32
}

// open opens the review, with the focus on its button.
func (s *formServer) open(t *testing.T) context.Context {
	t.Helper()
	mux := newMux()
	mux.HandleFunc("GET /records/h1/withdraw", serve(views.Withdraw(views.WithdrawPage{
		Page:       visit(),
		MeterPoint: electricity,
		Record:     firstRecord(),
		Reasons:    reasons[:2],
	})))
	mux.HandleFunc("POST /records/h1/withdraw", func(w http.ResponseWriter, r *http.Request) {
		s.post(int(s.sent.Add(1)), w, r)
	})
	mux.HandleFunc("GET /nothing", noContent)
	mux.HandleFunc("GET /done", serve(views.SignedOut(views.SignedOutPage{Page: visit()})))

	ctx, open := window(t, s.chromium, mux)
	run(t, ctx,
		open("/records/h1/withdraw"),
		chromedp.Evaluate(listen, nil),
		chromedp.Evaluate(atItsStop, nil),
	)

	return ctx
}

// redirect leads the script to the next page.
func redirect(w http.ResponseWriter) { w.Header().Set("HX-Redirect", "/done") }

// slowly is a post that waits until release is called.
func slowly() (post func(int, http.ResponseWriter, *http.Request), release func()) {
	gate := make(chan struct{})
	post = func(_ int, w http.ResponseWriter, _ *http.Request) {
		<-gate
		redirect(w)
	}

	return post, sync.OnceFunc(func() { close(gate) })
}

// The keyboard sends the form of a visit in every way that it can go.
func TestFormsOfAVisit(t *testing.T) {
	t.Parallel()
	chromium := startBrowser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"Enter pressed twice sends once":                                    testPressedTwice,
		"a slow answer is announced once":                                   testSlowAnswer,
		"a lost network is announced, and the form can be sent again":       testLostNetwork,
		"a next page that never comes leaves a form that can be sent again": testNextPageNeverComes,
		"Back from what was wrong leads to a form that can be sent":         testBackFromAnError,
		"Enter at a reason stops nothing":                                   testEnterAtAReason,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, chromium)
		})
	}
}

func testPressedTwice(t *testing.T, chromium context.Context) {
	post, release := slowly()
	defer release() // the server waits for its requests
	s := &formServer{chromium: chromium, post: post}
	ctx := s.open(t)
	run(t, ctx, chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Enter), settled)
	release()
	run(t, ctx, comes(isDone))
	if s.sent.Load() != 1 {
		t.Errorf("the form was sent %d times", s.sent.Load())
	}
}

func testSlowAnswer(t *testing.T, chromium context.Context) {
	post, release := slowly()
	defer release() // the server waits for its requests
	s := &formServer{chromium: chromium, post: post}
	ctx := s.open(t)
	run(t, ctx, chromedp.KeyEvent(kb.Enter), comes(`document.getElementById("slow").textContent`), settled)
	checkFocus(t, ctx, form+" .button", "This is taking longer than usual")
	release()
	run(t, ctx, comes(isDone))
}

func testLostNetwork(t *testing.T, chromium context.Context) {
	var offline atomic.Bool
	offline.Store(true)
	s := &formServer{chromium: chromium, post: func(_ int, w http.ResponseWriter, r *http.Request) {
		if offline.Load() {
			lost(w, r)
		}
		redirect(w)
	}}
	ctx := s.open(t)
	run(t, ctx, chromedp.KeyEvent(kb.Enter), comes(isUnsent), settled)
	checkFocus(t, ctx, "#unsent", "We could not send this")
	offline.Store(false)
	run(t, ctx, comes(isReady), pressEnter(), comes(isDone))
}

func testNextPageNeverComes(t *testing.T, chromium context.Context) {
	s := &formServer{chromium: chromium, post: func(attempt int, w http.ResponseWriter, _ *http.Request) {
		redirect(w)
		if attempt == 1 {
			w.Header().Set("HX-Redirect", "/nothing")
		}
	}}
	ctx := s.open(t)
	run(t, ctx, chromedp.KeyEvent(kb.Enter), comes(isReady), pressEnter(), comes(isDone))
}

func testBackFromAnError(t *testing.T, chromium context.Context) {
	s := &formServer{chromium: chromium, post: func(attempt int, w http.ResponseWriter, r *http.Request) {
		if attempt > 2 { // the first two are the script's, and the browser's own
			redirect(w)
			return
		}

		w.WriteHeader(http.StatusServiceUnavailable)
		_ = views.Error(views.ErrorPage{Page: visit(), Kind: "withdraw-failed"}).Render(r.Context(), w)
	}}
	ctx := s.open(t)
	run(t, ctx,
		chromedp.KeyEvent(kb.Enter),
		comes(isLoaded+` && !`+hasForm),
		chromedp.Evaluate(`history.back()`, nil),
		comes(isLoaded+` && `+hasForm+` && `+isReady),
		pressEnter(),
		comes(isDone),
	)
}

func testEnterAtAReason(t *testing.T, chromium context.Context) {
	s := &formServer{chromium: chromium, post: func(_ int, w http.ResponseWriter, _ *http.Request) { redirect(w) }}
	ctx := s.open(t)
	const unfold = `document.querySelector("` + form + ` details").open = true`
	var reason string
	run(t, ctx,
		chromedp.Evaluate(unfold+`; document.querySelector("[name=why]").focus()`, nil),
		chromedp.KeyEvent(kb.ArrowDown),
		// One event, like that of a keyboard: chromedp's own sends the letter even if the page prevents the key.
		input.DispatchKeyEvent(input.KeyDown).
			WithKey("Enter").
			WithCode("Enter").
			WithText("\r").
			WithWindowsVirtualKeyCode(13),
		settled,
		chromedp.Evaluate(`document.querySelector("[name=why]:checked").value`, &reason),
	)
	if s.sent.Load() != 0 || reason != reasons[0] {
		t.Errorf("the form was sent %d times, with the reason %s", s.sent.Load(), reason)
	}
}
