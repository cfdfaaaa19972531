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

// plant is one way in which a dishonest Data User tries to become the customer of a meter point at which a contact
// stands.
type plant struct {
	// moveIn is the date that it claims, verified whether it claims to have verified the person.
	moveIn   string
	verified bool
	// by is how the contact comes: "address", "import", "passkey" of a record without an address, or "second address".
	by string
	// record is true if it registers access as well.
	record bool
	// then is what follows: "wait", "confirm" its own challenge, an "accomplice" with the same address, a PATCH of the
	// "address" or the "terminated" account.
	then string
}

func (p plant) String() string {
	return fmt.Sprintf("%s %s verified=%t record=%t %s", p.by, p.moveIn, p.verified, p.record, p.then)
}

// isTold reports whether the standing addresses are written to: of a terminated account nothing can stand, and before
// the move-in date no passkey can be planted.
func (p plant) isTold() bool {
	return p.then != "terminated" && (p.by != "passkey" || p.moveIn <= "2026-06-01")
}

// plants returns 120 different ways.
func plants() []plant {
	var all []plant
	for _, moveIn := range []string{"1990-01-01", "2022-06-30", "2026-05-31", "2026-06-01", "2026-06-20"} {
		for i, by := range []string{"address", "import", "passkey", "second address"} {
			for j, then := range []string{"wait", "confirm", "accomplice", "terminated", "wait", "confirm"} {
				all = append(all, plant{
					moveIn: moveIn, by: by, then: then, verified: (i+j)%2 == 0, record: by == "import" || j >= 4,
				})
			}
		}
	}

	return all
}

// A Data User that plants a contact opens no list at which another contact stands: in none of 120 ways, and for
// 60 days. Every standing address is written to, by one letter a day at most (docs/decisions.md, Which person).
func TestPlantedContactsOpenNothing(t *testing.T) {
	t.Parallel()
	for _, p := range plants() {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, registertest.SQLite)
			h.access(t, h.owner, h.ir, registerclient.BasisConsent)
			_, partner := h.livesToo(t, "second_supplier", partnerEmail)
			h.expectStanding(t, partner, "stands said-yes")

			planted := h.plant(t, p)
			h.expectNoDisclosure(t, planted, p.isTold())
		})
	}
}

// The same holds after a change of tenancy, for the household that moved in.
func TestPlantedContactsOpenNothingOfANewHousehold(t *testing.T) {
	t.Parallel()
	for _, p := range plants() {
		if p.moveIn != "2026-05-31" && p.moveIn != "2026-06-20" {
			continue
		}

		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, registertest.SQLite)
			h.tenancyChange(t, meterPoint, "2026-05-20")
			h.ir = h.lives(t, h.owner, customerEmail, "2026-05-20")
			h.access(t, h.owner, h.ir, registerclient.BasisConsent)
			h.expectStanding(t, h.ir, "stands first")
			h.clock.Add(time.Minute)
			h.stand(
				t,
				h.lives(t, h.account(t, "second_supplier", registerclient.RoleDataUser), partnerEmail, "2026-05-20"),
			)
			h.letters(t) // the question to the household before

			planted := h.plant(t, p)
			h.expectNoDisclosure(t, planted, p.isTold())
		})
	}
}

// A contact that is planted at the electricity meter opens nothing of the gas meter of the same home, however the
// number of that is written.
func TestPlantedContactsOpenNoOtherMeter(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	const gas = "1234567"
	in := registertest.IdentityRecord(gas, customerEmail)
	must(h.createIdentity(t, h.owner, in))(t)
	rogue := h.asking(t, "rogue", registerclient.RoleDataUser)
	for _, spelling := range []string{gas, "0001234567", "01 234 567", "1-234-567"} {
		planted := registertest.IdentityRecord(spelling, "rogue@example.com")
		ir := must(h.createIdentity(t, rogue, planted))(t).IR
		if c := h.contactOf(t, ir); c.MPxN != gas || c.State != store.ContactProvisional {
			t.Errorf("%s: %s at %s", spelling, c.State, c.MPxN)
		}
	}
}

