package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"central.consent/dar/views"
)

// The page of a letter that another window has sent again shows the new code, and stops asking after a time.
func TestWaitingPageOfAnotherProof(t *testing.T) {
	t.Parallel()
	var proof, polls atomic.Int32
	page := func() views.WaitingPage {
		code := "AAAA"
		if proof.Load() > 0 {
			code = "BBBB"
		}

		p := visit()
		p.SignedIn = false

		return views.WaitingPage{
			Page:          p,
			MeterPoint:    electricity,
			Method:        magicLink,
			State:         views.WaitingPending,
			MatchCode:     code,
			Proof:         int64(proof.Load()),
			SecondsLeft:   900,
			PollSeconds:   1,
			PollingLeft:   3,
			ExpiresAt:     now,
			ResendsLeft:   2,
			ResendSeconds: 2,
		}
	}
	mux := newMux()
	mux.HandleFunc("/waiting", func(w http.ResponseWriter, r *http.Request) {
		_ = views.Waiting(page()).Render(r.Context(), w)
	})
	mux.HandleFunc("/waiting/status", func(w http.ResponseWriter, r *http.Request) {
		polls.Add(1)
		_ = views.WaitingStatus(page()).Render(r.Context(), w)
	})

	ctx, address, trouble := browser(t, mux)
	var waits, ready bool
	const button = `document.querySelector(".resend button")`
	const hint = `document.querySelector(".resend .hint")`
	run(t, ctx,
		chromedp.Navigate(address+"/waiting"),
		chromedp.Evaluate(button+`.disabled && !`+hint+`.hidden`, &waits),
		chromedp.Poll(`!`+button+`.disabled`, nil),
		chromedp.Evaluate(hint+`.hidden`, &ready),
	)
	if !waits || !ready {
		t.Errorf("the button waits %v, and is ready %v", waits, ready)
	}

	proof.Store(1)
	run(t, ctx,
		comes(`document.querySelector(".match-code")?.textContent === "BBBB"`),
		comes(`document.querySelector("[data-after-polling]")?.hidden === false`),
	)

	countsAtMost(t, &polls, polls.Load()+1, 2500*time.Millisecond, "polls after the page had stopped")
	checkTrouble(t, trouble)
}

// While the state is the same, polling under the portal's content security policy leaves the reader alone.
func TestWaitingMovesOnlyWhenTheStateChanges(t *testing.T) {
	t.Parallel()
	var polls atomic.Int32
	page := func(state views.WaitingState, seconds int) views.WaitingPage {
		p := visit()
		p.FormToken = ""
		p.SignedIn = false

		return views.WaitingPage{
			Page:        p,
			MeterPoint:  electricity,
			Method:      magicLink,
			State:       state,
			SecondsLeft: seconds,
			PollSeconds: 1,
			PollingLeft: 1200,
			ExpiresAt:   now,
		}
	}
	mux := newMux()
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
	ctx, address, trouble := browser(t, mux)

	var heading, title string
	var undisturbed bool
	var clock struct {
		Text    string
		Elapsed float64 // milliseconds since the page was opened
	}
	const status = `document.querySelector("#waiting")`
	run(t, ctx,
		chromedp.Navigate(address+"/waiting"),
		chromedp.Evaluate(`document.querySelector("#waiting a").focus(); `+status+`.mark = true`, nil),
		chromedp.Poll(`document.querySelector(".clock").textContent`, nil),
		chromedp.Evaluate(`({Text: document.querySelector(".clock").textContent, Elapsed: performance.now()})`, &clock),
		chromedp.Poll(`document.querySelector("#waiting-left").textContent.includes("2 minutes")`, nil),
		chromedp.Evaluate(
			status+`.mark === true && document.activeElement.closest("#waiting") !== null`,
			&undisturbed,
		),
		chromedp.Poll(`document.activeElement.tagName === "H1"`, nil),
		chromedp.TextContent("h1", &heading),
		chromedp.Title(&title),
	)
	// The clock begins at 130 seconds, after the page was opened, and is right to the second.
	var minutes, seconds int
	_, err := fmt.Sscanf(clock.Text, "%d:%02d", &minutes, &seconds)
	shown := 60*minutes + seconds
	if least := 129 - int(clock.Elapsed/1000); err != nil || shown > 130 || shown < least {
		t.Errorf("the clock says %q after %v milliseconds", clock.Text, clock.Elapsed)
	}
	if !undisturbed {
		t.Error("a poll that found nothing new moved the reader's place")
	}
	if want := "The time to confirm has run out"; heading != want || title != want+" – Adviceline" {
		t.Errorf("after the end: heading %q, title %q", heading, title)
	}

	countsAtMost(t, &polls, polls.Load(), 1500*time.Millisecond, "polls after the end")
	checkTrouble(t, trouble)
}
