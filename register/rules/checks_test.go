package rules

import (
	"strings"
	"testing"
	"time"

	"central.consent/dar/registerclient"
)

// mistakesOf returns the fields that a check finds at fault, separated by spaces.
func mistakesOf(check func(k *Checks)) string {
	var k Checks
	check(&k)

	fields := make([]string, len(k.mistakes))
	for i, mistake := range k.mistakes {
		fields[i] = mistake.Field
	}

	return strings.Join(fields, " ")
}

// A check of one value finds the mistakes of its kind, and no others.
func TestChecks(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 10)
	text := func(value string) func(k *Checks) { return func(k *Checks) { k.text("f", value, 9) } }
	required := func(value string) func(k *Checks) { return func(k *Checks) { k.required("f", value, 9) } }
	optional := func(value *string) func(k *Checks) { return func(k *Checks) { k.optional("f", value, 9) } }
	link := func(value string) func(k *Checks) { return func(k *Checks) { k.link("f", value) } }
	date := func(value registerclient.Date) func(k *Checks) { return func(k *Checks) { k.date("f", value) } }
	email := func(value string) func(k *Checks) { return func(k *Checks) { k.email("f", value) } }
	instant := func(value time.Time) func(k *Checks) { return func(k *Checks) { k.instant("f", value) } }
	types := func(values ...registerclient.DataType) func(k *Checks) {
		return func(k *Checks) { k.dataTypes("f", values) }
	}
	year := func(year int) time.Time { return time.Date(year, time.June, 1, 0, 0, 0, 0, time.UTC) }

	for _, test := range []struct {
		name  string
		check func(k *Checks)
		want  string
	}{
		{"text: empty", text(""), ""},
		{"text: counted in characters", text(long[:18]), ""},
		{"text: too long", text(long), "f"},
		{"text: two lines", text("a\nb"), "f"},
		{"text: both", text(long + "\n"), "f f"},

		{"required", required("a"), ""},
		{"required: blank", required(" \t"), "f"},
		{"required: too long", required(long), "f"},

		{"optional: absent", optional(nil), ""},
		{"optional: given", optional(new("a")), ""},
		{"optional: blank", optional(new(" ")), "f"},
		{"optional: too long", optional(new(long)), "f"},

		{"link", link("https://example.org/a?b=c#d"), ""},
		{"link: http", link("http://example.org"), ""},
		{"link: script", link("javascript:alert(1)"), "f"},
		{"link: capitals", link("HTTPS://example.org"), "f"},
		{"link: no host", link("https:///a"), "f"},
		{"link: relative", link("/a"), "f"},
		{"link: user info", link("https://bank.example@evil.example"), "f"},
		{"link: quote", link(`https://example.org/"onload=`), "f"},
		{"link: space", link("https://example.org/a b"), "f"},
		{"link: illegible", link("https://example.org/\u202e"), "f"},
		{"link: 2000 characters", link("https://a.example/" + strings.Repeat("a", 1982)), ""},
		{"link: 2001 characters", link("https://a.example/" + strings.Repeat("a", 1983)), "f"},

		{"date", date("2024-02-29"), ""},
		{"date: no such day", date("2023-02-29"), "f"},
		{"date: other order", date("29/02/2024"), "f"},
		{"date: with time", date("2024-02-29T00:00:00Z"), "f"},
		{"date: first year", date("1900-01-01"), ""},
		{"date: too early", date("1899-12-31"), "f"},
		{"date: last year", date("2999-12-31"), ""},
		{"date: too late", date("3000-01-01"), "f"},

		{"instant", instant(year(2024)), ""},
		{"instant: none", instant(time.Time{}), "f"},
		{"instant: too late", instant(year(3000)), "f"},

		{"email", email("customer@example.com"), ""},
		{"email: with a name", email("Customer <customer@example.com>"), "f"},
		{"email: two", email("a@example.com, b@example.com"), "f"},
		{"email: no domain", email("customer"), "f"},
		{"email: header", email("a@example.com\r\nBcc: b@example.com"), "f"},
		{"email: 254 bytes", email("a@" + strings.Repeat("b", 248) + ".com"), ""},
		{"email: 255 bytes", email("a@" + strings.Repeat("b", 249) + ".com"), "f"},
		{"email: illegible", email("a\u200b@example.com"), "f"},

		{"data types", types(AllDataTypes...), ""},
		{"data types: none", types(), "f"},
		{"data types: unknown", types(registerclient.TariffImport, "weather"), "f[1]"},
		{"data types: twice", types(registerclient.TariffImport, registerclient.TariffImport), "f[1]"},
	} {
		if got := mistakesOf(test.check); got != test.want {
			t.Errorf("%s: mistakes in %q, want %q", test.name, got, test.want)
		}
	}
}

