package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// lookAlikes are names that look like Ofgem, which is reserved, or like Brightloom Energy 10, which is the name of an
// account.
var lookAlikes = map[string]string{
	"Cyrillic o":                  "Brightlооm Energy 10",
	"Cyrillic word":               "Вrightloom Energy 10",
	"Greek o":                     "Brightlοοm Energy 10",
	"reserved, Greek O":           "Οfgem",
	"reserved, whole in capitals": "OFGEM",
	"full width":                  "Ｂｒｉｇｈｔｌｏｏｍ Energy 10",
	"zero-width joiner":           "Bright\u200dloom Energy 10",
	"zero-width space":            "Bright\u200bloom Energy 10",
	"soft hyphen":                 "Bright\u00adloom Energy 10",
	"variation selector":          "Brightloom\ufe0f Energy 10",
	"direction override":          "\u202eBrightloom Energy 10",
	"thin space":                  "Brightloom\u2009Energy 10",
	"hair space in a word":        "Bright\u200aloom Energy 10",
	"no-break space":              "Brightloom\u00a0Energy 10",
	"double space":                "Brightloom  Energy 10",
	"space at the end":            "Brightloom Energy 10 ",
	"combining dot":               "Brightloom Ene\u0307rgy 10",
	"dot below":                   "Brightlọom Energy 10",
	"stroke":                      "Brightløom Energy 10",
	"l for I":                     "Brlghtloom Energy 10",
	"capital I for l":             "BrightIoom Energy 10",
	"1 for l":                     "Bright1oom Energy 10",
	"bar for l":                   "Bright|oom Energy 10",
	"0 for o":                     "Brightl0om Energy 10",
	"O for 0":                     "Brightloom Energy 1O",
	"l for 1":                     "Brightloom Energy l0",
	"dot at the end":              "Brightloom Energy 10.",
	"dash":                        "Brightloom-Energy 10",
	"other dash":                  "Brightloom – Energy 10",
	"capitals":                    "BRIGHTLOOM ENERGY 10",
	"small letters":               "brightloom energy 10",
	"mathematical":                "𝐁𝐫𝐢𝐠𝐡𝐭𝐥𝐨𝐨𝐦 Energy 10",
	"circled":                     "Ⓑrightloom Energy 10",
	"boxed":                       "🅱rightloom Energy 10",
	"small capitals":              "ʙʀɪɢʜᴛʟᴏᴏᴍ Energy 10",
	"dotless i":                   "Brıghtloom Energy 10",
	"trade mark":                  "Brightloom Energy 10™",
	"tick":                        "Brightloom Energy 10 ✔",
	"emoji":                       "Brightloom Energy 10 ✅",
	"quoted":                      "“Brightloom Energy 10”",
	"superscript":                 "Brightloom Energy 1⁰",
	"rn for m":                    "Brightloorn Energy 10",
	"Armenian o":                  "Brightlօom Energy 10",
	"Cherokee word":               "Ᏼrightloom Energy 10",
	"reserved, small dotless":     "Cıtizens Advıce",
	"ligature":                    "Oﬃce of Gas and Electricity Markets",
}

// honest are names that must be accepted: no two of them look alike.
var honest = []string{
	"Dŵr Cymru",
	"Électricité de France",
	"Ørsted",
	"Żabka Energia",
	"Straßenwerke",
	"Ynni’r Ŵyl – Môn & Arfon (2026) Ltd.",
	"E.ON Next",
	"So Energy",
	"1st Energy",
	"100Green",
	"Good Energy plc",
	"OVO",
	"Ecotricity",
	"Utilita",
	"O’Neill & Sons",
	"Octopus",
	"Octopus Energy",
	"Smart-Stop Ltd",
	"Stop Clock Energy",
	"Ended Ltd",
	"Газпром",
	"ΔΕΗ",
	"東京電力ホールディングス",
	"株式会社エナジー",
	"Brightloom Energy 11",
	"Brightloom Energy",
	"Bright Loom Energy 100",
	"Ofgem Watchers",
	"M&S Energy",
	"A+",
	"Heat.Network",
	"Active Building Centre",
	"Removed Carbon Ltd",
	"Cwmni Ynni Sir Gâr",
}

