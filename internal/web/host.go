package web

import "strings"

// NormalHost returns a Host header as settings write it: in lower case, and without a port that is a default.
func NormalHost(header string) string {
	host := strings.ToLower(header)
	return strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
}
