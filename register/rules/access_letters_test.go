package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// accessLetters writes the letters about changed access that are due, as the worker's sweep does, and returns them.
// The mail server has accepted them.
func (h *house) accessLetters(t testing.TB) []rules.QueuedLetter {
	t.Helper()
	must(h.WriteAccessLetters(t.Context()))(t)

	return h.letters(t)
}

// replace replaces an access record of the owner by the sample on consent, altered.
func (h *house) replace(t testing.TB, ak string, alter func(in *registerclient.AccessRecord)) {
	t.Helper()
	in := registertest.AccessRecord(h.ir, registerclient.BasisConsent)
	alter(&in)
	must(h.ReplaceAccess(t.Context(), h.owner.AccountID, ak, in))(t)
}

// expectLetters compares the subjects of the letters that are due, each in two languages, and returns them.
func (h *house) expectLetters(t testing.TB, name string, want ...string) []rules.QueuedLetter {
	t.Helper()
	letters := h.accessLetters(t)
	var got []string
	for _, letter := range letters {
		subject, _, _ := strings.Cut(letter.Message.Subject, " / ")
		got = append(got, strings.TrimPrefix(subject, "Example owner "))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: letters %q, want %q", name, got, want)
	}

	return letters
}

const (
	subjectMore    = "gave itself access to more of your energy data"
	subjectRenewed = "renewed its access to your energy data"
	subjectOther   = "changed its access to your energy data"
	subjectAgain   = "can see your energy data again, after you stopped it"
)

// Thirty days of ten replacements make thirty letters. Each begins with the widest change of its day, also if that was
// taken back before the letter was written.
func TestOneLetterADay(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ak := h.access(t, h.owner, h.ir, registerclient.BasisConsent)
		letters := 0
		var last []rules.QueuedLetter
		for d := range 30 {
			for i := range 10 {
				h.replace(t, ak, func(in *registerclient.AccessRecord) {
					in.Processing.Purpose = fmt.Sprint("Purpose ", d, i)
					if i == 4 {
						in.Processing.DataTypes = append(in.Processing.DataTypes, registerclient.HalfHourlyExport)
					}
				})
				if d == 0 || i == 9 {
					last = h.accessLetters(t)
					letters += len(last)
				}

				h.clock.Add(time.Hour)
			}

			h.clock.Add(14 * time.Hour)
		}

		if letters != 30 {
			t.Errorf("%d letters in 30 days, want 30", letters)
		}

		if len(last) != 1 || !strings.HasPrefix(last[0].Message.Subject, "Example owner "+subjectMore) {
			t.Fatalf("the letters of the last day are %+v, want one about more data", last)
		}
		for _, want := range []string{
			"Data added: What you send to the grid, every half hour.",
			"The data is used for something else.",
			"Data taken out: What you send to the grid, every half hour.",
		} {
			if text := strings.Join(strings.Fields(last[0].Message.Text), " "); !strings.Contains(text, want) {
				t.Errorf("the letter does not say %q:\n%s", want, text)
			}
		}
		if rows := h.count(t, "access_changes"); rows != 0 {
			t.Errorf("%d changes wait after their letter", rows)
		}
	})
}

