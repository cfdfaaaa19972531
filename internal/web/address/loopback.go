package address

import "net"

// IsLoopback reports whether a host, without a port and without brackets, names this machine: "localhost", an address
// in 127.0.0.0/8, or ::1. An IPv4 loopback address written as IPv6 (::ffff:127.0.0.1) counts too.
//
// Package register/webhook needs other rules for its receivers and has its own check: it accepts names below
// ".localhost", and refuses IPv4 addresses written as IPv6.
func IsLoopback(host string) bool { return host == "localhost" || IsLoopbackIP(host) }

// IsLoopbackIP is IsLoopback for addresses only: it is false for "localhost".
func IsLoopbackIP(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