// plant plants a contact and returns the identity records that the dishonest accounts hold.
func (h *house) plant(t testing.TB, p plant) []string {
	t.Helper()
	rogue := h.asking(t, "rogue", registerclient.RoleDataUser)
	in := registertest.IdentityRecord(meterPoint, "rogue@example.com")
	in.PIIPrincipal.MoveInDate = registerclient.Date(p.moveIn)
	in.PrincipalVerification.Outcome = "partial"
	if p.verified {
		in.PrincipalVerification.Outcome = "verified"
	}

	var planted []string
	switch p.by {
	case "import":
		line := lineOf(t, 0, func(line *registerclient.ImportLine) { line.IdentityRecord = &in })
		response := must(h.Import(t.Context(), rogue, strings.NewReader(line), nil))(t)
		if response.Imported != 1 {
			t.Fatalf("the import: %+v", response)
		}

		email := "rogue@example.com"
		found := must(h.LookUpIdentityRecords(t.Context(), "rogue", rules.IdentityQuery{Email: &email}))(t)
		planted = append(planted, found[0].IR)
	case "passkey":
		in.Email = nil
		planted = append(planted, must(h.createIdentity(t, rogue, in))(t).IR)
		h.plantPasskey(t, rogue, planted[0], p.moveIn)
	case "second address":
		planted = append(planted, must(h.createIdentity(t, rogue, in))(t).IR)
		in.Email = new("second@example.net")
		planted = append(planted, must(h.createIdentity(t, rogue, in))(t).IR)
	default:
		planted = append(planted, must(h.createIdentity(t, rogue, in))(t).IR)
	}

	if p.record && p.by != "import" {
		h.access(t, rogue, planted[0], registerclient.BasisConsent)
	}

	return h.follow(t, p, rogue, in, planted)
}

// plantPasskey enrols a passkey in the session of a dishonest account, as soon as the register lets it.
func (h *house) plantPasskey(t testing.TB, rogue store.Account, ir, moveIn string) {
	t.Helper()
	if moveIn > "2026-06-01" {
		return
	}

	started := must(h.reidentifyOwn(t, rogue, ir, registerclient.ReidentifyOwnRequest{
		Method: registerclient.MethodPasskeyRegister, PasskeyReturnURL: new(returnURL),
	}))(t)
	permission := must(h.PermitEnrolment(t.Context(), sessionOf(t, started), ""))(t)
	must(h.makePasskey(t, permission, newDevice(), ""))(t)
}

// follow does what comes after a contact was planted.
func (h *house) follow(
	t testing.TB, p plant, rogue store.Account, in registerclient.CreateIdentityRecordRequest, planted []string,
) []string {
	t.Helper()
	switch p.then {
	case "confirm":
		if in.Email == nil || p.moveIn > "2026-06-01" {
			break
		}

		h.letters(t)
		must(h.reidentifyOwn(t, rogue, planted[0], registerclient.ReidentifyOwnRequest{
			Method: registerclient.MethodMagicLink,
		}))(t)
		h.confirm(t, linkSecret(t, h.letters(t)[0]), "")
	case "accomplice":
		accomplice := h.asking(t, "accomplice", registerclient.RoleDataUser)
		planted = append(planted, must(h.createIdentity(t, accomplice, in))(t).IR)
	case "terminated":
		h.setStatus(t, rules.Terminate, "rogue")
	}

	return planted
}

// expectNoDisclosure lets 60 days pass, and checks on each of some days that the planted contacts answer nobody, that
// the standing addresses are written to, once a day at most, and that nobody else is written to.
func (h *house) expectNoDisclosure(t *testing.T, planted []string, writtenTo bool) {
	t.Helper()
	honest := []string{customerEmail, partnerEmail}
	told := map[string]int{}
	last := 0
	for _, days := range []int{0, 7, 10, 20, 30, 60} {
		h.clock.Add(time.Duration(days-last) * 24 * time.Hour)
		last = days
		must(h.EndWaits(t.Context()))(t)
		today := map[string]int{}
		for _, letter := range append(h.contactLetters(t), h.contactLetters(t)...) {
			today[letter.To]++
			told[letter.To]++
		}

		for to, letters := range today {
			if letters > 1 || !slices.Contains(honest, to) {
				t.Errorf("day %d: %d letters to %s", days, letters, to)
			}
		}

		h.expectOnlyHonestMail(t, days, honest)
		for _, ir := range planted {
			for _, c := range must(h.store.ListContactsOf(t.Context(), []string{ir}))(t) {
				if c.State == store.ContactStands {
					t.Errorf("day %d: the planted contact stands: %s", days, c.Why)
				}
			}
		}
	}

	if !writtenTo {
		return
	}
	for _, address := range honest {
		if told[address] < 1 || told[address] > 9 {
			t.Errorf("%s got %d letters about the planted contacts", address, told[address])
		}
	}
}

// expectOnlyHonestMail starts every kind of challenge of a portal, and checks where it goes.
func (h *house) expectOnlyHonestMail(t *testing.T, days int, honest []string) {
	t.Helper()
	h.expectMethods(t, fmt.Sprint("day ", days), byLink)
	for _, other := range []bool{false, true} {
		h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink, OtherAddress: other})
		if to := h.recipients(t); !slices.Contains(honest, to) {
			t.Errorf("day %d: a link went to %q", days, to)
		}
	}

	_, err := h.reidentify(t, h.portal, registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyAssert})
	expectRefusal(t, "a passkey", err, "unprocessable VAL003 method")
}
