package main

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/a-h/templ"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"central.consent/dar/register/id"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// swapTest fetches a part of a page again, and says what has the focus then and what is announced.
type swapTest struct {
	name string
	page templ.Component
	path string          // of the part
	part templ.Component // nil for a lost network
	from string          // has the focus before; empty for nothing
	keys string          // pressed to fetch the part; empty for a part that is fetched by itself
	then string          // is true after the part has come
	to   string          // has the focus then; empty for nothing
	said string          // is announced once; empty for nothing
}

// A part that is fetched again is announced once. A part that is fetched by itself takes no focus from elsewhere.
func TestFocusAfterEverySwap(t *testing.T) {
	t.Parallel()
	chromium := startBrowser(t)
	for _, test := range append(append(filterSwaps(), deliverySwaps()...), waitingSwaps()...) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			listening := make(chan struct{})
			mux := newMux()
			mux.HandleFunc("/page", serve(test.page))
			mux.HandleFunc(test.path, func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-listening:
				case <-r.Context().Done(): // the test failed, and its server waits for its requests
				}

				if test.part == nil {
					lost(w, r)
				}
				serve(test.part)(w, r)
			})

			ctx, open := window(t, chromium, mux)
			focus := `document.activeElement.blur()`
			if test.from != "" {
				focus = fmt.Sprintf(`document.querySelector(%q).focus()`, test.from)
			}
			run(t, ctx, open("/page"), chromedp.Evaluate(focus, nil), chromedp.Evaluate(listen, nil))
			close(listening)
			if test.keys != "" {
				run(t, ctx, chromedp.KeyEvent(test.keys))
			}

			to := "body"
			if test.to != "" {
				to = test.to
			}

			run(t, ctx, comes(test.then), settled)
			checkFocus(t, ctx, to, test.said)
		})
	}
}

// filterSwaps apply the filter of the list.
func filterSwaps() []swapTest {
	list := func(name string) views.RecordsPage {
		m := demoList()
		m.Page = visit()
		m.MeterPoint = electricity
		m.ReadAt = now
		m.Filter.Name = name
		switch name {
		case "":
		case "bright":
			m.Found = &views.List{Active: m.Active[:1]}
		default:
			m.Found = &views.List{}
		}

		return m
	}
	page := views.Records(list("energy"))
	entries := func(count int) string {
		return fmt.Sprintf(`document.querySelectorAll("#list article").length === %d`, count)
	}

	return []swapTest{
		{
			name: "filter applied",
			page: page,
			path: "/records",
			part: views.RecordsFound(list("bright")),
			from: "#q",
			keys: kb.Enter,
			then: entries(1),
			to:   "#found",
			said: "1 entry of 5",
		},
		{
			name: "nothing found",
			page: page,
			path: "/records",
			part: views.RecordsFound(list("nobody")),
			from: "#q",
			keys: kb.Enter,
			then: `document.activeElement.id === "found"`,
			to:   "#found",
			said: "Nothing on your list fits",
		},
		{
			name: "filter cleared",
			page: page,
			path: "/records",
			part: views.RecordsFound(list("")),
			from: "#q",
			keys: kb.Enter,
			then: entries(5),
			to:   "#found",
			said: "5 entries",
		},
		{
			name: "filter without a network",
			page: page,
			path: "/records",
			from: "#q",
			keys: kb.Enter,
			then: `!document.getElementById("unsent").hidden`,
			to:   "#unsent",
			said: "We could not send this",
		},
	}
}

// deliverySwaps ask again for the delivery status of a withdrawal.
func deliverySwaps() []swapTest {
	const path = "/records/h1/told"
	const link = `#told-h1 a`
	status := func(state views.DeliveryState, poll int) views.DeliveryStatus {
		return views.DeliveryStatus{State: state, At: now, PollSeconds: poll, Again: "#again"}
	}
	part := func(state views.DeliveryState) templ.Component {
		return views.Delivery(views.DeliveryPage{Page: visit(), Record: firstRecord(), Delivery: status(state, 0)})
	}
	page := views.Withdrawn(views.WithdrawnPage{
		Page:       visit(),
		MeterPoint: electricity,
		Record:     firstRecord(),
		At:         now,
		Reference:  "r",
		Delivery:   status(views.DeliveryPending, 1),
	})

	return []swapTest{
		{
			name: "delivered, reader at its link",
			page: page,
			path: path,
			part: part(views.DeliveryDelivered),
			from: link,
			then: `document.querySelector(".told-delivered")`,
			to:   "#told-h1",
			said: "took our notice",
		},
		{
			name: "delivered, reader elsewhere",
			page: page,
			path: path,
			part: part(views.DeliveryDelivered),
			from: "footer a",
			then: `document.querySelector(".told-delivered")`,
			to:   "footer a",
			said: "took our notice",
		},
		{
			name: "pending, and not asked again",
			page: page,
			path: path,
			part: part(views.DeliveryPending),
			from: link,
			then: `document.querySelector("#told-h1").dataset.over`,
			to:   link,
		},
	}
}

