package webhook

import (
	"net"
	"net/netip"
	"strings"
	"testing"
)

func TestCheckURLTakesNamesOnTheInternet(t *testing.T) {
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
		"https://example.com/" + strings.Repeat("a", maxURL-len("https://example.com/")),
	} {
		for _, local := range []bool{false, true} {
			if err := CheckURL(raw, local); err != nil {
				t.Errorf("local %t: %.60s: %v", local, raw, err)
			}
		}
	}
}

// hostile may not be registered, wherever the register is.
var hostile = []string{
	// No address, or another scheme.
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
	// Somebody's name and password, and what some parser takes for them.
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
	// Numbers for a host: decimal, octal, hexadecimal, short, mixed, with a dot at the end.
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
	// Letters that are not what they look like.
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
	// Names that are none, or lead nowhere on the internet.
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
	"https://example.com/" + strings.Repeat("a", maxURL),
}

// onLoopback may be registered where the register itself is on loopback, and nowhere else.
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

// neverLoopback fail also where loopback is allowed.
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

func TestCheckURLRefusesHostileAddresses(t *testing.T) {
	t.Parallel()
	if len(hostile) < 150 {
		t.Errorf("only %d hostile addresses", len(hostile))
	}

	check := func(raw string, local bool) {
		err := CheckURL(raw, local)
		if err == nil {
			t.Errorf("local %t: %.80q is taken", local, raw)
		} else if len(raw) > 9 && strings.Contains(err.Error(), raw) {
			t.Errorf("%q repeats the address", err)
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

func TestConnectionsGoToTheInternetAlone(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "9.255.255.255": true, "11.0.0.0": true, "100.63.255.255": true, "100.128.0.0": true,
		"126.255.255.255": true, "128.0.0.0": true, "169.253.255.255": true, "169.255.0.0": true, "172.15.255.255": true, "172.32.0.0": true,
		"192.0.1.0": true, "192.167.255.255": true, "192.169.0.0": true, "198.17.255.255": true, "198.20.0.0": true, "223.255.255.255": true,
		"168.63.129.15": true, "168.63.129.17": true, "2606:4700::1111": true, "2a00:1450:4009::200e": true, "2001:200::1": true, "2001:4860::8888": true,
		"2003::1": true,

		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "10.255.255.255": false, "100.64.0.0": false, "100.100.100.200": false,
		"100.127.255.255": false, "127.0.0.1": false, "127.255.255.255": false, "168.63.129.16": false, "169.254.0.0": false, "169.254.169.254": false,
		"172.16.0.0": false, "172.31.255.255": false, "192.0.0.1": false, "192.0.0.192": false, "192.0.2.1": false, "192.31.196.1": false,
		"192.52.193.1": false, "192.88.99.1": false, "192.168.0.0": false, "192.168.255.255": false, "192.175.48.1": false, "198.18.0.0": false,
		"198.19.255.255": false, "198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "239.255.255.255": false, "240.0.0.1": false,
		"255.255.255.255": false,
		"::":              false, "::1": false, "::127.0.0.1": false, "::8.8.8.8": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false,
		"::ffff:8.8.8.8": false, "::ffff:0:127.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b::808:808": false, "64:ff9b:1::a00:1": false,
		"100::1": false, "2001::1": false, "2001:0:7f00:1::": false, "2001:2::1": false, "2001:10::1": false, "2001:20::1": false,
		"2001:db8::1": false, "2002:7f00:1::": false, "2002:808:808::1": false, "2620:4f:8000::1": false, "3fff::1": false, "4000::1": false,
		"5f00::1": false, "fc00::1": false, "fd00:ec2::254": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "ff02::1": false,
		"2606:4700::1111%eth0": false,
	} {
		to := func(port string) string { return net.JoinHostPort(address, port) }
		if got := checkAddress(to("443"), false) == nil; got != want {
			t.Errorf("%s: %t", address, got)
		}
		if checkAddress(to("80"), false) == nil || checkAddress(to("8443"), false) == nil {
			t.Errorf("%s: on another port", address)
		}

		ip := netip.MustParseAddr(address)
		if got := checkAddress(to("443"), true) == nil; got != (want || ip.IsLoopback() && !ip.Is4In6()) {
			t.Errorf("%s, from loopback: %t", address, got)
		}
		if got := checkAddress(to("8080"), true) == nil; got != (ip.IsLoopback() && !ip.Is4In6()) {
			t.Errorf("%s, from loopback, on another port: %t", address, got)
		}
	}

	for _, address := range []string{"", "example.com:443", "8.8.8.8", ":443", "8.8.8.8:", "/var/run/docker.sock", "010.8.8.8:443"} {
		if checkAddress(address, false) == nil || checkAddress(address, true) == nil {
			t.Errorf("%q is taken", address)
		}
	}
}

// FuzzCheckURL looks for an address that is taken and leads to a number, a port or a user that the rules refuse.
func FuzzCheckURL(f *testing.F) {
	for _, raw := range append(append(hostile, neverLoopback...), onLoopback...) {
		f.Add(raw)
	}

	f.Add("https://example.com/dar?a=b")
	f.Fuzz(func(t *testing.T, raw string) {
		if CheckURL(raw, false) != nil {
			return
		}

		rest, ok := strings.CutPrefix(strings.ToLower(raw), "https://")
		host, _, _ := strings.Cut(strings.NewReplacer("?", "/").Replace(rest), "/")
		host = strings.TrimSuffix(host, ":443")
		if !ok || len(raw) > maxURL || !strings.Contains(host, ".") || strings.ContainsAny(host, "@:[]%\\ ") {
			t.Errorf("%q is taken", raw)
		}
		if _, err := netip.ParseAddr(host); err == nil {
			t.Errorf("%q is taken", raw)
		}
	})
}
