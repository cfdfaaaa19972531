package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/register/id"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// page is one page in one state and language, in one operator's brand.
type page struct {
	// Operator is the operator's slug; empty for the product's own look.
	Operator  string
	Name      string
	Lang      string
	Path      string
	Component templ.Component
}

var (
	now         = time.Date(2026, 5, 3, 13, 3, 0, 0, time.UTC)
	electricity = views.MeterPoint{Number: "23 1234 5678 901", Electricity: true}
	gas         = views.MeterPoint{Number: "7654 321 098"}
	magicLink   = views.Method{Name: "magic-link"}
	passkey     = views.Method{Name: "passkey-assert"}
	newPasskey  = views.Method{Name: "passkey-register"}
	errorKinds  = []string{
		"not-found",
		"method",
		"invalid",
		"too-long",
		"media",
		"escape",
		"repeated",
		"forbidden",
		"session-ended",
		"conflict",
		"busy",
		"ticket",
		"no-download",
		"too-often",
		"unavailable",
		"withdraw-failed",
		"internal",
	}
	numberErrors = []string{
		"error.number.empty",
		"error.number.characters",
		"error.number.length",
		"error.number.twice",
	}
)

// ownLook is the gallery without operators.
var ownLook = operators.Operator{
	Brand: views.Brand{
		Name:       "Central Access Register Portal",
		ContactURL: "https://central.consent/contact",
		Phone:      "0808 157 0000",
	},
}

