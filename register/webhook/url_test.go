package webhook

import (
	"net/netip"
	"strings"
	"testing"

	"central.consent/dar/internal/web/address"
)

func TestCheckURLAcceptsNamesOnTheInternet(t *testing.T) {
	t.Parallel()

	for _, raw := range []string{
		"https://example.com",
		"https://example.com/",
		"https://hooks.example.co.uk/dar?tenant=7&key=a%20b",
		"https://example.com:443/dar",
		"https://EXAMPLE.COM/DAR",
		"https://xn--gwynedd-example.cymru/",
		"https://1and1.com/",
		"https://3.example.com/",
		"https://127.0.0.1.example.com/",
		"https://0x7f.example.com/",
		"https://localhost.example.com/",
		"https://example.com/http://127.0.0.1/",
		"https://example.com/a@b:c",
		"https://example.com/" + strings.Repeat("a", address.MaxURL-len("https://example.com/")),
	} {
		for _, local := range []bool{false, true} {
			if err := CheckURL(raw, local); err != nil {
				t.Errorf("local %t: %.60s: %v", local, raw, err)
			}
		}
	}
}

// hostile URLs are refused, also if the register runs on loopback.
var hostile = []string{
	// No URL, or another scheme.
	"",
	" ",
	"/",
	"dar",
	"//example.com/",
	"example.com",
	"example.com/dar",
	"https:",
	"https:/",
	"https://",
	"https:///dar",
	"https:example.com",
	"https:/example.com/",
	"http://example.com/",
	"http://example.com:443/",
	"ftp://example.com/",
	"file:///etc/passwd",
	"gopher://example.com/",
	"dict://example.com:443/",
	"javascript:alert(1)",
	"data:text/plain,x",
	"mailto:a@example.com",
	"unix:///var/run/docker.sock",
	"ws://example.com/",
	"wss://example.com/",
	"https+unix://example.com/",
	"ldap://example.com/",
	"jar:https://example.com!/",
	"view-source:https://example.com/",
	"HTTPS://example.com/",
	"h\tttps://example.com/",
	// A user name and password, and what some parser takes for them.
	"https://user@example.com/",
	"https://user:password@example.com/",
	"https://@example.com/",
	"https://:@example.com/",
	"https://example.com@127.0.0.1/",
	"https://example.com:443@127.0.0.1/",
	"https://127.0.0.1@example.com/",
	"https://example.com%40127.0.0.1/",
	"https://example.com\\@127.0.0.1/",
	"https://127.0.0.1\\@example.com/",
	"https://example.com#@127.0.0.1/",
	"https://example.com?@127.0.0.1#",
	"https://a:b@c@example.com/",
	"https://example.com\\.evil.test/",
	"https://example.com\\",
	"https:\\\\example.com\\",
	"https://127.0.0.1;@example.com/",
	"https://example.com;.evil.test/",
	// Fragments.
	"https://example.com/#",
	"https://example.com/#a",
	"https://example.com#",
	"https://example.com/?a#b",
	// Ports.
	"https://example.com:/",
	"https://example.com:80/",
	"https://example.com:8443/",
	"https://example.com:22/",
	"https://example.com:0/",
	"https://example.com:0443/",
	"https://example.com:00443/",
	"https://example.com:65979/",
	"https://example.com:-1/",
	"https://example.com:+443/",
	"https://example.com:https/",
	"https://example.com:443:443/",
	"https://example.com:4 43/",
	"https://example.com:443:80/",
	"https://example.com:1443",
	"https://example.com:4430/",
	// IP addresses as hosts: decimal, octal, hexadecimal, short, mixed, with a dot at the end.
	"https://8.8.8.8/",
	"https://8.8.8.8:443/",
	"https://127.1/",
	"https://127.0.1/",
	"https://2130706433/",
	"https://017700000001/",
	"https://0x7f000001/",
	"https://0x7f.1/",
	"https://0X7F.0.0.1/",
	"https://0177.0.0.1/",
	"https://0177.0.0.01/",
	"https://127.0.0.0x1/",
	"https://127.0.0.01/",
	"https://127.0.0.1./",
	"https://2130706433./",
	"https://0x7f000001./",
	"https://0x/",
	"https://a.0x/",
	"https://0/",
	"https://00/",
	"https://0.0.0.0./",
	"https://1/",
	"https://256.256.256.256/",
	"https://127.0.0.256/",
	"https://1.2.3.4.5/",
	"https://4294967296/",
	"https://18446744073709551617/",
	"https://169.254.43518/",
	"https://2852039166/",
	"https://0xa9fea9fe/",
	"https://0251.0376.0251.0376/",
	"https://10.0.0.1/",
	"https://192.168.1.1/",
	"https://172.16.0.1/",
	"https://169.254.169.254/",
	"https://100.64.0.1/",
	"https://255.255.255.255/",
	"https://224.0.0.1/",
	"https://example.1/",
	"https://example.0x7f/",
	"https://%31%32%37.0.0.1/",
	"https://127%2e0%2e0%2e1/",
	"https://127.0.0.1%00.example.com/",
	"https://1%30.0.0.1/",
	// IPv6, and IPv4 inside of it.
	"https://[2606:4700::1111]/",
	"https://[::]/",
	"https://[::]:443/",
	"https://[::ffff:127.0.0.1]/",
	"https://[::ffff:7f00:1]/",
	"https://[::127.0.0.1]/",
	"https://[64:ff9b::7f00:1]/",
	"https://[64:ff9b:1::a9fe:a9fe]/",
	"https://[2002:7f00:1::]/",
	"https://[2001:0:7f00:1::]/",
	"https://[fe80::1]/",
	"https://[fe80::1%25eth0]/",
	"https://[fe80::1%eth0]/",
	"https://[::1%25lo]/",
	"https://[fc00::1]/",
	"https://[fd00:ec2::254]/",
	"https://[ff02::1]/",
	"https://[::1",
	"https://::1/",
	"https://[]/",
	"https://[example.com]/",
	"https://[127.0.0.1]/",
	"https://[v1.a]/",
	"https://[::1].example.com/",
	"https://[::ffff:0:127.0.0.1]/",
	// Characters that look like others.
	"https://ⓔxample.com/",
	"https://exаmple.com/",
	"https://１２７.０.０.１/",
	"https://①②⑦.⓪.⓪.①/",
	"https://127。0。0。1/",
	"https://example。com/",
	"https://example．com/",
	"https://bücher.example.com/",
	"https://exam\u00adple.com/",
	"https://example.com\u2044@127.0.0.1/",
	"https://example.com\u202e/",
	"https://example.com\u200b/",
	"https://ex%C3%A4mple.com/",
	"https://example.com/ŵ",
	"https://localhoſt/",
	"https://example.com\uff03@127.0.0.1/",
	"https://example.com\uff0f127.0.0.1/",
	"\ufeffhttps://example.com/",
	"https://\xff.example.com/",
	// Spaces, lines and controls.
	" https://example.com/",
	"https://example.com/ ",
	"https://example.com/a b",
	"https://exa mple.com/",
	"https://example.com/\r\nX-A: b",
	"https://example.com\r\nHost: 127.0.0.1",
	"https://example.com/\x00",
	"https://example.com\x00.evil.test/",
	"https://example.com/\t",
	"https://example.com\n/",
	"https://example.com/\x7f",
	"https://example.com/%zz",
	// Invalid names, and names that do not exist on the internet.
	"https://intranet/",
	"https://metadata/",
	"https://kubernetes/",
	"https://com/",
	"https://a/",
	"https://./",
	"https://../",
	"https://.example.com/",
	"https://example..com/",
	"https://example.com./",
	"https://-example.com/",
	"https://example-.com/",
	"https://exam_ple.com/",
	"https://exam*ple.com/",
	"https://*.example.com/",
	"https://exam$ple.com/",
	"https://example.com,127.0.0.1/",
	"https://(example.com)/",
	"https://metadata.google.internal/",
	"https://printer.local/",
	"https://router.home.arpa/",
	"https://a.onion/",
	"https://INTERNAL/",
	"https://db.INTERNAL/",
	"https://" + strings.Repeat("a", 64) + ".com/",
	"https://" + strings.Repeat("abcdefg.", 32) + "com/",
	// Too long.
	"https://example.com/" + strings.Repeat("a", address.MaxURL),
}

