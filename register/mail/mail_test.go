package mail_test

import (
	"testing"

	"central.consent/dar/register/mail"
)

func TestMeterOf(t *testing.T) {
	t.Parallel()

	for mpxn, want := range map[string]mail.Meter{
		"2312345678901": {Ending: "901"}, "1234567890": {Gas: true, Ending: "890"},
		"123456": {Gas: true, Ending: "456"}, "12": {Gas: true, Ending: "12"},
	} {
		if got := mail.MeterOf(mpxn); got != want {
			t.Errorf("%s: got %+v, want %+v", mpxn, got, want)
		}
	}
}
