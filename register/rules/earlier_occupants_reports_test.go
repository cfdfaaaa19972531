package rules_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// report is a report of a change of tenancy.
type report struct {
	day       string
	at        time.Time
	withdrawn bool
	disputed  bool
	upheld    bool
}

func (r *report) String() string {
	switch {
	case r.withdrawn:
		return "withdrawn " + r.day
	case r.disputed && !r.upheld:
		return "disputed " + r.day
	}

	return r.day
}

func (h *history) report(day string) {
	prepared := must(h.PrepareTenancyChange("dcc", registerclient.ChangeOfTenancyRequest{
		MPxN:            h.mpxn,
		EffectiveDate:   registerclient.Date(day),
		SourceReference: fmt.Sprint("COT-", len(h.reports)),
	}))(h.tb)
	h.house.change(h.tb, func(tx *store.Tx) error {
		_, err := h.ReportTenancyChange(h.tb.Context(), tx, prepared)

		return err
	})
	added := &report{day: day, at: h.Now()}
	for _, r := range h.reports {
		if r.day == day && !r.withdrawn && day <= dayOf(h.Now()) {
			added.disputed = r.disputed
			added.upheld = r.upheld
		}
	}
	h.reports = append(h.reports, added)
}

// disputeReport lets a person who was asked say that they live here still.
func (h *history) disputeReport() {
	if len(h.questions) == 0 {
		return
	}

	letter := pick(h, "question", h.questions)
	secret, _ := replyTo(h.tb, letter)
	opened, err := h.OpenLetter(h.tb.Context(), secret)
	if err != nil {
		return
	}
	if err := h.answer(h.tb, letter, true); err != nil {
		h.draw.Fatalf("an open question cannot be answered: %v", err)
	}

	for _, r := range h.reports {
		if r.day == dayOf(opened.At) && !r.withdrawn {
			r.disputed = true
		}
	}
}

func (h *history) upholdReport() {
	chosen := pick(h, "report", h.reports)
	if chosen == nil || !chosen.disputed || chosen.upheld || chosen.withdrawn {
		return
	}

	h.decide(chosen, h.UpholdTenancyChange)
	for _, r := range h.reports {
		if r.day == chosen.day && !r.withdrawn {
			r.upheld = true
		}
	}
}

func (h *history) withdrawReport() {
	if chosen := pick(h, "report", h.reports); chosen != nil {
		h.withdraw(chosen)
	}
}

func (h *history) withdraw(chosen *report) {
	chosen.withdrawn = true
	h.decide(chosen, h.WithdrawTenancyChange)
}

// decide lets an administrator decide about a report.
func (h *history) decide(
	chosen *report,
	as func(ctx context.Context, tx *store.Tx, by, cot string) (registerclient.ChangeOfTenancy, error),
) {
	reference := fmt.Sprint("COT-", slices.Index(h.reports, chosen))
	for _, change := range must(h.ListTenancyChanges(h.tb.Context(), "admin", h.mpxn))(h.tb) {
		if change.SourceReference == reference {
			h.house.change(h.tb, func(tx *store.Tx) error {
				_, err := as(h.tb.Context(), tx, "admin", change.COT)

				return err
			})
		}
	}
}

// inForce returns whether a report of the change is in force, and whether any other is.
func (h *history) inForce() (isTrue, isFalse bool) {
	for _, r := range h.reports {
		if r.withdrawn || r.day > dayOf(h.Now()) {
			continue
		}

		if r.day == dayOf(h.change) {
			isTrue = true
		} else {
			isFalse = true
		}
	}

	return isTrue, isFalse
}

// reported returns when the change was first reported by a report in force, and whether it is in dispute.
func (h *history) reported() (at time.Time, inDispute bool) {
	for _, r := range h.reports {
		if r.day != dayOf(h.change) || r.withdrawn || r.day > dayOf(h.Now()) {
			continue
		}
		if at.IsZero() {
			at = r.at
		}

		inDispute = inDispute || r.disputed && !r.upheld
	}

	return at, inDispute
}

// isOfFirst reports whether what came on the register at a time is the first household's in a dispute.
func (h *history) isOfFirst(at time.Time) bool {
	reported, _ := h.reported()

	return !at.After(reported) || dayOf(at) < dayOf(h.change)
}

// mayHave reports whether a household may have anything of what came on the register at a time.
func (h *history) mayHave(household string, at time.Time) bool {
	_, inDispute := h.reported()
	isTrue, isFalse := h.inForce()
	switch {
	case !isTrue || household == second && (isFalse || !inDispute):
		return true
	case household == first:
		return inDispute && h.isOfFirst(at)
	}

	return !h.isOfFirst(at)
}

// isDivided reports whether a report of the change is in force.
func (h *history) isDivided() bool {
	isTrue, _ := h.inForce()

	return isTrue
}
