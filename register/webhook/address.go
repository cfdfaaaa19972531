package webhook

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const maxURL = 2000

// CheckURL says whether an address may be registered: https on port 443 of a host that has a name, and at most 2000
// characters, visible ASCII alone. Local allows loopback hosts too, by name or number, on any port and over http. It
// looks nothing up: where a name leads is checked at each connection. The error's text is fit for the Data User and
// does not repeat the address.
func CheckURL(raw string, local bool) error {
	if len(raw) > maxURL {
		return errors.New("must be at most 2000 characters")
	}

	for i := range len(raw) {
		// Clients disagree on a backslash: to some it ends the host.
		if raw[i] <= ' ' || raw[i] > '~' || raw[i] == '\\' {
			return errors.New(
				"must hold no spaces, backslashes or characters other than ASCII: write them %-encoded, and a host in punycode",
			)
		}
	}

	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Opaque != "" || !strings.HasPrefix(raw, u.Scheme) {
		return errors.New("must be an absolute https address")
	}
	if u.User != nil {
		return errors.New("must have no user name or password")
	}
	if strings.Contains(raw, "#") {
		return errors.New("must have no fragment")
	}

	host := strings.ToLower(u.Hostname())
	if local && loopbackHost(host) {
		return checkLoopback(u)
	}
	if u.Scheme != "https" {
		return errors.New("must be an https address")
	}
	// By comparison, so that neither "host:" nor port 0443 passes.
	if u.Host != u.Hostname() && u.Host != u.Hostname()+":443" {
		return errors.New("must use port 443 of a host that has a name")
	}

	return checkName(host)
}

func checkLoopback(u *url.URL) error {
	if u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("must be an https or http address")
	}

	port := u.Port()
	if n, err := strconv.ParseUint(
		port,
		10,
		16,
	); port != "" && (err != nil || n == 0) ||
		strings.HasSuffix(u.Host, ":") {
		return errors.New("must have a port from 1 to 65535, or none")
	}

	return nil
}

// loopbackHost takes the plain forms alone: 127.0.0.1 and not 127.1.
func loopbackHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return loopback(ip)
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") && checkLabels(host)
}

// closed are names that lead nowhere on the internet (RFC 6761, 6762, 7686, 8375 and ICANN's private-use name).
var closed = []string{"localhost", "local", "internal", "onion", "home.arpa"}

func checkName(host string) error {
	labels := strings.Split(host, ".")
	last := labels[len(labels)-1]
	switch {
	// Every spelling of an IPv4 address that some resolver understands ends so: 127.1, 0x7f000001, 017700000001.
	// (https://url.spec.whatwg.org, "ends in a number").
	case strings.Trim(last, "0123456789") == "" && last != "" || hexNumber(last):
		return errors.New("must name its host, and not by an IP address")
	case strings.Contains(host, ":"):
		return errors.New("must name its host, and not by an IP address")
	case len(labels) < 2 || len(host) > 253 || !checkLabels(host):
		return errors.New("must have the full name of a host on the internet")
	case slices.ContainsFunc(closed, func(name string) bool { return strings.HasSuffix("."+host, "."+name) }):
		return errors.New("must have the full name of a host on the internet")
	}

	return nil
}

func hexNumber(label string) bool {
	digits, ok := strings.CutPrefix(label, "0x")
	return ok && strings.Trim(digits, "0123456789abcdef") == ""
}

// checkLabels wants letters, digits and inner hyphens, as certificates do. Host is in lower case.
func checkLabels(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}

	return true
}

var errAddress = errors.New("address is refused")

// checkAddress is asked by the dialer before each connection, with the number that a name led to.
func checkAddress(address string, local bool) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !mayConnect(to, local) {
		return errAddress
	}
	return nil
}

// mayConnect refuses what is not known to be on the internet.
func mayConnect(to netip.AddrPort, local bool) bool {
	if local && loopback(to.Addr()) {
		return true
	}
	return to.Port() == 443 && public(to.Addr())
}

func loopback(ip netip.Addr) bool { return ip.IsLoopback() && ip.Zone() == "" && !ip.Is4In6() }

// public reports whether an address is one of a host on the internet, by IANA's registries of special-purpose
// addresses.
func public(ip netip.Addr) bool {
	if ip.Zone() != "" {
		return false
	}

	in := func(block netip.Prefix) bool { return block.Contains(ip) }
	if ip.Is4() {
		return !slices.ContainsFunc(special4, in)
	}

	return unicast6.Contains(ip) && !slices.ContainsFunc(special6, in)
}

var (
	special4 = prefixes(
		"0.0.0.0/8",        // this network, and unspecified
		"10.0.0.0/8",       // private
		"100.64.0.0/10",    // carriers' NAT; also a cloud's metadata
		"127.0.0.0/8",      // loopback
		"168.63.129.16/32", // the host of a virtual machine in Azure, public only by its looks
		"169.254.0.0/16",   // link-local; clouds' metadata
		"172.16.0.0/12",    // private
		"192.0.0.0/24",     // protocol assignments; also a cloud's metadata
		"192.0.2.0/24",     // documentation
		"192.31.196.0/24",  // AS112: answered by whoever is near
		"192.52.193.0/24",  // multicast tunnels
		"192.88.99.0/24",   // 6to4 relays
		"192.168.0.0/16",   // private
		"192.175.48.0/24",  // AS112
		"198.18.0.0/15",    // benchmarks
		"198.51.100.0/24",  // documentation
		"203.0.113.0/24",   // documentation
		"224.0.0.0/4",      // multicast
		"240.0.0.0/4",      // reserved, and broadcast
	)

	// unicast6 is all that IANA has given out for hosts. Unspecified, loopback, IPv4-mapped, NAT64 (64:ff9b::/96 and
	// 64:ff9b:1::/48), ULA, link-local and multicast lie outside.
	unicast6 = netip.MustParsePrefix("2000::/3")
	special6 = prefixes(
		"2001::/23",         // protocol assignments: Teredo, benchmarks, ORCHID
		"2001:db8::/32",     // documentation
		"2002::/16",         // 6to4, which holds an IPv4 address
		"2620:4f:8000::/48", // AS112
		"3fff::/20",         // documentation
	)
)

func prefixes(blocks ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, block := range blocks {
		out = append(out, netip.MustParsePrefix(block))
	}
	return out
}
