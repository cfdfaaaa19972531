package rules_test

import (
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// A request for a challenge is refused with every mistake. Each method has a return URL of its own, which must be
// registered.
func TestCheckReidentify(t *testing.T) {
	t.Parallel()
	r := rules.New(rules.Options{SecretCost: registertest.SecretCost})
	account := store.Account{ReturnURLs: store.JSON[[]string]{V: []string{returnURL}}}
	foreign := new("https://asks.example.org/other")
	for _, test := range []struct {
		name string
		in   registerclient.ReidentifyRequest
		want string
	}{
		{"link", registerclient.ReidentifyRequest{Method: "magic-link"}, ""},
		{"link with all", registerclient.ReidentifyRequest{
			Method: "magic-link", RedirectURL: new(returnURL), Language: "cy", MatchCode: true,
		}, ""},
		{"passkey", registerclient.ReidentifyRequest{Method: "passkey-assert", PasskeyReturnURL: new(returnURL)}, ""},
		{
			"enrolment",
			registerclient.ReidentifyRequest{Method: "passkey-register", PasskeyReturnURL: new(returnURL)},
			"",
		},
		{"no method", registerclient.ReidentifyRequest{RedirectURL: foreign}, "invalid VAL001 method"},
		{"language", registerclient.ReidentifyRequest{Method: "magic-link", Language: "fr"}, "invalid VAL001 language"},
		{"unregistered", registerclient.ReidentifyRequest{Method: "magic-link", RedirectURL: foreign},
			"invalid VAL001 redirect-url"},
		{"unregistered for a passkey", registerclient.ReidentifyRequest{
			Method: "passkey-assert", PasskeyReturnURL: foreign,
		}, "invalid VAL001 passkey-return-url"},
		{"of a passkey, for a link", registerclient.ReidentifyRequest{
			Method: "magic-link", PasskeyReturnURL: new(returnURL),
		}, "invalid VAL001 passkey-return-url"},
		{"of a link, for a passkey", registerclient.ReidentifyRequest{
			Method: "passkey-register", RedirectURL: new(returnURL),
		}, "invalid VAL001 redirect-url"},
	} {
		test.in.MPxN = "23 1234 5678 901"
		mpxn, err := r.CheckReidentify(test.in, account)
		expectRefusal(t, test.name, err, test.want)
		if mpxn != meterPoint {
			t.Errorf("%s: the meter point is %q", test.name, mpxn)
		}

		own := registerclient.ReidentifyOwnRequest{
			Method: test.in.Method, RedirectURL: test.in.RedirectURL, PasskeyReturnURL: test.in.PasskeyReturnURL,
			Language: test.in.Language,
		}
		expectRefusal(t, test.name+", own record", r.CheckReidentifyOwn(own, account), test.want)
	}

	_, err := r.CheckReidentify(registerclient.ReidentifyRequest{MPxN: "1", Method: "telepathy"}, account)
	expectRefusal(t, "all wrong", err, "invalid VAL001 mpxn method")
}

// A challenge needs a record, and a passkey or an address for its method. A refused one sends nothing.
func TestReidentifyWithoutAWay(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	must(h.AnonymiseIdentityRecord(t.Context(), "owner", h.ir))(t)
	methods := []registerclient.Method{"magic-link", "passkey-assert", "passkey-register"}
	for _, method := range methods {
		_, err := h.reidentify(t, h.portal, registerclient.ReidentifyRequest{Method: method})
		expectRefusal(t, "no record: "+string(method), err, "not found NOT001")
	}

	h.lives(t, h.owner, "", "2024-01-01")
	for method, want := range map[registerclient.Method]string{
		"magic-link":       "unprocessable VAL002 method",
		"passkey-assert":   "unprocessable VAL003 method",
		"passkey-register": "unprocessable VAL002 method",
	} {
		_, err := h.reidentify(t, h.portal, registerclient.ReidentifyRequest{Method: method})
		expectRefusal(t, "no way: "+string(method), err, want)
	}

	h.expectAudited(t, "reidentification.started", 0)
	if jobs := h.jobs(t); len(jobs) != 0 {
		t.Errorf("queued %+v", jobs)
	}
}

// The response to a challenge by mailed link shows neither the address nor the secret of the link. The letter carries
// the link, and the register keeps only hashes.
func TestReidentifyByLink(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	started := h.ask(t, registerclient.ReidentifyRequest{
		Method: registerclient.MethodMagicLink, RedirectURL: new(returnURL), MatchCode: true,
	})
	link := started.MagicLink
	if link == nil || started.Passkey != nil || link.DispatchedTo != "c*****r@example.com" ||
		!link.ExpiresAt.Equal(today.Add(15*time.Minute)) || *link.RedirectURL != returnURL {
		t.Fatalf("started %+v", started)
	}

	letter := h.letters(t)[0]
	if letter.To != customerEmail || !strings.Contains(letter.Message.Text, "Example portal") ||
		strings.Contains(letter.Message.Text, started.MatchCode) {
		t.Errorf("the letter to %s says %s", letter.To, letter.Message.Text)
	}

	row := h.stored(t, h.portal, started)
	if string(row.LinkHash) != string(rules.HashToken(linkSecret(t, letter))) || row.SessionHash != nil ||
		row.IR != h.ir || row.OwnRecord || *row.MatchCode != started.MatchCode || row.SealedToken == nil {
		t.Errorf("stored %+v", row)
	}

	h.expectAudited(t, "reidentification.started", 1)
}

// The letter says what is asked for: by a portal, by a Data User, or to enrol a passkey. It is in the language of the
// challenge.
func TestLinkLetters(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	texts := map[string]bool{}
	for _, test := range []struct {
		account  store.Account
		method   registerclient.Method
		language string
		header   string
	}{
		{h.portal, registerclient.MethodMagicLink, "en", "en"},
		{h.owner, registerclient.MethodMagicLink, "en", "en"},
		{h.portal, registerclient.MethodPasskeyRegister, "en", "en"},
		{h.portal, registerclient.MethodMagicLink, "cy", "cy"},
		{h.portal, registerclient.MethodMagicLink, "", "en, cy"},
	} {
		must(h.reidentify(t, test.account, registerclient.ReidentifyRequest{
			Method: test.method, Language: test.language,
		}))(t)
		letter := h.letters(t)[0]
		if letter.Message.Language != test.header {
			t.Errorf("%+v: the letter is in %q", test, letter.Message.Language)
		}

		text := strings.ReplaceAll(letter.Message.Text, linkSecret(t, letter), "")
		texts[strings.ReplaceAll(text, test.account.DisplayName, "")] = true
	}

	if len(texts) != 5 {
		t.Errorf("5 challenges have %d different letters", len(texts))
	}
}

// A challenge by passkey is a page for the browser, and no letter. A challenge to enrol one is both.
func TestReidentifyByPasskey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.addPasskey(t, h.ir)
	for _, test := range []struct {
		method  registerclient.Method
		page    string
		life    time.Duration
		letters int
	}{
		{registerclient.MethodPasskeyAssert, pages.Assert, 5 * time.Minute, 0},
		{registerclient.MethodPasskeyRegister, pages.Enrol, 15 * time.Minute, 1},
	} {
		started := h.ask(t, registerclient.ReidentifyRequest{Method: test.method, PasskeyReturnURL: new(returnURL)})
		page := started.Passkey
		if page == nil || started.MagicLink != nil || started.MatchCode != "" ||
			!strings.HasPrefix(page.RedirectURL, test.page+"?session=pks_") || *page.ReturnURL != returnURL ||
			!page.ExpiresAt.Equal(today.Add(test.life)) {
			t.Errorf("%s: started %+v", test.method, page)
		}
		if got := len(h.letters(t)); got != test.letters {
			t.Errorf("%s: %d letters, want %d", test.method, got, test.letters)
		}
	}
}

