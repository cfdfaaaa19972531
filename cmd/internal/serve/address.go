package serve

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"
)

// Address returns a function that returns the address from which a request came, as limits count it: that of the peer,
// or the one that trusted proxies in between wrote in X-Forwarded-For. An IPv6 address is returned as its network,
// 2001:db8:1:2::/64, because a customer has a whole one. Each proxy is a network such as 10.0.0.0/8; the error quotes
// the first that is not.
func Address(proxies []string) (func(*http.Request) string, error) {
	from := echo.ExtractIPDirect()
	if len(proxies) > 0 {
		trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
		for _, text := range proxies {
			proxy, err := netip.ParsePrefix(strings.TrimSpace(text))
			if err != nil {
				return nil, fmt.Errorf("%q is not a network such as 10.0.0.0/8", text)
			}

			proxy = proxy.Masked()
			trust = append(trust, echo.TrustIPRange(&net.IPNet{
				IP: proxy.Addr().AsSlice(), Mask: net.CIDRMask(proxy.Bits(), proxy.Addr().BitLen()),
			}))
		}

		from = echo.ExtractIPFromXFFHeader(trust...)
	}

	return func(r *http.Request) string {
		text := from(r)
		address, err := netip.ParseAddr(text)
		if err != nil {
			return text
		}

		address = address.Unmap().WithZone("")
		if address.Is6() {
			return netip.PrefixFrom(address, 64).Masked().String()
		}

		return address.String()
	}, nil
}
