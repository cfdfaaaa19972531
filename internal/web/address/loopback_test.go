package address

import "testing"

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		host string
		want bool
		ip   bool
	}{
		{"localhost", true, false},
		{"127.0.0.1", true, true},
		{"127.255.255.254", true, true},
		{"::1", true, true},
		{"::ffff:127.0.0.1", true, true},
		{"", false, false},
		{"LOCALHOST", false, false},
		{"localhost.", false, false},
		{"a.localhost", false, false},
		{"localhost:80", false, false},
		{"127.0.0.1:80", false, false},
		{"127.1", false, false},
		{"128.0.0.1", false, false},
		{"0.0.0.0", false, false},
		{"[::1]", false, false},
		{"::1%lo", false, false},
		{"::", false, false},
		{"localhost.example.org", false, false},
		{"127.0.0.1.example.org", false, false},
	} {
		if got := IsLoopback(test.host); got != test.want {
			t.Errorf("IsLoopback(%q) = %v, want %v", test.host, got, test.want)
		}
		if got := IsLoopbackIP(test.host); got != test.ip {
			t.Errorf("IsLoopbackIP(%q) = %v, want %v", test.host, got, test.ip)
		}
	}
}
