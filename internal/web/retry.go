package web

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// SetRetryAfter sets Retry-After to the wait in whole seconds, rounded up, and at least 1 (RFC 9110, 10.2.3).
func SetRetryAfter(h http.Header, wait time.Duration) {
	h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
}