// An address is checked member by member.
func TestCheckAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		alter func(a *registerclient.UKAddress)
		want  string
	}{
		{"whole", func(*registerclient.UKAddress) {}, ""},
		{"everything wrong", func(a *registerclient.UKAddress) {
			*a = registerclient.UKAddress{AddressLine2: new(" "), County: new("\n"), Postcode: "m14 5rt"}
		}, "a.addressLine1 a.addressLine2 a.townCity a.county a.postcode"},
		{"postcode without a space", func(a *registerclient.UKAddress) { a.Postcode = "M145RT" }, ""},
		{"postcode of another country", func(a *registerclient.UKAddress) { a.Postcode = "10115" }, "a.postcode"},
	} {
		address := registerclient.UKAddress{
			AddressLine1: "14 Acacia Avenue",
			TownCity:     "Manchester",
			Postcode:     "M14 5RT",
		}
		test.alter(&address)
		if got := mistakesOf(func(k *Checks) { k.address("a", &address) }); got != test.want {
			t.Errorf("%s: mistakes in %q, want %q", test.name, got, test.want)
		}
	}

	if got := mistakesOf(func(k *Checks) { k.address("a", nil) }); got != "" {
		t.Errorf("no address: mistakes in %q", got)
	}
}

// Every mistake of a request is returned at once, and none is nil, so that a caller can return Err as it is.
func TestChecksErr(t *testing.T) {
	t.Parallel()
	var k Checks
	if err := k.Err(); err != nil {
		t.Errorf("without a mistake: %v", err)
	}

	k.Merge(nil)
	k.Add("a", "is wrong.")
	k.Merge(Errors{Invalid("b", "is wrong."), Invalid("c", "is wrong.")})
	OneOf(&k, "d", "x", "y", "z")
	const want = "a: is wrong.; b: is wrong.; c: is wrong.; d: must be one of y, z."
	if err := k.Err(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// The register writes to addresses at domain names only. An address literal, a bare host name and the like are refused
// once, with the name of the field.
func TestMailboxes(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"customer@example.com", "customer+tag@mail.example.co.uk", "josé@example.com", "customer@bücher.example",
		"o'brien@example.com", "a.b.c@1.example",
	} {
		if got := mistakesOf(func(k *Checks) { k.mailbox("f", address) }); got != "" {
			t.Errorf("%q is refused", address)
		}
	}

	for _, address := range []string{
		"customer@[127.0.0.1]", "customer@[IPv6:::1]", "customer@[IPv6:2001:db8::1]", "customer@[example.com]",
		"customer@127.0.0.1", "customer@127.1", "customer@0x7f.0x0.0x0.0x1", "customer@2130706433",
		"customer@127。0。0。1", "customer@localhost", "root@mailhost", "customer@smtp.localhost",
		"customer@example.com.", "customer@example..com", "customer@.example.com", "customer@-a.example",
		"customer@exam_ple.com", `"customer"@example.com`, `"a b"@example.com`, `"a@b"@example.com`,
		`"customer@evil.example"@[127.0.0.1]`, ".customer@example.com", "customer.@example.com", "a..b@example.com",
		"customer@example.com (comment)", "<customer@example.com>", "customer@[127.0.0.1]@example.com", "@example.com",
		"customer@", "customer@example.com:25", "customer%evil.example@[127.0.0.1]", "",
	} {
		if got := mistakesOf(func(k *Checks) { k.mailbox("f", address) }); got != "f" {
			t.Errorf("%q: the mistakes are in %q, want one in f", address, got)
		}
	}
}
