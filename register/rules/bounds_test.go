package rules_test

import (
	"strings"
	"sync"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	tooMany       = "conflict CON001"
	maxActive     = 20
	maxIdentities = 20
	maxErasures   = 30
)

// An account has at most 20 active records at a meter point, also if it registers them at once. To end one makes room,
// and what is there may be replaced. Records that have ended, another account's and those of another meter point count
// for nothing.
func TestActiveRecordsAreBounded(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		var group sync.WaitGroup
		outcomes := make([]error, maxActive+10)
		for i := range outcomes {
			group.Go(func() {
				_, outcomes[i] = h.register(t, h.owner, registertest.AccessRecord(h.ir, registerclient.BasisConsent))
			})
		}
		group.Wait()

		refused := 0
		for _, err := range outcomes {
			if err != nil {
				expectRefusal(t, "one too many", err, tooMany)
				refused++
			}
		}
		if refused != 10 {
			t.Fatalf("%d of %d were refused, want 10", refused, len(outcomes))
		}

		ended := registertest.AccessRecord(h.ir, registerclient.BasisConsent)
		ended.AccessEvent.State = registerclient.StateRevoked
		must(h.register(t, h.owner, ended))(t)

		other := h.account(t, "other", registerclient.RoleDataUser)
		h.access(t, other, h.lives(t, other, customerEmail, "2020-01-01"), registerclient.BasisConsent)
		elsewhere := must(h.createIdentity(t, h.owner, registertest.IdentityRecord("1234567890128", "")))(t).IR
		h.access(t, h.owner, elsewhere, registerclient.BasisConsent)

		active := string(registerclient.StateActive)
		filter := must(rules.ParseRecordFilter(&active, nil))(t)
		page := store.Page{Limit: 100}
		listed := must(h.ListOwnAtMeterPoint(t.Context(), "owner", meterPoint, filter, page))(t)
		ak := listed.Records[0].AK
		must(h.ReplaceAccess(t.Context(), "owner", ak, registertest.AccessRecord(h.ir, registerclient.BasisConsent)))(t)
		must(h.RevokeOwn(t.Context(), "owner", ak, nil))(t)
		h.access(t, h.owner, h.ir, registerclient.BasisConsent)
		_, err := h.register(t, h.owner, registertest.AccessRecord(h.ir, registerclient.BasisConsent))
		expectRefusal(t, "again one too many", err, tooMany)
	})
}

// An account keeps at most 20 identity records at a meter point, and creates at most 50 in 90 days: an anonymised one
// makes room 30 times. To anonymise is never refused.
func TestIdentityRecordsAreBounded(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		flooder := h.account(t, "flooder", registerclient.RoleDataUser)
		add := func() (string, error) {
			created, err := h.createIdentity(t, flooder, registertest.IdentityRecord(meterPoint, ""))

			return created.IR, err
		}

		var last string
		for range maxIdentities {
			last = must(add())(t)
		}
		_, err := add()
		expectRefusal(t, "the 21st", err, tooMany)

		for range maxErasures {
			h.anonymise(t, flooder, last)
			last = must(add())(t)
		}
		h.anonymise(t, flooder, last)
		_, err = add()
		expectRefusal(t, "the 51st", err, tooMany)

		h.clock.Add(91 * day)
		must(add())(t)
	})
}

// Lines of an import that are above a bound are refused, each by its number; the others are registered. Of one chunk,
// the lines before it count.
func TestImportsAreBounded(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		var lines strings.Builder
		for i := range 50 {
			lines.WriteString(lineOf(t, i, func(line *registerclient.ImportLine) {
				line.IdentityRecord = nil
				line.AccessRecord.RecordMetadata.IdentityRecordRef = &ir
			}))
		}
		for i := range 25 {
			lines.WriteString(lineOf(t, 100+i, func(line *registerclient.ImportLine) {
				person := registertest.IdentityRecord("1234567890128", "")
				line.IdentityRecord = &person
				line.AccessRecord.AccessEvent.State = registerclient.StateRevoked
			}))
		}

		response := must(r.Import(t.Context(), owner, strings.NewReader(lines.String()), nil))(t)
		if got, want := importCounts(response), "75 40 0 35"; got != want {
			t.Errorf("counts %s, want %s", got, want)
		}
		if e := response.Errors[0]; e.Line != 21 || e.Code != "CON001" {
			t.Errorf("the first refusal is %+v", e)
		}
		if e := response.Errors[30]; e.Line != 71 || e.Code != "CON001" {
			t.Errorf("the first refusal of an identity record is %+v", e)
		}
	})
}