// pages lists every page in every state that differs to the eye, in every language that the operator offers.
func pages(o operators.Operator) []page {
	var all []page
	for _, lang := range o.Brand.Offered() {
		add := func(name string, p views.Page, draw func(views.Page) templ.Component) {
			path := "/" + lang + "/" + strings.ReplaceAll(name, " ", "-")
			if o.Slug != "" {
				path = "/" + o.Slug + path
			}

			p.Text, p.Base, p.Path = i18n.For(lang), "", path
			if p.Adviser {
				p.Text = p.Text.ForAdviser()
			}

			p.Brand = o.Brand.In(lang)
			all = append(all, page{Operator: o.Slug, Name: name, Lang: lang, Path: path, Component: draw(p)})
		}
		stranger := views.Page{}
		visitor := views.Page{FormToken: "t", IdleMinutes: 15}
		customer := views.Page{
			FormToken:      "t",
			IdleMinutes:    15,
			SignedIn:       true,
			SignOutAt:      now.Add(time.Hour),
			SessionSeconds: 3600,
		}
		demo := customer
		demo.Demonstration = true

		add("help", stranger, func(p views.Page) templ.Component { return views.Help(views.HelpPage{Page: p}) })
		add("start", stranger, func(p views.Page) templ.Component { return views.Start(views.StartPage{Page: p}) })
		add(
			"start demonstration",
			views.Page{Demonstration: true},
			func(p views.Page) templ.Component { return views.Start(views.StartPage{Page: p}) },
		)
		add(
			"start signed in",
			customer,
			func(p views.Page) templ.Component { return views.Start(views.StartPage{Page: p}) },
		)
		add("start by link", stranger, func(p views.Page) templ.Component {
			return views.Start(views.StartPage{Page: p, Number: "23 1234 5678 901", Linked: true})
		})
		add("start by link without number", stranger, func(p views.Page) templ.Component {
			return views.Start(views.StartPage{Page: p, NumberNeeded: true})
		})
		for _, key := range numberErrors {
			wrong := views.Page{Errors: []views.FieldError{{Field: "number", Key: key}}}
			add("start "+strings.TrimPrefix(key, "error.number."), wrong, func(p views.Page) templ.Component {
				return views.Start(views.StartPage{Page: p, Number: "12 34x"})
			})
		}

		resent := stranger
		resent.Resend = &views.Resend{
			Action: "/meter",
			Fields: []views.FormField{{Name: "number", Value: "2312345678901"}},
		}
		add("check number", resent, func(p views.Page) templ.Component {
			return views.CheckNumber(views.CheckNumberPage{Page: p, Number: "2312345678901", MeterPoint: electricity})
		})
		add("no record", stranger, func(p views.Page) templ.Component {
			return views.NoRecord(views.NoRecordPage{Page: p, MeterPoint: gas})
		})
		proveDemo := visitor
		proveDemo.Demonstration = true
		add("prove demonstration", proveDemo, func(p views.Page) templ.Component {
			return views.Prove(
				views.ProvePage{
					Page:       p,
					MeterPoint: electricity,
					Chosen:     magicLink,
					Others:     []views.Method{newPasskey},
				},
			)
		})
		add("prove email only", visitor, func(p views.Page) templ.Component {
			return views.Prove(views.ProvePage{Page: p, MeterPoint: electricity, Chosen: magicLink})
		})
		add("prove", visitor, func(p views.Page) templ.Component {
			return views.Prove(
				views.ProvePage{
					Page:       p,
					MeterPoint: electricity,
					Chosen:     passkey,
					Others:     []views.Method{magicLink, newPasskey},
				},
			)
		})
		add("prove cancelled", visitor, func(p views.Page) templ.Component {
			return views.Prove(
				views.ProvePage{
					Page:       p,
					MeterPoint: electricity,
					Chosen:     magicLink,
					Others:     []views.Method{passkey, newPasskey},
					Cancelled:  true,
				},
			)
		})
		for _, key := range []string{"none", "magic-link", "passkey-assert", "passkey-register", "only", "twice"} {
			wrong := visitor
			wrong.Errors = []views.FieldError{{Field: "method", Key: "error.prove." + key}}
			add("prove wrong "+key, wrong, func(p views.Page) templ.Component {
				return views.Prove(
					views.ProvePage{
						Page:       p,
						MeterPoint: electricity,
						Chosen:     passkey,
						Others:     []views.Method{magicLink},
					},
				)
			})
		}

		waiting := views.WaitingPage{
			MeterPoint:  electricity,
			Method:      magicLink,
			State:       views.WaitingPending,
			SentTo:      "c*****r@example.com",
			MatchCode:   "7KQ4",
			ExpiresAt:   now.Add(15 * time.Minute),
			SecondsLeft: 872,
			ResendsLeft: 3,
			PollSeconds: 4,
			PollingLeft: 1200,
		}
		wait := func(name string, p views.Page, change func(*views.WaitingPage)) {
			m := waiting
			change(&m)
			add("waiting "+name, p, func(p views.Page) templ.Component { m.Page = p; return views.Waiting(m) })
		}
		demoVisitor := visitor
		demoVisitor.Demonstration = true
		wait("email", visitor, func(*views.WaitingPage) {})
		wait("email somewhere", visitor, func(m *views.WaitingPage) { m.SentTo, m.SecondsLeft = "", 40 })
		wait("email just sent", visitor, func(m *views.WaitingPage) { m.ResendSeconds = 30 })
		wait(
			"email sent again",
			visitor,
			func(m *views.WaitingPage) { m.Resent, m.ResendsLeft, m.ResendSeconds = 1, 2, 30 },
		)
		wait("email sent again too soon", visitor, func(m *views.WaitingPage) { m.ResendSeconds, m.NotSent = 12, true })
		wait("email sent for the last time", visitor, func(m *views.WaitingPage) { m.Resent, m.ResendsLeft = 3, 0 })
		wait("email for long", visitor, func(m *views.WaitingPage) { m.PollingLeft, m.SecondsLeft = 0, 0 })
		wait("passkey", visitor, func(m *views.WaitingPage) {
			m.Method, m.PasskeyURL, m.MatchCode = passkey, "https://id.example/passkey", ""
		})
		wait("passkey in a new tab", visitor, func(m *views.WaitingPage) {
			m.Method, m.PasskeyURL, m.NewTab = passkey, "https://id.example/passkey", true
		})
		wait("new passkey", visitor, func(m *views.WaitingPage) { m.Method = newPasskey })
		wait("demonstration", demoVisitor, func(*views.WaitingPage) {})
		wait("expired", visitor, func(m *views.WaitingPage) { m.State = views.WaitingExpired })
		wait("wrong code", visitor, func(m *views.WaitingPage) { m.State = views.WaitingWrongCode })
		wait("cancelled", visitor, func(m *views.WaitingPage) { m.State = views.WaitingCancelled })
		wait("gone", visitor, func(m *views.WaitingPage) { m.State = views.WaitingGone })
		wait("lost", visitor, func(m *views.WaitingPage) { m.State = views.WaitingLost })
		wait("declined", visitor, func(m *views.WaitingPage) { m.State = views.WaitingDeclined })

		list := func(name string, p views.Page, m views.RecordsPage) {
			if m.MeterPoint == (views.MeterPoint{}) {
				m.MeterPoint = electricity
			}
			m.ReadAt = now
			add("records "+name, p, func(p views.Page) templ.Component { m.Page = p; return views.Records(m) })
		}
		list("demo", demo, demoList())
		list(
			"every kind",
			customer,
			views.RecordsPage{
				Discovered: []views.Discovered{acme(), newcomer()},
				Active:     everyKind(),
				Ended:      everyEnd(),
			},
		)
		list("none discovered", customer, views.RecordsPage{Active: demoList().Active, Ended: demoList().Ended})
		list("only discovered", customer, views.RecordsPage{Discovered: []views.Discovered{acme()}})
		filtered := func(state, reason, name string, found views.List) views.RecordsPage {
			m := many(200)
			m.Filter, m.Found = views.Filter{State: state, Reason: reason, Name: name}, &found
			return m
		}
		list(
			"200 filtered",
			customer,
			filtered("can-see", "you-said-yes", "bright", views.List{Active: many(200).Active[:2]}),
		)
		list("200 no match", customer, filtered("", "", "Nobody Ltd", views.List{}))
		wrong := customer
		wrong.Errors = []views.FieldError{{Field: "several", Key: "error.several.none"}}
		list("several none", wrong, demoList())
		list("none", customer, views.RecordsPage{MeterPoint: gas})
		list("long names", customer, longNames())
		list("one", customer, views.RecordsPage{Active: demoList().Active[:1]})
		changed := demoList().Active[:1]
		changed[0].Changes = []views.Change{
			{
				At:       day(2026, 4, 2),
				Added:    types(views.DataHalfHourlyExport, views.DataPriceOfUse),
				Purpose:  "Energy efficiency analysis",
				EndMoved: true,
				Until:    day(2026, 11, 10),
			},
			{
				At:           day(2025, 6, 30),
				Removed:      types(views.DataMonthlyUse),
				Organisation: "Bright Savings Ltd",
				Basis:        views.BasisContract,
				EndMoved:     true,
			},
		}
		list("changed", customer, views.RecordsPage{Active: changed})
		list("200", customer, many(200))

		sent := demoList()
		sent.Return = &views.ReturnLink{Host: "app.bright-energy.com", URL: "https://app.bright-energy.com/energy"}
		list("by link", customer, sent)

		whys := []string{"changed-my-mind", "no-longer-needed", "something-else"}
		consent := demoList().Active[0]
		add("withdraw", customer, func(p views.Page) templ.Component {
			return views.Withdraw(views.WithdrawPage{Page: p, MeterPoint: electricity, Record: consent, Whys: whys})
		})
		add("withdraw joint", customer, func(p views.Page) templ.Component {
			return views.Withdraw(views.WithdrawPage{Page: p, MeterPoint: electricity, Record: joint(), Whys: whys})
		})
		tolds := map[views.ToldState]views.Told{
			views.ToldDelivered:   {State: views.ToldDelivered, At: now.Add(2 * time.Second)},
			views.ToldPending:     {State: views.ToldPending, Again: "#", PollSeconds: 5},
			views.ToldUndelivered: {State: views.ToldUndelivered, At: now},
			views.ToldNone:        {State: views.ToldNone},
			views.ToldUnknown:     {State: views.ToldUnknown, Again: "#"},
		}
		const reference = "tid_5f2b8c1d9e3a4b6c7d8e9f01"
		for _, state := range []views.ToldState{views.ToldDelivered, views.ToldPending, views.ToldUndelivered, views.ToldNone, views.ToldUnknown} {
			add("withdrawn "+string(state), customer, func(p views.Page) templ.Component {
				return views.Withdrawn(
					views.WithdrawnPage{
						Page:       p,
						MeterPoint: electricity,
						Record:     consent,
						At:         now,
						Reference:  reference,
						Told:       tolds[state],
					},
				)
			})
		}

		add("withdrawn joint", customer, func(p views.Page) templ.Component {
			return views.Withdrawn(
				views.WithdrawnPage{
					Page:       p,
					MeterPoint: electricity,
					Record:     joint(),
					At:         now,
					Reference:  reference,
					Told:       tolds[views.ToldPending],
				},
			)
		})
		add("withdrawn by link", customer, func(p views.Page) templ.Component {
			return views.Withdrawn(
				views.WithdrawnPage{
					Page:       p,
					MeterPoint: electricity,
					Record:     consent,
					At:         now,
					Reference:  reference,
					Told:       tolds[views.ToldDelivered],
					Return: &views.ReturnLink{
						Host: "app.bright-energy.com",
						URL:  "https://app.bright-energy.com/energy?dar-action=withdrawn",
					},
				},
			)
		})
		framed := customer
		framed.Framed = &views.Framed{Origins: []string{"https://www.example.org"}}
		add(
			"framed start",
			views.Page{Framed: framed.Framed},
			func(p views.Page) templ.Component { return views.Start(views.StartPage{Page: p}) },
		)
		list("framed", framed, demoList())
		add("framed withdraw", framed, func(p views.Page) templ.Component {
			return views.LeaveFrame(views.LeaveFramePage{Page: p, MeterPoint: electricity, Record: consent})
		})
		add("framed withdraw without scripts", framed, func(p views.Page) templ.Component {
			return views.LeaveFrame(
				views.LeaveFramePage{Page: p, MeterPoint: electricity, Record: consent, TicketURL: "/portal/ticket"},
			)
		})
		add(
			"framed no cookies",
			views.Page{Framed: framed.Framed},
			func(p views.Page) templ.Component { return views.NoCookies(views.NoCookiesPage{Page: p}) },
		)
		add(
			"ticket",
			stranger,
			func(p views.Page) templ.Component { return views.Ticket(views.TicketPage{Page: p, Token: "t"}) },
		)
		idle := stranger
		helped := customer
		helpedVisitor := visitor
		idle.Adviser, helped.Adviser, helpedVisitor.Adviser = true, true, true
		add(
			"adviser sign in",
			stranger,
			func(p views.Page) templ.Component { return views.AdviserSignIn(views.AdviserSignInPage{Page: p}) },
		)
		wrongCode := views.Page{Errors: []views.FieldError{{Field: "secret", Key: "error.adviser.secret"}}}
		add(
			"adviser wrong code",
			wrongCode,
			func(p views.Page) templ.Component { return views.AdviserSignIn(views.AdviserSignInPage{Page: p}) },
		)
		add("adviser start", idle, func(p views.Page) templ.Component { return views.Start(views.StartPage{Page: p}) })
		noNumber := idle
		noNumber.Errors = []views.FieldError{{Field: "number", Key: "error.number.empty"}}
		add(
			"adviser start empty",
			noNumber,
			func(p views.Page) templ.Component { return views.Start(views.StartPage{Page: p}) },
		)
		helpedAgain := idle
		helpedAgain.Resend = resent.Resend
		add("adviser check number", helpedAgain, func(p views.Page) templ.Component {
			return views.CheckNumber(views.CheckNumberPage{Page: p, Number: "2312345678901", MeterPoint: electricity})
		})
		add("adviser no record", idle, func(p views.Page) templ.Component {
			return views.NoRecord(views.NoRecordPage{Page: p, MeterPoint: gas})
		})
		add("adviser help", idle, func(p views.Page) templ.Component { return views.Help(views.HelpPage{Page: p}) })
		add("adviser prove", helpedVisitor, func(p views.Page) templ.Component {
			return views.Prove(
				views.ProvePage{Page: p, MeterPoint: electricity, Chosen: magicLink, Others: []views.Method{passkey}},
			)
		})
		add("adviser prove by passkey only", helpedVisitor, func(p views.Page) templ.Component {
			return views.Prove(views.ProvePage{Page: p, MeterPoint: electricity, Chosen: passkey})
		})
		for _, key := range []string{"none", "magic-link", "passkey-assert", "only", "twice"} {
			wrong := helpedVisitor
			wrong.Errors = []views.FieldError{{Field: "method", Key: "error.prove." + key}}
			add("adviser prove wrong "+key, wrong, func(p views.Page) templ.Component {
				return views.Prove(
					views.ProvePage{
						Page:       p,
						MeterPoint: electricity,
						Chosen:     magicLink,
						Others:     []views.Method{passkey},
					},
				)
			})
		}

		wait("adviser", helpedVisitor, func(*views.WaitingPage) {})
		wait(
			"adviser sent again",
			helpedVisitor,
			func(m *views.WaitingPage) { m.SentTo, m.Resent, m.ResendsLeft, m.ResendSeconds = "", 1, 2, 30 },
		)
		wait(
			"adviser sent for the last time",
			helpedVisitor,
			func(m *views.WaitingPage) { m.Resent, m.ResendsLeft = 3, 0 },
		)
		wait("adviser for long", helpedVisitor, func(m *views.WaitingPage) { m.PollingLeft, m.SecondsLeft = 0, 0 })
		wait("adviser passkey", helpedVisitor, func(m *views.WaitingPage) {
			m.Method, m.PasskeyURL, m.NewTab = passkey, "https://id.example/passkey", true
		})
		helpedDemo := helpedVisitor
		helpedDemo.Demonstration = true
		wait("adviser demonstration", helpedDemo, func(*views.WaitingPage) {})
		for _, state := range []views.WaitingState{views.WaitingExpired, views.WaitingDeclined, views.WaitingWrongCode, views.WaitingLost, views.WaitingGone} {
			wait("adviser "+string(state), helpedVisitor, func(m *views.WaitingPage) { m.State = state })
		}

		list("with an adviser", helped, demoList())
		helpedWrong := helped
		helpedWrong.Errors = []views.FieldError{{Field: "customer-yes", Key: "error.adviser.yes"}}
		add("adviser withdraw", helped, func(p views.Page) templ.Component {
			return views.Withdraw(views.WithdrawPage{Page: p, MeterPoint: electricity, Record: consent, Whys: whys})
		})
		add("adviser withdraw without a yes", helpedWrong, func(p views.Page) templ.Component {
			return views.Withdraw(
				views.WithdrawPage{
					Page:       p,
					MeterPoint: electricity,
					Record:     consent,
					Whys:       whys,
					Why:        "no-longer-needed",
				},
			)
		})
		for _, state := range []views.ToldState{views.ToldDelivered, views.ToldPending, views.ToldUndelivered, views.ToldNone, views.ToldUnknown} {
			add("adviser withdrawn "+string(state), helped, func(p views.Page) templ.Component {
				return views.Withdrawn(
					views.WithdrawnPage{
						Page:       p,
						MeterPoint: electricity,
						Record:     consent,
						At:         now,
						Reference:  reference,
						Told:       tolds[state],
					},
				)
			})
		}

		add(
			"adviser signed out",
			idle,
			func(p views.Page) templ.Component { return views.SignedOut(views.SignedOutPage{Page: p}) },
		)
		for _, kind := range []string{"session-ended", "too-long", "no-download"} {
			add(
				"adviser error "+kind,
				idle,
				func(p views.Page) templ.Component { return views.Error(views.ErrorPage{Page: p, Kind: kind}) },
			)
		}

		add("adviser error withdraw-failed", helped, func(p views.Page) templ.Component {
			return views.Error(views.ErrorPage{Page: p, Kind: "withdraw-failed", Reference: reference})
		})
		add("adviser error too-often waiting", helpedVisitor, func(p views.Page) templ.Component {
			return views.Error(views.ErrorPage{Page: p, Kind: "too-often", WaitSeconds: 75, Waiting: true})
		})
		handover := views.HandoverPage{
			MeterPoint: views.MeterPoint{Number: "901", Electricity: true},
			ReadAt:     now,
			PortalURL:  "https://energy.example.org/portal",
			Discovered: demoList().Discovered,
			Active:     demoList().Active,
			Ended:      demoList().Ended,
		}
		add(
			"adviser handover nothing stopped",
			helped,
			func(p views.Page) templ.Component { m := handover; m.Page = p; return views.Handover(m) },
		)
		add("adviser handover", helped, func(p views.Page) templ.Component {
			m := handover
			m.Page, m.Stopped = p, []views.Receipt{{Record: consent, At: now, Reference: reference}}
			m.Active, m.Ended = handover.Active[1:], append([]views.Record{consent}, handover.Ended...)
			return views.Handover(m)
		})
		add(
			"elsewhere",
			stranger,
			func(p views.Page) templ.Component { return views.Elsewhere(views.ElsewherePage{Page: p}) },
		)
		add("error too-often waiting", visitor, func(p views.Page) templ.Component {
			return views.Error(views.ErrorPage{Page: p, Kind: "too-often", WaitSeconds: 75, Waiting: true})
		})
		add("error too-often proving", visitor, func(p views.Page) templ.Component {
			return views.Error(views.ErrorPage{Page: p, Kind: "too-often", WaitSeconds: 26 * 60, Proving: true})
		})
		add("accessibility", stranger, func(p views.Page) templ.Component {
			return views.Accessibility(views.AccessibilityPage{Page: p, Prepared: now})
		})
		flux := demoList().Active[1]
		add("several", customer, func(p views.Page) templ.Component {
			return views.Several(
				views.SeveralPage{
					Page:       p,
					MeterPoint: electricity,
					Records:    []views.Record{consent, flux, joint()},
					Whys:       whys,
				},
			)
		})
		stopped := []views.Outcome{
			{Record: consent, At: now, Reference: reference, Told: tolds[views.ToldDelivered]},
			{Record: flux, At: now, Reference: "tid_5f2b8c1d9e3a4b6c7d8e9f02", Told: tolds[views.ToldPending]},
		}
		failed := []views.Outcome{
			{Record: joint(), Failure: "unanswered"},
			{Record: everyKind()[2], Failure: "refused"},
			{Record: everyKind()[5], Failure: "over"},
		}
		stop := func(name string, outcomes []views.Outcome) {
			add("stopped "+name, customer, func(p views.Page) templ.Component {
				return views.Stopped(views.StoppedPage{Page: p, MeterPoint: electricity, Outcomes: outcomes})
			})
		}
		stop("all", stopped)
		stop("some", append(failed[:3:3], stopped[1]))
		stop("none", failed[:1])
		letter := func(kind string, m views.LetterPage) {
			m.Kind, m.Day, m.MeterPoint = kind, now, electricity
			name := "letter " + kind
			if m.WithNumber {
				name += " with number"
			}

			add(name, customer, func(p views.Page) templ.Component { m.Page = p; return views.Letter(m) })
		}
		for _, i := range []int{1, 3, 4, 7, 9} {
			r := everyKind()[i]
			letter(string(r.Basis), views.LetterPage{Record: r})
		}

		letter("consent", views.LetterPage{Record: joint()})
		letter("elsewhere", views.LetterPage{Record: everyKind()[8], WithNumber: true})
		letter("earlier", views.LetterPage{Record: everyKind()[10]})
		letter("delete", views.LetterPage{Record: everyEnd()[0], StoppedReference: reference})
		letter("discovered", views.LetterPage{Discovered: acme(), WithNumber: true})
		add(
			"signed out",
			stranger,
			func(p views.Page) templ.Component { return views.SignedOut(views.SignedOutPage{Page: p}) },
		)
		for _, kind := range errorKinds {
			who := stranger
			reference := ""
			if kind == "withdraw-failed" || kind == "conflict" {
				who = customer
			}

			field := ""
			if kind == "repeated" {
				field = "confirmed"
			}
			if kind == "internal" || kind == "unavailable" || kind == "withdraw-failed" {
				reference = "7F3K-29QM"
			}

			add("error "+kind, who, func(p views.Page) templ.Component {
				return views.Error(
					views.ErrorPage{Page: p, Kind: kind, Reference: reference, Field: field, WaitSeconds: 3600},
				)
			})
		}

		if o.Slug == "" {
			all = append(all, idPages(lang)...) // which have no operator's look
		}
	}

	return all
}