// Only the record that its owner names is asked, and only if its person can confirm today.
func TestReidentifyOwn(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.account(t, "other", registerclient.RoleDataUser)
		h.addPasskey(t, h.lives(t, other, "other@example.com", "2024-01-01"))
		silent := h.lives(t, h.owner, "", "2024-01-01")
		coming := h.lives(t, h.owner, "coming@example.com", "2026-06-02")
		erased := h.lives(t, h.owner, "", "2024-01-01")
		must(h.AnonymiseIdentityRecord(t.Context(), "owner", erased))(t)

		for _, test := range []struct {
			name    string
			account store.Account
			ir      string
			method  registerclient.Method
			want    string
		}{
			{"another account's", other, h.ir, "magic-link", "not found NOT001"},
			{"unknown", h.owner, "ir_0123456789abcdef01234567", "magic-link", "not found NOT001"},
			{"anonymised", h.owner, erased, "magic-link", "conflict CON001"},
			{"still to move in", h.owner, coming, "magic-link", "conflict CON001"},
			{"no address of its own", h.owner, silent, "magic-link", "unprocessable VAL002 method"},
			{"no passkey of its own", h.owner, h.ir, "passkey-assert", "unprocessable VAL003 method"},
			{"link", h.owner, h.ir, "magic-link", ""},
			{"enrolment without an address", h.owner, silent, "passkey-register", ""},
		} {
			started, err := h.reidentifyOwn(t, test.account, test.ir, registerclient.ReidentifyOwnRequest{
				Method: test.method,
			})
			expectRefusal(t, test.name, err, test.want)
			if err != nil {
				continue
			}

			row := h.stored(t, h.owner, started)
			mailed := test.method == registerclient.MethodMagicLink
			if row.IR != test.ir || !row.OwnRecord || (row.LinkHash != nil) != mailed {
				t.Errorf("%s: stored %+v", test.name, row)
			}
		}

		if got := h.recipients(t); got != customerEmail {
			t.Errorf("letters went to %q", got)
		}

		h.tenancyChange(t, meterPoint, "2023-01-01")
		_, err := h.reidentifyOwn(t, h.owner, h.ir, registerclient.ReidentifyOwnRequest{Method: "magic-link"})
		expectRefusal(t, "an earlier occupant's", err, "conflict CON001")
	})
}

// A stub confirms at once and asks no customer.
func TestStub(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	stub := h.with(func(o *rules.Options) { o.Stub = true })
	started := stub.ask(
		t,
		registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink, MatchCode: true},
	)
	h.expectStatus(t, "stub", started, "confirmed")
	if jobs := h.jobs(t); len(jobs) != 0 || started.MatchCode == "" {
		t.Errorf("started %+v, queued %+v", started, jobs)
	}
}

// A caller learns the first and the last letter of an address and its domain.
func TestMaskedEmail(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"customer@example.com": "c*****r@example.com",
		"a@example.com":        "a*****a@example.com",
		"éva@example.com":      "é*****a@example.com",
		`"a@b"@example.com`:    `"*****"@example.com`,
		"nothing":              "*****",
	} {
		if got := rules.MaskedEmail(address); got != want {
			t.Errorf("%s is shown as %s, want %s", address, got, want)
		}
	}
}