// Every single field that a customer sees makes a letter; what a customer does not see makes none.
func TestLetterOfEachField(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	ak := h.access(t, h.owner, h.ir, registerclient.BasisConsent)
	lead := func(in *registerclient.AccessRecord) *registerclient.Controller {
		return &in.RecordMetadata.ControllerArrangement.Controllers[0]
	}
	for _, test := range []struct {
		name  string
		alter func(in *registerclient.AccessRecord)
		want  string
	}{
		{"data type", func(in *registerclient.AccessRecord) {
			in.Processing.DataTypes = append(in.Processing.DataTypes, registerclient.MonthlyExport)
		}, subjectMore},
		{"recipient", func(in *registerclient.AccessRecord) {
			in.Processing.Recipients = []registerclient.Recipient{{Name: "Adverts Ltd", Role: "Advertiser"}}
		}, "named more organisations that can have your energy data"},
		{"controller", func(in *registerclient.AccessRecord) {
			arrangement := &in.RecordMetadata.ControllerArrangement
			arrangement.ArrangementType = registerclient.ArrangementGroup
			arrangement.Controllers[0].Role = registerclient.ControllerLead
			arrangement.Controllers = append(arrangement.Controllers, registerclient.Controller{
				Name: "A Member Ltd", Role: registerclient.ControllerMember, ContactURL: "https://example.org",
			})
		}, "named more organisations that can have your energy data"},
		{"no end", func(in *registerclient.AccessRecord) { in.AccessEvent.Expiry = nil },
			"can now see your energy data for longer"},
		{"purpose", func(in *registerclient.AccessRecord) { in.Processing.Purpose = "Adverts" }, subjectOther},
		{"name", func(in *registerclient.AccessRecord) { lead(in).Name = "Another Ltd" }, subjectOther},
		{"contact", func(in *registerclient.AccessRecord) {
			lead(in).ContactURL = "https://example.org"
		}, subjectOther},
		{"rights", func(in *registerclient.AccessRecord) { lead(in).PrivacyRightsURL = "" }, subjectOther},
		{"storage", func(in *registerclient.AccessRecord) {
			lead(in).StorageConditions = &registerclient.StorageConditions{Location: "US", RetentionPeriod: "P9Y"}
		}, subjectOther},
		{"notice", func(in *registerclient.AccessRecord) { in.Notice.SharedNotice.NoticeVersion = "v9" }, subjectOther},
		{"data source", func(in *registerclient.AccessRecord) { in.Processing.DataSource = "DCC" }, subjectOther},
		{"end", func(in *registerclient.AccessRecord) {
			*in.AccessEvent.Expiry = in.AccessEvent.Expiry.AddDate(-1, 0, 0)
		}, subjectOther},
		{"address", func(in *registerclient.AccessRecord) {
			lead(in).Address = &registerclient.UKAddress{
				AddressLine1: "1 High St", TownCity: "Cardiff", Postcode: "CF10 1EP",
			}
		}, ""},
		{"reference of its own", func(in *registerclient.AccessRecord) {
			in.AccessEvent.ControllerReference = "X"
		}, ""},
	} {
		h.replace(t, ak, test.alter)
		var want []string
		if test.want != "" {
			want = []string{test.want}
		}
		h.expectLetters(t, test.name, want...)

		h.clock.Add(day)
		h.replace(t, ak, func(*registerclient.AccessRecord) {})
		h.accessLetters(t)
		h.clock.Add(day)
	}

	other := newHouse(t, registertest.SQLite)
	ak = other.access(t, other.owner, other.ir, registerclient.BasisConsent)
	other.replace(t, ak, func(in *registerclient.AccessRecord) { in.AccessEvent.RegisteredAt = other.Now() })
	other.expectLetters(t, "day of the agreement", subjectRenewed)
}

// A yearly renewal makes one letter. One that comes sooner waits for its year, or for a letter about something else.
func TestRenewalsMakeOneLetterAYear(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ak := h.access(t, h.owner, h.ir, registerclient.BasisConsent)
		renew := func(days int) {
			h.replace(t, ak, func(in *registerclient.AccessRecord) {
				in.AccessEvent.RegisteredAt = h.Now()
				*in.AccessEvent.Expiry = h.Now().AddDate(0, 0, days)
			})
		}

		renew(800)
		h.expectLetters(t, "the first year", subjectRenewed)
		for range 30 {
			h.clock.Add(day)
			renew(800)
			h.expectLetters(t, "each day")
		}

		h.clock.Add(335*day - time.Second)
		h.expectLetters(t, "before the year is over")
		h.clock.Add(time.Second)
		letters := h.expectLetters(t, "the second year", subjectRenewed)
		if len(letters) == 1 && !strings.Contains(letters[0].Message.Text, "until 8 September 2028") {
			t.Errorf("the letter does not have the last end:\n%s", letters[0].Message.Text)
		}

		h.clock.Add(day)
		renew(900)
		h.expectLetters(t, "a renewal of the second year")
		h.replace(t, ak, func(in *registerclient.AccessRecord) {
			in.AccessEvent.RegisteredAt = h.Now()
			in.AccessEvent.Expiry = nil
		})
		letters = h.expectLetters(t, "no end any more", "can now see your energy data for longer")
		if len(letters) == 1 && !strings.Contains(letters[0].Message.Text, "renewed") {
			t.Errorf("the letter does not tell of the renewal that waited:\n%s", letters[0].Message.Text)
		}
	})
}

