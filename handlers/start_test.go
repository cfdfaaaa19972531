package handlers

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

func TestParseMeterPoint(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, typed, want, mistake string
	}{
		{"an MPAN", "2312345678901", "2312345678901", ""},
		{"as on a bill", "23 1234 5678 901", "2312345678901", ""},
		{"with dashes of all kinds", "23-1234–5678—901", "2312345678901", ""},
		{"with spaces of all kinds", "\u00a023\u20091234\t5678\u200b901\r\n", "2312345678901", ""},
		{"with dots and slashes", "23.1234/5678.901", "2312345678901", ""},
		{"the shortest MPRN", "123456", "123456", ""},
		{"the longest MPRN", "1234567890", "1234567890", ""},
		{"the long form", "S 01 801 100 23 1234 5678 901", "2312345678901", ""},
		{"the long form without its S", "018011002312345678901", "2312345678901", ""},
		{"the long form with a letter in the class", "S 03 845 A12 23 1234 5678 901", "2312345678901", ""},
		{"nothing", "", "", "error.number.empty"},
		{"only spaces", " \t ", "", "error.number.empty"},
		{"letters", "23 1234 5678 9O1", "", "error.number.characters"},
		{"words", "I do not know", "", "error.number.characters"},
		{"a minus is a dash", "-2312345678901", "2312345678901", ""},
		{"digits of another script", "٢٣١٢٣٤٥٦٧٨٩٠١", "", "error.number.characters"},
		{"the long form with a letter in the MPAN", "0180110023123456789O1", "", "error.number.characters"},
		{"too short", "12345", "", "error.number.length"},
		{"between the two", "12345678901", "", "error.number.length"},
		{"12 digits", "123456789012", "", "error.number.length"},
		{"14 digits", "12345678901234", "", "error.number.length"},
		{"markup", "<script>1</script>", "", "error.number.characters"},
		{"broken text", "23\xff12345678901", "", "error.number.characters"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, mistake := parseMeterPoint(test.typed)
			if got != test.want || mistake != test.mistake {
				t.Errorf("got %q, %q, want %q, %q", got, mistake, test.want, test.mistake)
			}
		})
	}
}

func FuzzParseMeterPoint(f *testing.F) {
	for _, seed := range []string{"", "23 1234 5678 901", "S 01 801 100 23 1234 5678 901", "123456", "S", "\xff", "٢٣"} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, typed string) {
		number, mistake := parseMeterPoint(typed)
		if (number == "") == (mistake == "") {
			t.Fatalf("got %q and %q: exactly one must be empty", number, mistake)
		}
		if mistake != "" {
			return
		}
		if strings.Trim(number, "0123456789") != "" || len(number) != 13 && (len(number) < 6 || len(number) > 10) {
			t.Fatalf("got %q, which is no meter point number", number)
		}

		checkDigitHolds(number)
		if again, mistake := parseMeterPoint(readable(number).Number); again != number || mistake != "" {
			t.Fatalf("%q, as shown, reads as %q, %q", number, again, mistake)
		}
	})
}

func TestCheckDigit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, number string
		want         bool
	}{
		{"the demonstration's own number", registertest.MeterPoint, false},
		{"a true MPAN", trueMPAN, true},
		{"a true MPAN with one digit wrong", "2312345687900", false},
		{"the remainder ten counts as nought", "2000000000600", true},
		{"an MPRN has none", "1234567890", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := checkDigitHolds(test.number); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		name   string
		form   url.Values
		status int
		title  string
	}{
		{"nothing typed", url.Values{}, 422, "start.title"},
		{"letters", url.Values{"number": {"abc"}}, 422, "start.title"},
		{"the check digit fails", url.Values{"number": {w.meterPoint}}, 200, "check.title"},
		{"nobody there", url.Values{"number": {"123456"}}, 200, "norecord.title"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := w.browser(t)
			page := b.post("/portal/meter", test.form)
			page.wants(t, test.status, test.title)
			if b.session() != "" {
				t.Error("a session was begun")
			}
		})
	}

	t.Run("somebody there", func(t *testing.T) {
		t.Parallel()
		b := w.browser(t)
		b.post("/portal/meter", url.Values{"number": {"23 1234 5678 901"}, "confirmed": {"yes"}}).
			sendsTo(t, "/portal/prove")
		if b.session() == "" {
			t.Error("no session was begun")
		}
	})
}

func TestMeterPointWhereNobodyCanBeAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.identityRecord(t, trueMPAN, "")
	w.browser(t).post("/portal/meter", url.Values{"number": {trueMPAN}}).wants(t, 200, "norecord.title")
}

func TestStartPageFillsNoTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.get("/portal").wants(t, 200, "start.title")
	b.get("/portal?lang=cy")
	if n := w.sessions(t); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

func TestAnotherNumberReplacesTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.identityRecord(t, trueMPAN, "other@example.com")
	b := w.browser(t)
	b.start()
	first := b.session()
	b.post("/portal/meter", url.Values{"number": {w.meterPoint}}).sendsTo(t, "/portal/prove")
	if b.session() != first {
		t.Error("the same number began another session")
	}

	b.post("/portal/meter", url.Values{"number": {trueMPAN}}).sendsTo(t, "/portal/prove")
	if b.session() == first {
		t.Error("another number kept the session")
	}
	if n := w.sessions(t); n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
}

func TestMethodIsChosenForTheCustomer(t *testing.T) {
	t.Parallel()
	all := []registerclient.Method{
		registerclient.MethodPasskeyRegister,
		"smoke-signal",
		registerclient.MethodMagicLink,
		registerclient.MethodPasskeyAssert,
	}
	for part, want := range map[string][]registerclient.Method{
		"": {registerclient.MethodPasskeyAssert, registerclient.MethodMagicLink, registerclient.MethodPasskeyRegister},
		// On the telephone there is but the letter.
		partAdviser: {registerclient.MethodMagicLink, registerclient.MethodPasskeyAssert},
	} {
		p := &portal{Options: Options{part: part}}
		if got := p.preferred(all); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", part, got, want)
		}
		if got := p.preferred([]registerclient.Method{"smoke-signal"}); len(got) != 0 {
			t.Errorf("%q: got %v, want none", part, got)
		}
	}
}
