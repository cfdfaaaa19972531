package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestLogHoldsNothingPersonal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.header.Set("Referer", "https://example.org/"+w.meterPoint)
	b.header.Set("X-Request-ID", w.meterPoint)
	b.header.Set("User-Agent", w.meterPoint)
	records := b.signIn()
	b.post(records.withdrawPath(t), url.Values{"token": {b.get(records.withdrawPath(t)).token(t)}})
	token, session := w.wire.tokenRef(), b.session()
	// The number is sent to every wrong place, and calls of the register fail.
	b.get("/portal/" + w.meterPoint)
	b.get("/" + w.meterPoint + "?number=" + w.meterPoint)
	b.get("/portal/records/" + w.meterPoint + "/withdraw")
	b.do(http.MethodPut, "/portal/prove?x="+w.meterPoint, url.Values{"number": {w.meterPoint}})
	b.post("/portal/meter?x=%zz"+w.meterPoint, url.Values{"number": {w.meterPoint}})
	for _, operation := range []string{"exists", "reidentify", "status", "list"} {
		for _, status := range []int{400, 401, 403, 404, 409, 422, 429, 500, 503} {
			w.register.Clock.Add(10 * time.Minute) // out of reach of the limits
			w.wire.set(refuse(operation, status), nil)
			b.post("/portal/meter", url.Values{"number": {w.meterPoint}, "confirmed": {"yes"}})
			w.wire.set(nil, func(r *http.Request) bool { return operationOf(r) == operation })
			b.post("/portal/meter", url.Values{"number": {trueMPAN}})
		}
	}

	text := w.log.String()
	if !strings.Contains(text, `"route":"/portal/records/:handle/withdraw"`) {
		t.Error("the log names no route")
	}
	for _, canary := range []string{
		w.meterPoint,
		trueMPAN,
		"mlr_",
		token,
		session,
		email,
		"canary",
		"example.com",
		"Bright Energy",
	} {
		if strings.Contains(text, canary) {
			t.Errorf("the log tells %q", canary)
		}
	}
}