// Access that is registered again in the second of the customer's stop is told, also if it was imported.
func TestRestartIsTold(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.withdraw(t, h.portal, h.ir, h.access(t, h.owner, h.ir, registerclient.BasisConsent))
		h.access(t, h.owner, h.ir, registerclient.BasisConsent)
		letters := h.expectLetters(t, "started again", subjectAgain)
		if len(letters) == 1 && !strings.Contains(letters[0].Message.Text, "You stopped its access on 1 June 2026.") {
			t.Errorf("the letter does not say when it was stopped:\n%s", letters[0].Message.Text)
		}
		if len(letters) == 1 && letters[0].To != customerEmail {
			t.Errorf("the letter goes to %s", letters[0].To)
		}

		h.clock.Add(89 * day)
		imported := lineOf(t, 0, func(line *registerclient.ImportLine) {
			line.IdentityRecord = nil
			line.AccessRecord.RecordMetadata.IdentityRecordRef = &h.ir
		})
		must(h.Import(t.Context(), h.owner, strings.NewReader(imported), nil))(t)
		h.expectLetters(t, "imported", subjectAgain)

		h.clock.Add(2 * day)
		h.access(t, h.owner, h.ir, registerclient.BasisConsent)
		h.expectLetters(t, "after 91 days")
	})
}

// Nobody is told of access that has ended, nor is a customer who was erased, nor an address that does not stand, nor
// the household that moved in of what happened before.
func TestWhoIsNotToldOfChanges(t *testing.T) {
	t.Parallel()
	widen := func(in *registerclient.AccessRecord) {
		in.Processing.DataTypes = append(in.Processing.DataTypes, registerclient.HalfHourlyExport)
	}
	for name, test := range map[string]struct {
		prepare func(t *testing.T, h *house, ak string)
		want    string
	}{
		"nothing else": {func(*testing.T, *house, string) {}, customerEmail},
		"the record has ended": {func(t *testing.T, h *house, ak string) {
			must(h.RevokeOwn(t.Context(), h.owner.AccountID, ak, nil))(t)
		}, ""},
		"the customer has stopped it": {func(t *testing.T, h *house, ak string) {
			h.withdraw(t, h.portal, h.ir, ak)
		}, ""},
		"the customer is erased": {func(t *testing.T, h *house, ak string) {
			must(h.RevokeOwn(t.Context(), h.owner.AccountID, ak, nil))(t)
			must(h.AnonymiseIdentityRecord(t.Context(), h.owner.AccountID, h.ir))(t)
		}, ""},
		"an address that waits": {func(t *testing.T, h *house, _ string) {
			h.lives(t, h.account(t, "other", registerclient.RoleDataUser), partnerEmail, "2022-06-30")
		}, customerEmail},
		"a second address that stands": {func(t *testing.T, h *house, _ string) {
			h.stand(t, h.lives(t, h.account(t, "other", registerclient.RoleDataUser), partnerEmail, "2022-06-30"))
		}, customerEmail + " " + partnerEmail},
		"another household has moved in": {func(t *testing.T, h *house, _ string) {
			h.clock.Add(day)
			ir := h.lives(t, h.account(t, "other", registerclient.RoleDataUser), partnerEmail, "2026-06-02")
			h.tenancyChange(t, meterPoint, "2026-06-02")
			h.stand(t, ir)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, registertest.SQLite)
			ak := h.access(t, h.owner, h.ir, registerclient.BasisConsent)
			h.replace(t, ak, widen)
			test.prepare(t, h, ak)
			h.letters(t)

			must(h.WriteAccessLetters(t.Context()))(t)
			to := strings.Fields(h.recipients(t))
			slices.Sort(to)
			if to := strings.Join(to, " "); to != test.want {
				t.Errorf("told %q, want %q", to, test.want)
			}
			if rows := h.count(t, "access_changes"); rows != 0 {
				t.Errorf("%d changes are left", rows)
			}
		})
	}
}

