package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"central.consent/dar/static"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// browser opens a page of the handler in Chromium. What it returns lists everything that went wrong in there.
func browser(t *testing.T, h http.Handler) (ctx context.Context, url string, trouble func() []string) {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no Chromium to test the scripts in")
		}
		t.Skip("there is no Chromium")
	}

	server := httptest.NewServer(secured(h))
	t.Cleanup(server.Close)
	options := append(
		chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	var mu sync.Mutex
	var troubles []string
	chromedp.ListenTarget(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			troubles = append(troubles, e.Entry.Text)
		case *runtime.EventExceptionThrown:
			troubles = append(troubles, e.ExceptionDetails.Error())
		}
	})
	if err := chromedp.Run(ctx, log.Enable()); err != nil {
		t.Fatal(err)
	}

	return ctx, server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(troubles)
	}
}

func run(t *testing.T, ctx context.Context, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

func withStatic(mux *http.ServeMux) *http.ServeMux {
	mux.Handle("/static/", http.StripPrefix("/static/", static.Handler()))
	return mux
}

// TestWaitingPageOfAnotherProof shows what becomes of a page whose letter another window has sent anew, and of one that
// has asked for long enough.
func TestWaitingPageOfAnotherProof(t *testing.T) {
	t.Parallel()
	var proof, polls, loads atomic.Int32
	page := func(left int) views.WaitingPage {
		code := "AAAA"
		if proof.Load() > 0 {
			code = "BBBB"
		}

		return views.WaitingPage{
			Page: views.Page{
				Text:      i18n.For("en"),
				FormToken: "t",
			},
			MeterPoint: electricity,
			Method:     magicLink,
			State:      views.WaitingPending,
			MatchCode:  code,
			Proof: int64(
				proof.Load(),
			),
			SecondsLeft:   900,
			PollSeconds:   1,
			PollingLeft:   left,
			ExpiresAt:     now,
			ResendsLeft:   2,
			ResendSeconds: 2,
		}
	}
	mux := withStatic(http.NewServeMux())
	mux.HandleFunc("/waiting", func(w http.ResponseWriter, r *http.Request) {
		loads.Add(1)
		_ = views.Waiting(page(3)).Render(r.Context(), w)
	})
	mux.HandleFunc("/waiting/status", func(w http.ResponseWriter, r *http.Request) {
		polls.Add(1)
		_ = views.WaitingStatus(page(3)).Render(r.Context(), w)
	})
	ctx, url, trouble := browser(t, mux)
	var waits, ready bool
	var code string
	run(
		t,
		ctx,
		chromedp.Navigate(url+"/waiting"),
		chromedp.Evaluate(
			`document.querySelector(".resend button").disabled && !document.querySelector(".resend .hint").hidden`,
			&waits,
		),
		chromedp.Poll(`!document.querySelector(".resend button").disabled`, nil),
		chromedp.Evaluate(`document.querySelector(".resend .hint").hidden`, &ready),
	)
	if !waits || !ready {
		t.Errorf("the button waits %v, and is ready %v", waits, ready)
	}

	proof.Store(1)
	for loads.Load() < 2 && ctx.Err() == nil {
		time.Sleep(50 * time.Millisecond)
	}

	time.Sleep(time.Second) // for the page to be there
	run(t, ctx,
		chromedp.TextContent(".match-code", &code),
		chromedp.Poll(`document.querySelector("[data-after-polling]")?.hidden === false`, nil),
	)
	if code != "BBBB" {
		t.Errorf("the page still shows %q", code)
	}

	asked := polls.Load()
	run(t, ctx, chromedp.Sleep(2500*time.Millisecond))
	if more := polls.Load() - asked; more > 1 {
		t.Errorf("asked %d times more after it had stopped", more)
	}
	if trouble := trouble(); len(trouble) > 0 {
		t.Error(trouble)
	}
}

// TestWaitingMovesOnlyWhenTheStateChanges polls under the portal's content security policy.
func TestWaitingMovesOnlyWhenTheStateChanges(t *testing.T) {
	t.Parallel()
	var polls atomic.Int32
	page := func(state views.WaitingState, seconds int) views.WaitingPage {
		return views.WaitingPage{
			Page:        views.Page{Text: i18n.For("en"), Brand: views.Brand{Name: "Adviceline"}},
			MeterPoint:  electricity,
			Method:      magicLink,
			State:       state,
			SecondsLeft: seconds,
			PollSeconds: 1,
			PollingLeft: 1200,
			ExpiresAt:   now,
		}
	}
	mux := withStatic(http.NewServeMux())
	mux.HandleFunc("/waiting", func(w http.ResponseWriter, r *http.Request) {
		_ = views.Waiting(page(views.WaitingPending, 130)).Render(r.Context(), w)
	})
	mux.HandleFunc("/waiting/status", func(w http.ResponseWriter, r *http.Request) {
		state := views.WaitingPending
		if polls.Add(1) > 2 {
			state = views.WaitingExpired
		}
		_ = views.WaitingStatus(page(state, 70)).Render(r.Context(), w)
	})
	ctx, url, trouble := browser(t, mux)

	var clock, left, focus, title string
	var same bool
	run(
		t,
		ctx,
		chromedp.Navigate(url+"/waiting"),
		chromedp.Evaluate(
			`document.querySelector("#waiting a").focus(); document.querySelector("#waiting").mark = true`,
			nil,
		),
		chromedp.Text(".clock", &clock),
		chromedp.Poll(`document.querySelector("#waiting-left").textContent.includes("2 minutes")`, nil),
		chromedp.Evaluate(
			`document.querySelector("#waiting").mark === true && document.activeElement.closest("#waiting") !== null`,
			&same,
		),
		chromedp.TextContent("#waiting-left", &left),
		chromedp.Poll(`document.activeElement.tagName === "H1"`, nil),
		chromedp.TextContent("h1", &focus),
		chromedp.Title(&title),
	)
	if clock != "2:10" && clock != "2:09" {
		t.Errorf("the clock says %q", clock)
	}
	if !same {
		t.Error("a poll that found nothing new moved the reader's place")
	}
	if want := "The time to confirm has run out"; focus != want || title != want+" – Adviceline" {
		t.Errorf("after the end: heading %q, title %q", focus, title)
	}

	ended := polls.Load()
	run(t, ctx, chromedp.Sleep(1500*time.Millisecond))
	if polls.Load() != ended {
		t.Error("the page goes on polling after the end")
	}
	if got := trouble(); len(got) > 0 {
		t.Errorf("the browser complains: %v", got)
	}
}

// TestIdleWarning opens a page whose session is about to end.
func TestIdleWarning(t *testing.T) {
	t.Parallel()
	var kept atomic.Int32
	mux := withStatic(http.NewServeMux())
	mux.HandleFunc("GET /records", func(w http.ResponseWriter, r *http.Request) {
		_ = views.Records(views.RecordsPage{
			Page: views.Page{
				Text:           i18n.For("en"),
				SignedIn:       true,
				FormToken:      "t",
				IdleMinutes:    2,
				SessionSeconds: 3600,
			},
			MeterPoint: electricity,
		}).Render(r.Context(), w)
	})
	mux.HandleFunc("POST /keep-alive", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("token") == "t" {
			kept.Add(1)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	ctx, url, trouble := browser(t, mux)
	var focus string
	run(
		t,
		ctx,
		chromedp.Navigate(url+"/records"),
		chromedp.Poll(`document.querySelector("#idle").open`, nil),
		chromedp.Evaluate(`document.activeElement.textContent`, &focus),
		chromedp.Poll(`/^[12]:\d\d$/.test(document.querySelector("[data-idle-clock]").textContent)`, nil),
		chromedp.Evaluate(
			`document.querySelector("#idle").addEventListener("close", () => { window.closed1 = true })`,
			nil,
		),
		chromedp.Click("#idle [hx-post] button"),
		chromedp.Poll(`window.closed1`, nil),
	)
	if focus != "Stay signed in" {
		t.Errorf("the dialog puts the focus on %q", focus)
	}
	if kept.Load() != 1 {
		t.Errorf("the session was kept %d times, want once", kept.Load())
	}
	if got := trouble(); len(got) > 0 {
		t.Errorf("the browser complains: %v", got)
	}
}

// TestSigningOutClearsOtherWindows opens the list in one window and signs out in another.
func TestSigningOutClearsOtherWindows(t *testing.T) {
	t.Parallel()
	page := views.Page{Text: i18n.For("en"), FormToken: "t", SignedIn: true, IdleMinutes: 15, SessionSeconds: 3600}
	mux := withStatic(http.NewServeMux())
	mux.Handle("/list", templ.Handler(views.Records(views.RecordsPage{Page: page, MeterPoint: electricity})))
	mux.Handle(
		"/signed-out",
		templ.Handler(views.SignedOut(views.SignedOutPage{Page: views.Page{Text: i18n.For("en")}})),
	)
	ctx, url, trouble := browser(t, mux)
	run(t, ctx, chromedp.Navigate(url+"/list"), chromedp.WaitVisible("#answer"))
	other, cancel := chromedp.NewContext(ctx)
	defer cancel()
	run(t, other, chromedp.Navigate(url+"/signed-out"), chromedp.WaitVisible("[data-visit-over]"))
	// The list is gone, and the other window is where it was.
	run(t, ctx, chromedp.WaitVisible("[data-visit-over]"))
	if got := trouble(); len(got) != 0 {
		t.Errorf("the browser complains: %q", got)
	}
}