// nameWays returns, by the field that they name, functions which give a name to the register in every way that it takes
// the name of a lead controller or of an account. Each returns the status and the fields that are named.
func nameWays(t *testing.T, r *registertest.Register) map[string]func(name string) (int, string) {
	t.Helper()
	other := registerclient.CreateAccountRequest{
		AccountID: "brightloom", Role: registerclient.RoleDataUser, DisplayName: "Brightloom Energy 10",
	}
	r.ClientOf(t, other)
	admin := r.Client(t, registerclient.RoleAdmin)
	namer := r.ClientOf(t, registerclient.CreateAccountRequest{
		AccountID: "namer", Role: registerclient.RoleDataUser, DisplayName: "Namer Ltd",
	})
	ir := registertest.Identity(t, namer, "")
	sample := func(name string) registerclient.AccessRecord {
		record := registertest.AccessRecord(ir, registerclient.BasisPublicTask)
		record.RecordMetadata.ControllerArrangement.Controllers[0].Name = name

		return record
	}
	// An account may have only so many active records at a meter point.
	ended := func(name string) registerclient.AccessRecord {
		record := sample(name)
		record.AccessEvent.State = registerclient.StateRevoked

		return record
	}
	ak := must(namer.CreateAccessRecord(t.Context(), sample("Namer Ltd")))(t).AccessToken.Key
	number := 0

	return map[string]func(name string) (int, string){
		"record-metadata.controller-arrangement.controllers[0].name": func(name string) (int, string) {
			_, err := namer.CreateAccessRecord(t.Context(), ended(name))

			return refusal(t, err)
		},
		"record-metadata.controller-arrangement.controllers[0].name ": func(name string) (int, string) {
			r.Clock.Add(24 * 3600e9)
			_, err := namer.ReplaceAccessRecord(t.Context(), ak, sample(name))

			return refusal(t, err)
		},
		"access-record.record-metadata.controller-arrangement.controllers[0].name": func(name string) (int, string) {
			number++
			line := registerclient.ImportLine{ImportReference: fmt.Sprint("r", number), AccessRecord: ended(name)}
			text := string(must(json.Marshal(line))(t))
			response := imports(t, namer, text)
			if response.Imported == 1 {
				return http.StatusOK, ""
			}
			if len(response.Errors) != 1 {
				t.Fatalf("%q: %+v", name, response)
			}

			return http.StatusUnprocessableEntity, response.Errors[0].Field
		},
		"display-name": func(name string) (int, string) {
			number++
			_, err := admin.CreateAccount(t.Context(), registerclient.CreateAccountRequest{
				AccountID:   fmt.Sprint("new_", number),
				Role:        registerclient.RoleDataUser,
				DisplayName: name,
				ContactURL:  "https://example.org/contact",
				SecretKey:   strings.Repeat("s", 40),
			})

			return refusal(t, err)
		},
	}
}

// refusal returns the status of an error and the fields that it names; 200 if there is none.
func refusal(t testing.TB, err error) (int, string) {
	t.Helper()
	if err == nil {
		return http.StatusOK, ""
	}

	refused, ok := errors.AsType[*registerclient.Error](err)
	if !ok {
		t.Fatal(err)
	}

	var fields []string
	for _, detail := range refused.Details {
		fields = append(fields, detail.Field)
	}

	return refused.Status, strings.Join(fields, " ")
}

// A name that only looks like another one is refused in every way in, and the field is named.
func TestLookAlikesAreRefused(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	for field, give := range nameWays(t, r) {
		for what, name := range lookAlikes {
			status, fields := give(name)
			if status != http.StatusUnprocessableEntity && status != http.StatusBadRequest ||
				fields != strings.TrimSpace(field) {
				t.Errorf("%s %q: %d naming %q, want a refusal of %s", what, name, status, fields, field)
			}
		}
	}
}

// Honest names are accepted in every way, in any script and with accents.
func TestHonestNamesAreAccepted(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	for field, give := range nameWays(t, r) {
		for _, name := range honest {
			if status, fields := give(name); status != http.StatusOK {
				t.Errorf("%s %q: %d naming %q", field, name, status, fields)
			}
		}
	}
}