// The present household is told of what changes in its time of access that an earlier one left active.
func TestEarlierAccessThatChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	ak := h.access(t, h.owner, h.ir, registerclient.BasisConsent)
	h.clock.Add(day)
	partner := h.lives(t, h.account(t, "other", registerclient.RoleDataUser), partnerEmail, "2026-06-02")
	h.tenancyChange(t, meterPoint, "2026-06-02")
	h.stand(t, partner)
	h.letters(t)

	h.clock.Add(time.Minute)
	h.replace(t, ak, func(in *registerclient.AccessRecord) {
		in.Processing.DataTypes = append(in.Processing.DataTypes, registerclient.HalfHourlyExport)
	})
	must(h.WriteAccessLetters(t.Context()))(t)
	if to := h.recipients(t); to != partnerEmail {
		t.Errorf("told %q, want %q", to, partnerEmail)
	}
}

// One mailbox gets 20 letters a day from one account at most, whatever meter points it changes; the others come later.
func TestMailboxOfChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	for i := range 25 {
		in := registertest.IdentityRecord(fmt.Sprintf("99000000%05d", i), customerEmail)
		ir := must(h.createIdentity(t, h.owner, in))(t).IR
		ak := h.access(t, h.owner, ir, registerclient.BasisContract)
		record := registertest.AccessRecord(ir, registerclient.BasisContract)
		record.Processing.Purpose = "Another"
		must(h.ReplaceAccess(t.Context(), h.owner.AccountID, ak, record))(t)
	}

	for _, want := range []int{20, 0} {
		if got := len(h.accessLetters(t)); got != want {
			t.Errorf("%d letters, want %d", got, want)
		}
	}

	h.clock.Add(day)
	if got := len(h.accessLetters(t)); got != 5 {
		t.Errorf("%d letters on the next day, want 5", got)
	}
}

// A demonstration sends no letters and stores nothing for them.
func TestNoLetterFromAStub(t *testing.T) {
	t.Parallel()
	plain := newHouse(t, registertest.SQLite)
	ak := plain.access(t, plain.owner, plain.ir, registerclient.BasisConsent)
	h := plain.with(func(o *rules.Options) { o.Stub = true })
	h.replace(t, ak, func(in *registerclient.AccessRecord) { in.Processing.Purpose = "Another" })
	h.withdraw(t, h.portal, h.ir, ak)
	h.access(t, h.owner, h.ir, registerclient.BasisConsent)
	if rows := h.count(t, "access_changes"); rows != 0 {
		t.Errorf("%d changes are stored", rows)
	}
}

// What waits longer than any letter would is deleted.
func TestOldChangesAreDeleted(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	ak := h.access(t, h.owner, h.ir, registerclient.BasisConsent)
	h.replace(t, ak, func(in *registerclient.AccessRecord) { in.Processing.Purpose = "Another" })
	sweep := func(before time.Time) {
		h.change(t, func(tx *store.Tx) error { return tx.DeleteOldAccessChanges(t.Context(), before) })
	}

	sweep(h.Now())
	if rows := h.count(t, "access_changes"); rows != 1 {
		t.Errorf("%d changes of now, want 1", rows)
	}

	sweep(h.Now().Add(time.Second))
	if rows := h.count(t, "access_changes"); rows != 0 {
		t.Errorf("%d old changes are left", rows)
	}
}