// onLoopback URLs are accepted only if the register runs on loopback.
var onLoopback = []string{
	"http://localhost",
	"http://localhost/dar",
	"http://localhost:5001/demo/receive",
	"https://localhost:8443/",
	"https://localhost/",
	"http://LOCALHOST/",
	"http://127.0.0.1/",
	"http://127.0.0.1:8080/dar",
	"https://127.0.0.1/",
	"https://127.255.255.254:443/",
	"http://[::1]/",
	"https://[::1]:8443/",
	"http://hooks.localhost:5001/",
	"https://hooks.localhost/",
}

// neverLoopback URLs are refused even if loopback is allowed.
var neverLoopback = []string{
	"ftp://localhost/",
	"http://localhost:/",
	"http://localhost:0/",
	"http://localhost:65536/",
	"http://user@localhost/",
	"http://localhost/#a",
	"http://127.1/",
	"http://2130706433/",
	"http://0.0.0.0/",
	"http://[::]/",
	"http://[::ffff:127.0.0.1]/",
	"http://10.0.0.1/",
	"http://192.168.0.1:8080/",
	"http://localhost./",
	"http://.localhost/",
	"http://a_b.localhost/",
	"http://localhost.example.com/",
	"http://127.0.0.1.example.com/",
	"http://intranet:8080/",
	"http://169.254.169.254/",
	"http://[::1%25lo]/",
}