// idPages are the register's own, on the id origin.
func idPages(lang string) []page {
	var all []page
	add := func(name string, draw func(id.Page) templ.Component) {
		name = "id " + name
		slug := "/" + strings.ReplaceAll(name, " ", "-")
		other := i18n.Languages()[0]
		if other == lang {
			other = i18n.Languages()[1]
		}

		p := id.Page{Text: i18n.For(lang), Other: i18n.For(other), OtherHref: "/" + other + slug}
		all = append(all, page{Name: name, Lang: lang, Path: "/" + lang + slug, Component: draw(p)})
	}
	asking := id.Asking{
		Org:         "Central Access Register Portal",
		MeterEnding: "901",
		Asked:       now,
		Expires:     now.Add(15 * time.Minute),
	}

	link := func(name string, change func(*id.LinkPage)) {
		add("link"+name, func(p id.Page) templ.Component {
			m := id.LinkPage{Page: p, Asking: asking, FormToken: "t", Purpose: id.PurposeList, TriesLeft: 2}
			change(&m)
			return id.Link(m)
		})
	}
	link("", func(*id.LinkPage) {})
	link(" code", func(m *id.LinkPage) { m.MatchCode = true })
	for _, mistake := range []string{"empty", "form-of-code", "code", "form"} {
		link(" wrong "+mistake, func(m *id.LinkPage) { m.MatchCode, m.Mistake = true, "id.link.error."+mistake })
	}

	link(" shown code", func(m *id.LinkPage) { m.ShownCode = "K7QX" })
	link(" shown code empty", func(m *id.LinkPage) { m.ShownCode, m.Mistake = "K7QX", "id.link.error.shown" })
	link(" declined", func(m *id.LinkPage) { m.ShownCode, m.Declined = "K7QX", true })
	link(" customer", func(m *id.LinkPage) {
		m.Org, m.Gas, m.Purpose = "Bright Energy Ltd", true, id.PurposeCustomer
	})
	link(" passkey", func(m *id.LinkPage) { m.Purpose = id.PurposePasskey })
	add("confirmed", func(p id.Page) templ.Component {
		return id.Confirmed(id.ConfirmedPage{Page: p, Org: asking.Org, PasskeyHref: "#"})
	})

	assert := func(name string, change func(*id.AssertPage)) {
		add("passkey"+name, func(p id.Page) templ.Component {
			m := id.AssertPage{
				Page:      p,
				Asking:    asking,
				FormToken: "t",
				Purpose:   id.PurposeList,
				BackHref:  "https://portal.example/back",
			}
			change(&m)
			return id.Assert(m)
		})
	}
	assert("", func(*id.AssertPage) {})
	assert(" code", func(m *id.AssertPage) { m.MatchCode, m.BackHref = true, "" })
	assert(" customer", func(m *id.AssertPage) {
		m.Org, m.Gas, m.Purpose = "Bright Energy Ltd", true, id.PurposeCustomer
	})

	enrol := func(name string, change func(*id.EnrolPage)) {
		add("new passkey"+name, func(p id.Page) templ.Component {
			m := id.EnrolPage{
				Page:      p,
				Asking:    asking,
				FormToken: "t",
				Name:      p.Text.T("id.passkey.device.android"),
				Confirmed: true,
				BackHref:  "#",
			}
			change(&m)
			return id.Enrol(m)
		})
	}
	enrol("", func(*id.EnrolPage) {})
	enrol(" another", func(m *id.EnrolPage) {
		m.Passkeys = []id.Passkey{
			{Name: "iPhone", Added: day(2026, 1, 14)},
			{Name: "Windows computer in the kitchen of the upper floor", Added: day(2026, 4, 30)},
		}
	})
	enrol(" for a data user", func(m *id.EnrolPage) {
		m.Org, m.Confirmed, m.BackHref = "Bright Energy Ltd", false, "https://bright.example/back"
	})
	enrol(" for a data user code", func(m *id.EnrolPage) {
		m.Org, m.Confirmed, m.MatchCode, m.BackHref = "Bright Energy Ltd", false, true, ""
	})

	for _, reason := range []id.Reason{
		id.EndDead, id.EndDeclined, id.EndSoftDeclined, id.EndWrongCode, id.EndBusy,
		id.EndNotFound, id.EndRefused, id.EndFailed,
		id.EndPasskeyDead, id.EndPasskeyDeclined, id.EndShown, id.EndEnrolled, id.EndMailed,
	} {
		add("end "+string(reason), func(p id.Page) templ.Component {
			m := id.EndPage{Page: p, Reason: reason}
			if reason == id.EndFailed || reason == id.EndRefused {
				m.Reference = "tid_5f2b8c1d9e3a4b6c7d8e9f01"
			}
			return id.End(m)
		})
	}

	return all
}

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 12, 0, 0, 0, time.UTC)
}