// waitingSwaps poll the waiting page.
func waitingSwaps() []swapTest {
	const path = "/waiting/status"
	waiting := func(state views.WaitingState) views.WaitingPage {
		return views.WaitingPage{
			Page:        visit(),
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
	page := views.Waiting(waiting(views.WaitingPending))
	part := func(state views.WaitingState) templ.Component { return views.WaitingStatus(waiting(state)) }
	shows := func(state views.WaitingState) string {
		return fmt.Sprintf(`document.querySelector("#waiting[data-state=%s]")`, state)
	}

	return []swapTest{
		{
			name: "expired, reader at a link of it",
			page: page,
			path: path,
			part: part(views.WaitingExpired),
			from: "#waiting a.button",
			then: shows(views.WaitingExpired),
			to:   "#waiting h1",
			said: "The time to confirm has run out",
		},
		{
			name: "expired, reader elsewhere",
			page: page,
			path: path,
			part: part(views.WaitingExpired),
			from: "footer a",
			then: shows(views.WaitingExpired),
			to:   "footer a",
			said: "The time to confirm has run out",
		},
		{
			name: "declined, nothing has the focus",
			page: page,
			path: path,
			part: part(views.WaitingDeclined),
			then: shows(views.WaitingDeclined),
			said: i18n.For("en").T("waiting.declined.title"),
		},
		{
			name: "wrong code, reader at the quick exit",
			page: page,
			path: path,
			part: part(views.WaitingWrongCode),
			from: "#leave button",
			then: shows(views.WaitingWrongCode),
			to:   "#leave button",
			said: i18n.For("en").T("waiting.wrong-code.title"),
		},
		{
			name: "without a network the waiting page waits",
			page: page,
			path: path,
			from: "#waiting a.button",
			then: `performance.getEntriesByName(location.origin + "/waiting/status").length > 1`,
			to:   "#waiting a.button",
		},
	}
}

// A page that answers a form has the focus on what it says first, with the scripts and without.
func TestFocusOnArrival(t *testing.T) {
	t.Parallel()
	chromium := startBrowser(t)
	for _, test := range arrivals() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			mux := newMux()
			mux.HandleFunc("/page", serve(test.page))
			ctx, open := window(t, chromium, mux)
			for _, script := range []bool{true, false} {
				if !script && test.needsScript {
					continue
				}

				run(t, ctx, emulation.SetScriptExecutionDisabled(!script), open("/page"))
				run(t, ctx, comes(fmt.Sprintf(`document.activeElement.matches(%q)`, test.focus)))
			}
		})
	}
}

type arrival struct {
	name  string
	page  templ.Component
	focus string
	// needsScript is for a page in a frame: browsers let only its script set the focus.
	needsScript bool
}

func arrivals() []arrival {
	p := visit()
	p.SignedIn = false
	noNumber := mistaken(p, "number", "error.number.empty")

	list := demoList()
	list.Page = mistaken(p, "several", "error.several.none")
	list.MeterPoint = electricity

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
	resent := waiting
	resent.Resent = 1
	notSent := resent
	notSent.NotSent = true

	const summary = "#error-summary"

	return []arrival{
		{name: "no number", page: views.Start(views.StartPage{Page: noNumber}), focus: summary},
		{
			name:        "no number, in a frame",
			page:        views.Start(views.StartPage{Page: framed(noNumber)}),
			focus:       summary,
			needsScript: true,
		},
		{
			name: "no way to prove",
			page: views.Prove(views.ProvePage{
				Page:       mistaken(p, "method", "error.prove.none"),
				MeterPoint: electricity,
				Chosen:     magicLink,
			}),
			focus: summary,
		},
		{name: "letter not sent again", page: views.Waiting(notSent), focus: summary},
		{name: "letter sent again", page: views.Waiting(resent), focus: "#resent"},
		{name: "none of several chosen", page: views.Records(list), focus: summary},
		{
			name: "adviser without a yes",
			page: views.Withdraw(views.WithdrawPage{
				Page:       mistaken(p, "yes", "error.adviser.yes"),
				MeterPoint: electricity,
				Record:     joint(),
			}),
			focus: summary,
		},
		{name: "wrong code", page: id.Link(wrongCodePage()), focus: summary},
		{name: "nothing to say at first", page: views.Waiting(waiting), focus: "body"},
	}
}

func wrongCodePage() id.LinkPage {
	return id.LinkPage{
		Page:      id.Page{Text: i18n.For("en"), Other: i18n.For("cy"), OtherHref: "#"},
		Asking:    id.Asking{Org: "Adviceline", Asked: now, Expires: now},
		FormToken: "t",
		Purpose:   id.PurposeList,
		MatchCode: true,
		Mistake:   "id.link.error.code",
		TriesLeft: 2,
	}
}