func TestCheckURLRefusesHostileURLs(t *testing.T) {
	t.Parallel()

	if len(hostile) < 150 {
		t.Errorf("only %d hostile URLs", len(hostile))
	}

	check := func(raw string, local bool) {
		err := CheckURL(raw, local)
		if err == nil {
			t.Errorf("local %t: %.80q is accepted", local, raw)
		} else if len(raw) > 9 && strings.Contains(err.Error(), raw) {
			t.Errorf("%q contains the URL", err)
		}
	}
	for _, raw := range append(hostile, neverLoopback...) {
		check(raw, false)
		check(raw, true)
	}

	for _, raw := range onLoopback {
		check(raw, false)
		if err := CheckURL(raw, true); err != nil {
			t.Errorf("%s, from loopback: %v", raw, err)
		}
	}
}

// FuzzCheckURL searches for an accepted URL that contains an IP address, a port or a user that the rules refuse.
func FuzzCheckURL(f *testing.F) {
	for _, raw := range append(append(hostile, neverLoopback...), onLoopback...) {
		f.Add(raw)
	}

	f.Add("https://example.com/dar?a=b")
	f.Fuzz(func(t *testing.T, raw string) {
		if CheckURL(raw, false) != nil {
			return
		}

		afterScheme, ok := strings.CutPrefix(strings.ToLower(raw), "https://")
		host, _, _ := strings.Cut(strings.ReplaceAll(afterScheme, "?", "/"), "/")
		host = strings.TrimSuffix(host, ":443")
		if !ok || len(raw) > address.MaxURL || !strings.Contains(host, ".") || strings.ContainsAny(host, "@:[]%\\ ") {
			t.Errorf("%q is accepted", raw)
		}
		if _, err := netip.ParseAddr(host); err == nil {
			t.Errorf("%q is accepted", raw)
		}
	})
}