func types(keys ...string) []views.DataType {
	var all []views.DataType
	for _, key := range keys {
		all = append(all, views.DataType{Key: key})
	}
	return all
}

func sole(handle, name, host string, basis views.Basis, purpose string) views.Record {
	return views.Record{
		Handle:       handle,
		Organisation: name,
		Arrangement:  "sole",
		State:        views.RecordActive,
		Basis:        basis,
		Purpose:      purpose,
		Controllers: []views.Controller{
			{
				Name:       name,
				Role:       "sole",
				ContactURL: "https://" + host + "/contact",
				PrivacyURL: "https://" + host + "/your-rights",
			},
		},
		DataTypes:   types(views.DataHalfHourlyUse),
		Notices:     []views.Notice{{URL: "https://" + host + "/privacy", Version: "v1.0"}},
		Since:       day(2024, 1, 14),
		CanWithdraw: basis == views.BasisConsent || basis == views.BasisExplicitConsent,
	}
}

func acme() views.Discovered {
	return views.Discovered{
		Organisation: "Acme Energy Services Ltd",
		Reference:    "SEC-OU-00429",
		FirstSeen:    day(2024, 6, 1),
		LastSeen:     day(2026, 2, 28),
		DataTypes:    types(views.DataHalfHourlyUse),
	}
}

