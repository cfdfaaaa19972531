package rules

import (
	"bytes"
	"slices"
	"testing"
)

// Every spelling of one mailbox has one normal form, and two mailboxes have two (docs/decisions.md, E-mail).
func TestNormalEmail(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, address, want string }{
		{"normal", "customer@example.com", "customer@example.com"},
		{"capitals", "Customer@EXAMPLE.Com", "customer@example.com"},
		{"marks of a mailbox stay", "a.b+c@example.com", "a.b+c@example.com"},

		{"a domain in Unicode", "kunde@münchen.example", "kunde@xn--mnchen-3ya.example"},
		{"a domain in Punycode", "kunde@xn--mnchen-3ya.example", "kunde@xn--mnchen-3ya.example"},
		{"a domain in Punycode, in capitals", "kunde@XN--MNCHEN-3YA.example", "kunde@xn--mnchen-3ya.example"},
		{"a domain in Unicode, in capitals", "KUNDE@MÜNCHEN.EXAMPLE", "kunde@xn--mnchen-3ya.example"},
		{"a domain in Unicode, decomposed", "kunde@mu\u0308nchen.example", "kunde@xn--mnchen-3ya.example"},
		{"a domain with a sharp s", "kunde@straße.example", "kunde@xn--strae-oqa.example"},
		{"a domain with a double s", "kunde@strasse.example", "kunde@strasse.example"},
		{"a domain in full-width letters", "kunde@ｅｘａｍｐｌｅ.com", "kunde@example.com"},

		{"a local part, composed", "ren\u00e9@example.com", "ren\u00e9@example.com"},
		{"a local part, decomposed", "rene\u0301@example.com", "ren\u00e9@example.com"},
		{"a local part in capitals, decomposed", "RENE\u0301@example.com", "ren\u00e9@example.com"},
		{"a local part with a sharp s", "straße@example.com", "straße@example.com"},
		{"a local part with a capital sharp s", "STRAẞE@example.com", "straße@example.com"},
		{"a local part with a dotted capital I", "İvan@example.com", "i\u0307van@example.com"},
		{"a local part with the sign of kelvin", "\u212aarl@example.com", "karl@example.com"},

		{"an address literal", "a@[IPv6:2001:DB8::1]", "a@[ipv6:2001:db8::1]"},
		{"no host name", "a@Foo_Bar.example", "a@foo_bar.example"},
		{"no Punycode", "a@XN--a.example", "a@xn--a.example"},
		{"two signs", "a@b@Example.com", "a@b@example.com"},
		{"no sign", "Example", "example"},
		{"nothing", "", ""},
	} {
		got := normalEmail(test.address)
		if got != test.want {
			t.Errorf("%s: %+q has the normal form %+q, want %+q", test.name, test.address, got, test.want)
		}
		if again := normalEmail(got); again != got {
			t.Errorf("%s: the normal form of %+q is %+q", test.name, got, again)
		}
	}
}

// A normal form is its own normal form, and that of the address in the letters that people know.
func FuzzNormalEmail(f *testing.F) {
	for _, seed := range []string{
		"Customer@Example.com", "kunde@mu\u0308nchen.example", "a@xn--mnchen-3ya.example", "İ@ẞ",
	} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, address string) {
		var k Checks
		k.email("email", address)
		if k.Err() != nil {
			return
		}

		normal := normalEmail(address)
		if again := normalEmail(normal); again != normal {
			t.Errorf("%+q: the normal form of %+q is %+q", address, normal, again)
		}
		if again := normalEmail(readableEmail(normal)); again != normal {
			t.Errorf("%+q: %+q, as shown, is read as %+q", address, normal, again)
		}
	})
}

// An address is found by the hashes of older programs too, if it has other forms.
func TestFormerEmails(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][]string{
		"Customer@Example.com":         nil,
		"kunde@MÜNCHEN.example":        {"kunde@münchen.example"},
		"kunde@xn--mnchen-3ya.example": {"kunde@münchen.example"},
		"rene\u0301@example.com":       {"rene\u0301@example.com"},
	} {
		if got := formerEmails(address); !slices.Equal(got, want) {
			t.Errorf("%+q has the former forms %+q, want %+q", address, got, want)
		}
	}

	ring := ringOf(t, GenerateKey("new")+","+GenerateKey("old"))
	macs := ring.macs("kunde@xn--mnchen-3ya.example")
	former := ring.key("old").hash("kunde@münchen.example")
	if len(macs) != 4 || !slices.ContainsFunc(macs, func(mac []byte) bool { return bytes.Equal(mac, former) }) {
		t.Errorf("the hashes are %x, want %x among 4", macs, former)
	}
}
