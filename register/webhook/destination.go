package webhook

import (
	"net/netip"

	"code.dny.dev/ssrf"
)

// azureHost is the host of every virtual machine in Azure. The address looks public, so IANA does not list it.
var azureHost = netip.MustParsePrefix("168.63.129.16/32")

// internet permits TCP to port 443 of the addresses that IANA has given to hosts on the internet. The library keeps
// the ranges of IANA's registries of special-purpose addresses: private, loopback, link-local, carrier-grade NAT,
// ULA, multicast, documentation, and every IPv6 form that contains an IPv4 address.
var internet = ssrf.New(ssrf.WithPorts(443), ssrf.WithDeniedV4Prefixes(azureHost))

// checkDestination reports whether the dialer may connect to address, an IP address with a port. If local is true,
// every port on loopback is permitted too. The error of the library contains the address, so it is not wrapped.
func checkDestination(network, address string, local bool) error {
	destination, err := netip.ParseAddrPort(address)
	if err != nil {
		return errAddress
	}
	if local && isLoopback(destination.Addr()) {
		return nil
	}

	if err := internet.Safe(network, address, nil); err != nil {
		return errAddress
	}

	return nil
}

// isLoopback does not accept an IPv4 address mapped to IPv6, nor a zone.
func isLoopback(ip netip.Addr) bool { return ip.IsLoopback() && ip.Zone() == "" && !ip.Is4In6() }