func newcomer() views.Discovered {
	return views.Discovered{
		Organisation: "Penrhyn Data Services",
		Reference:    "SEC-OU-00511",
		FirstSeen:    day(2026, 4, 30),
		DataTypes:    types(views.DataYearlyUse, views.DataOther),
	}
}

// demoList is what the published demo set shows.
func demoList() views.RecordsPage {
	bright := sole(
		"b1",
		"Bright Energy Ltd",
		"bright-energy.com",
		views.BasisConsent,
		"Energy efficiency analysis and tariff recommendations",
	)
	bright.DataTypes = types(views.DataHalfHourlyUse, views.DataHalfHourlyExport, views.DataPriceOfUse)
	bright.Since, bright.Until = day(2023, 11, 7), day(2027, 11, 10)
	bright.Notices[0].Version = "v3.2"
	bright.Storage = &views.Storage{Country: "GB", Retention: "P2Y"}
	flux := sole(
		"o1",
		"OctopusFlux Ltd",
		"octopusflux.com",
		views.BasisConsent,
		"Flexible tariff optimisation and demand forecasting",
	)
	flux.Until = day(2028, 1, 14)
	northern := sole(
		"n1",
		"Northern Networks plc",
		"northernnetworks.co.uk",
		views.BasisPublicTask,
		"Statutory network safety and capacity monitoring",
	)
	northern.DataTypes = types(views.DataHalfHourlyUse, views.DataHalfHourlyExport)
	northern.Reference, northern.Notices = "Energy Act 2023, s.147", nil
	green := sole(
		"g1",
		"GreenSwitch Analytics",
		"greenswitch.io",
		views.BasisConsent,
		"Annual consumption benchmarking and carbon reporting",
	)
	green.State, green.CanWithdraw, green.Since, green.EndedAt = views.RecordExpired, false, day(
		2022,
		3,
		3,
	), day(
		2024,
		3,
		3,
	)
	green.DataTypes = types(views.DataYearlyUse)

	return views.RecordsPage{
		Discovered: []views.Discovered{acme()},
		Active:     []views.Record{bright, flux, northern},
		Ended:      []views.Record{green},
	}
}

