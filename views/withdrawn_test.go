package views

import (
	"strings"
	"testing"
	"time"
)

func withdrawnPage() WithdrawnPage {
	return WithdrawnPage{
		Page:       customer("en"),
		MeterPoint: meterPoint,
		Record:     record("h1", "Bright Energy Ltd", BasisConsent),
		At:         time.Date(2026, 5, 3, 13, 3, 0, 0, time.UTC),
		Reference:  "tid_1",
		Delivery:   DeliveryStatus{State: DeliveryNone},
	}
}

func TestWithdrawn(t *testing.T) {
	t.Parallel()
	doc := render(t, Withdrawn(withdrawnPage()))
	if got := doc.Find(".panel h1").Text(); got != "You stopped Bright Energy Ltd at 2:03pm on 3 May 2026" {
		t.Errorf("the heading is %q", got)
	}

	want := "We told the Central Access Register at 2:03pm on 3 May 2026. " +
		"From that moment, anyone who checks with the register is told that the permission has ended."
	if !strings.Contains(doc.Text(), want) {
		t.Error("the page does not say who was told, and when")
	}
}

// The page claims of the delivery only what has happened.
func TestDeliveryStatus(t *testing.T) {
	t.Parallel()
	page := withdrawnPage()
	page.Record.DataUser = "MeterBridge"
	for _, test := range []struct {
		delivery DeliveryStatus
		want     string
		contact  bool
	}{
		{
			DeliveryStatus{State: DeliveryDelivered, At: page.At},
			"The system of MeterBridge took our notice at 2:03pm on 3 May 2026.",
			false,
		},
		{
			DeliveryStatus{State: DeliveryPending, PollSeconds: 5, Again: "/portal/again"},
			"We have told MeterBridge. Their system has not answered yet. We keep trying.",
			false,
		},
		{
			DeliveryStatus{State: DeliveryPending, Again: "/portal/again"},
			"We have told MeterBridge.",
			false,
		},
		{
			DeliveryStatus{State: DeliveryUndelivered, At: page.At},
			"We told MeterBridge several times. Their system did not take our notice.",
			true,
		},
		{
			DeliveryStatus{State: DeliveryNone},
			"MeterBridge has no system for our notices.",
			true,
		},
		{
			DeliveryStatus{State: DeliveryUnknown, Again: "/portal/again"},
			"We cannot see just now whether MeterBridge has taken our notice.",
			false,
		},
	} {
		page.Delivery = test.delivery
		state := test.delivery.State
		status := render(t, Withdrawn(page)).Find(`[role="status"] #told-h1`)
		if text := words(status); !strings.HasPrefix(text, test.want) {
			t.Errorf("%s: the page says %q", state, text)
		}
		if got := status.Find("a[href='https://org.example/contact']").Length() == 1; got != test.contact {
			t.Errorf("%s: a way to tell them is there: %v", state, got)
		}

		fetched := status.AttrOr("hx-get", "")
		if polls := test.delivery.PollSeconds > 0; (fetched == "/portal/records/h1/told") != polls {
			t.Errorf("%s: it asks %q", state, fetched)
		}
		if got := status.Find("a[href='/portal/again']").Length() == 1; got != (test.delivery.Again != "") {
			t.Errorf("%s: a link to look again is there: %v", state, got)
		}
	}
}
