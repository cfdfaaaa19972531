package webhook

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

func TestNameOfPrivateAddressIsRefused(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255",
	} {
		c := New(Options{})
		c.dialer.Resolver = (&names{answers: [][]string{{address}}}).resolver()

		code, err := c.Post(t.Context(), delivery("https://hooks.example.com/"))
		if code != 0 || text(err) != "address is refused" {
			t.Errorf("%s: %d, %v", address, code, err)
		}
	}
}

// TestRebindingIsUseless resolves a name to a different address at each lookup, and to several at once. The dialer
// checks the address that it connects to.
func TestRebindingIsUseless(t *testing.T) {
	t.Parallel()

	var requests atomic.Int32
	server, local := receive(t, func(http.ResponseWriter, *http.Request) { requests.Add(1) })
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	strict := New(Options{})
	trust(strict, server)
	// The rule of a register on the internet, except for the port: a test cannot listen on 443.
	strict.dialer.Control = func(network, address string, _ syscall.RawConn) error {
		host, _, _ := net.SplitHostPort(address)
		return checkDestination(network, net.JoinHostPort(host, "443"), false)
	}
	rebinding := &names{answers: [][]string{{"127.0.0.1"}, {"10.0.0.1", "127.0.0.1"}, {"127.0.0.1", "127.0.0.2"}}}
	for _, c := range []*Client{local, strict} {
		c.dialer.Resolver = rebinding.resolver()
		c.transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return c.dialer.DialContext(ctx, network, net.JoinHostPort("example.com", port))
		}
	}

	if _, err := local.Post(t.Context(), delivery("https://example.com/")); err != nil || requests.Load() != 1 {
		t.Fatalf("the name server of the test does not work: %v", err)
	}
	for range 3 {
		if _, err := strict.Post(t.Context(), delivery("https://example.com/")); text(err) != "address is refused" {
			t.Error(err)
		}
	}

	if requests.Load() != 1 {
		t.Error("the receiver was reached")
	}
}

// permitted reports whether the dialer may connect to address.
func permitted(address string, local bool) bool {
	network := "tcp4"
	if strings.HasPrefix(address, "[") {
		network = "tcp6"
	}

	return checkDestination(network, address, local) == nil
}

// TestReservedRangesAreRefused holds every range that the register has ever refused, whatever the library's list
// becomes: the first and the last address of each.
func TestReservedRangesAreRefused(t *testing.T) {
	t.Parallel()

	for _, text := range []string{
		"0.0.0.0/8",        // this network, and unspecified
		"10.0.0.0/8",       // private
		"100.64.0.0/10",    // carrier-grade NAT; the metadata of a cloud
		"127.0.0.0/8",      // loopback
		"168.63.129.16/32", // the host of a virtual machine in Azure
		"169.254.0.0/16",   // link-local; the metadata of clouds
		"172.16.0.0/12",    // private
		"192.0.0.0/24",     // protocol assignments; the metadata of a cloud
		"192.0.2.0/24",     // documentation
		"192.31.196.0/24",  // AS112
		"192.52.193.0/24",  // multicast tunnels
		"192.88.99.0/24",   // 6to4 relays
		"192.168.0.0/16",   // private
		"192.175.48.0/24",  // AS112
		"198.18.0.0/15",    // benchmarks
		"198.51.100.0/24",  // documentation
		"203.0.113.0/24",   // documentation
		"224.0.0.0/4",      // multicast
		"240.0.0.0/4",      // reserved, and broadcast

		"::/3",              // unspecified, loopback, IPv4-mapped and IPv4-compatible, NAT64
		"::ffff:0:0/96",     // IPv4-mapped
		"64:ff9b::/96",      // NAT64
		"64:ff9b:1::/48",    // NAT64, local use
		"100::/64",          // discard
		"2001::/23",         // protocol assignments: Teredo, benchmarks, ORCHID
		"2001:db8::/32",     // documentation
		"2002::/16",         // 6to4, which contains an IPv4 address
		"2620:4f:8000::/48", // AS112
		"3fff::/20",         // documentation
		"4000::/2",          // not assigned
		"8000::/1",          // not assigned; ULA, link-local, multicast
		"fc00::/7",          // ULA
		"fe80::/10",         // link-local
		"ff00::/8",          // multicast
	} {
		block := netip.MustParsePrefix(text)

		for _, ip := range []netip.Addr{block.Addr(), lastOf(block)} {
			if permitted(netip.AddrPortFrom(ip, 443).String(), false) {
				t.Errorf("%s of %s is permitted", ip, text)
			}
		}
	}
}

// lastOf returns the last address of a block.
func lastOf(block netip.Prefix) netip.Addr {
	bytes := block.Addr().AsSlice()
	for bit := block.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}

	last, _ := netip.AddrFromSlice(bytes)

	return last
}

func TestOnlyTheInternetIsPermitted(t *testing.T) {
	t.Parallel()

	isPublic := map[string]bool{}
	for _, address := range strings.Fields(`
		8.8.8.8 1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255
		169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0
		223.255.255.255 168.63.129.15 168.63.129.17 2606:4700::1111 2a00:1450:4009::200e 2001:200::1 2001:4860::8888
		2003::1
	`) {
		isPublic[address] = true
	}

	for _, address := range strings.Fields(`
		0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.0 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.255
		168.63.129.16 169.254.0.0 169.254.169.254 172.16.0.0 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1
		192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.0 192.168.255.255 192.175.48.1 198.18.0.0 198.19.255.255
		198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::8.8.8.8
		::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::808:808
		64:ff9b:1::a00:1 100::1 2001::1 2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::
		2002:808:808::1 2620:4f:8000::1 3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1
		ff02::1 2606:4700::1111%eth0
	`) {
		isPublic[address] = false
	}

	for address, want := range isPublic {
		to := func(port string) string { return net.JoinHostPort(address, port) }
		if got := permitted(to("443"), false); got != want {
			t.Errorf("%s: permitted is %t, want %t", address, got, want)
		}
		if permitted(to("80"), false) || permitted(to("8443"), false) {
			t.Errorf("%s is permitted on another port", address)
		}

		ip := netip.MustParseAddr(address)
		onLoopback := ip.IsLoopback() && !ip.Is4In6()
		if got := permitted(to("443"), true); got != (want || onLoopback) {
			t.Errorf("%s, from loopback: permitted is %t", address, got)
		}
		if got := permitted(to("8080"), true); got != onLoopback {
			t.Errorf("%s, from loopback, on another port: permitted is %t", address, got)
		}
	}

	for _, address := range []string{
		"", "example.com:443", "8.8.8.8", ":443", "8.8.8.8:", "/var/run/docker.sock", "010.8.8.8:443",
	} {
		if permitted(address, false) || permitted(address, true) {
			t.Errorf("%q is permitted", address)
		}
	}
}