func joint() views.Record {
	r := sole("j1", "Menai Homes", "menaihomes.example", views.BasisConsent, "Advice on heating for tenants")
	r.Arrangement = "joint"
	r.Controllers[0].Role = "lead"
	r.Controllers = append(
		r.Controllers,
		views.Controller{
			Name:       "Eryri Heat Pumps",
			Role:       "joint",
			ContactURL: "https://eryri.example/contact",
			PrivacyURL: "https://eryri.example/rights",
		},
		views.Controller{Name: "Ogwen Community Trust", Role: "joint", ContactURL: "https://ogwen.example/contact"},
	)
	r.Notices = []views.Notice{
		{Controller: "Menai Homes", URL: "https://menaihomes.example/privacy", Version: "4"},
		{Controller: "Eryri Heat Pumps", URL: "https://eryri.example/privacy", Version: "2025-02"},
		{Controller: "Ogwen Community Trust", URL: "https://ogwen.example/privacy", Version: "1"},
	}
	r.DataUser, r.Storage = "MeterBridge Services Ltd", &views.Storage{Country: "IE", Retention: "P1Y6M"}

	return r
}

// everyKind is one record of each ground, arrangement and state that an active record can have.
func everyKind() []views.Record {
	group := sole(
		"a2",
		"Severn Power Retail",
		"severn.example",
		views.BasisContract,
		"Bills from what you use, and a price for each half hour",
	)
	group.Arrangement, group.Controllers[0].Role = "group", "lead"
	group.Controllers = append(
		group.Controllers,
		views.Controller{Name: "Severn Power Metering", Role: "member", ContactURL: "https://metering.severn.example"},
	)
	group.DataTypes = types(
		views.DataHalfHourlyUse,
		views.DataMonthlyUse,
		views.DataPriceOfUse,
		views.DataPriceOfExport,
	)
	explicit := sole(
		"a3",
		"Cwtch Care Monitoring",
		"cwtch.example",
		views.BasisExplicitConsent,
		"Rhybudd i’r teulu os bydd y defnydd yn newid",
	)
	explicit.Language = "cy"
	obligation := sole(
		"a4",
		"Settlement Office",
		"settlement.example",
		views.BasisLegalObligation,
		"Settling what suppliers owe each other",
	)
	obligation.Reference = "Balancing and Settlement Code, section S"
	interests := sole(
		"a5",
		"Tyne Forecasting",
		"tyne.example",
		views.BasisLegitimateInterests,
		"Forecasts of demand for one street at a time",
	)
	interests.DataTypes = types(
		views.DataMonthlyUse,
		views.DataMonthlyExport,
		views.DataYearlyUse,
		views.DataYearlyExport,
	)
	soon := sole("a6", "Bright Energy Ltd", "bright-energy.com", views.BasisConsent, "A comparison of tariffs, once")
	soon.State, soon.Until = views.RecordEndingSoon, day(2026, 5, 20)
	twin := sole(
		"a7",
		"Bright Energy Ltd",
		"bright-energy.com",
		views.BasisConsent,
		"Energy efficiency analysis and tariff recommendations",
	)
	twin.Changes = []views.Change{{At: day(2026, 4, 2), EndMoved: true}}
	lapsing := sole(
		"a8",
		"Humber Grid",
		"humber.example",
		views.BasisPublicTask,
		"Planning where the network needs work",
	)
	lapsing.State, lapsing.Until = views.RecordEndingSoon, day(2026, 5, 9)
	elsewhere := sole("a9", "Solent Solar Club", "solent.example", views.BasisConsent, "A map of rooftop power")
	elsewhere.CanWithdraw, elsewhere.DataTypes = false, types(views.DataHalfHourlyExport)
	elsewhere.Controllers[0].PrivacyURL = ""
	earlier := sole(
		"a11",
		"Mersey Meter Club",
		"mersey.example",
		views.BasisConsent,
		"A prize for the street that saves most",
	)
	earlier.Earlier = true
	other := sole("a10", "Fenland Research", "fenland.example", views.BasisOther, "A study of insulation")

	return []views.Record{
		joint(),
		group,
		explicit,
		obligation,
		interests,
		soon,
		twin,
		lapsing,
		elsewhere,
		other,
		earlier,
	}
}

