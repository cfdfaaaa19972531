package serve

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	proxies := []string{"10.0.0.0/8", " fd00::/8"}
	for _, test := range []struct {
		name, peer, forwarded, want string
		proxies                     []string
	}{
		{"the peer", "192.0.2.1:5000", "", "192.0.2.1", nil},
		{"a header that is not trusted", "192.0.2.1:5000", "198.51.100.7", "192.0.2.1", nil},
		{"a stranger who claims to be a proxy", "192.0.2.1:5000", "198.51.100.7", "192.0.2.1", proxies},
		{"a proxy", "10.1.2.3:5000", "198.51.100.7", "198.51.100.7", proxies},
		{"a proxy of IPv6", "[fd00::1]:5000", "198.51.100.7", "198.51.100.7", proxies},
		{"what the customer put before", "10.1.2.3:5000", "1.1.1.1, 198.51.100.7", "198.51.100.7", proxies},
		{"two proxies", "10.1.2.3:5000", "198.51.100.7, 10.9.9.9", "198.51.100.7", proxies},
		{"loopback is trusted by being set alone", "127.0.0.1:5000", "198.51.100.7", "127.0.0.1", proxies},
		{"IPv6 by its network", "[2001:db8:1:2:3:4:5:6]:5000", "", "2001:db8:1:2::/64", nil},
		{"IPv6 behind a proxy", "10.1.2.3:5000", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", proxies},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:5000", "", "192.0.2.1", nil},
	} {
		address, err := Address(test.proxies)
		if err != nil {
			t.Fatal(err)
		}

		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.peer
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-For", test.forwarded)
		}
		if got := address(r); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}

	_, err := Address([]string{"10.0.0.0/8", "10.0.0.1"})
	if err == nil || err.Error() != `"10.0.0.1" is not a network such as 10.0.0.0/8` {
		t.Errorf("an address for a network: %v", err)
	}
}