func everyEnd() []views.Record {
	stopped := joint()
	stopped.Handle = "e1"
	stopped.State, stopped.CanWithdraw, stopped.EndedAt = views.RecordStopped, false, day(2026, 5, 3)
	closed := sole(
		"e2",
		"Calder Insulation",
		"calder.example",
		views.BasisContract,
		"Checking that a grant was well spent",
	)
	closed.Changes = []views.Change{{At: day(2025, 4, 2), Added: types(views.DataHalfHourlyUse)}}
	closed.State, closed.EndedAt, closed.Reference = views.RecordClosed, day(2025, 12, 31), "Grant scheme 12"

	return append([]views.Record{stopped, closed}, demoList().Ended...)
}

func longNames() views.RecordsPage {
	m := demoList()
	long := "The Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch Community Energy and Retrofit Co-operative Society Limited"
	m.Discovered[0].Organisation = long
	m.Active[0].Organisation, m.Active[0].Controllers[0].Name = long, long
	m.Active[0].Purpose = strings.Repeat("Averyveryverylongwordwithoutanyspace", 4) + " and more"
	m.Ended[0].Organisation, m.Ended[0].Controllers[0].Name = long, long

	return m
}

func many(n int) views.RecordsPage {
	m := demoList()
	m.States = []views.Option{
		{Slug: "seen", Key: "filter.state.seen", Count: 1},
		{Slug: "can-see", Key: "filter.state.can-see", Count: 198},
		{Slug: "ending-soon", Key: "filter.state.ending-soon", Count: 40},
		{Slug: "ended", Key: "filter.state.ended", Count: 1},
	}
	m.Reasons = []views.Option{
		{Slug: "you-said-yes", Key: "records.basis.consent", Count: 82},
		{Slug: "public-duty", Key: "records.basis.public-task", Count: 21},
		{Slug: "none-given", Key: "records.discovered.badge", Count: 1},
	}
	kinds := everyKind()
	for i := range n - 5 {
		r := kinds[i%len(kinds)]
		r.Handle = fmt.Sprintf("m%d", i)
		r.Organisation = fmt.Sprintf("%s %d", r.Organisation, i+1)
		m.Active = append(m.Active, r)
	}

	slices.SortStableFunc(m.Active, func(a, b views.Record) int {
		switch {
		case a.CanWithdraw == b.CanWithdraw:
			return 0
		case a.CanWithdraw:
			return -1
		}

		return 1
	})
	return m
}
