package handlers

import (
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
)

func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		name  string
		end   func()
		state string
	}{
		{"declined", func() { w.register.Decline(t, w.wire.tokenRef()) }, "declined"},
		{"expired", func() { w.register.Clock.Add(14*time.Minute + 50*time.Second) }, "pending"},
		{"unknown to the register", func() { w.wire.set(refuse("status", 404), nil) }, "gone"},
		{"asked too often", func() { w.wire.set(refuse("status", 429), nil) }, "pending"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.register.Clock.Add(time.Hour)
			b := w.browser(t)
			b.prove()
			test.end()
			defer w.wire.set(nil, nil)
			if p := b.get("/portal/waiting/status"); p.doc.Find("#waiting[data-state="+test.state+"]").Length() != 1 {
				t.Errorf("the part says %s", p.body)
			}
			if p := b.get("/portal/waiting"); p.doc.Find("#waiting[data-state="+test.state+"]").Length() != 1 {
				t.Errorf("the page says %s", p.body)
			}
		})
	}
}

// Windows of one browser share its cookies. All must end on the records, with one reading and one session, no matter
// which finds the confirmation first.
func TestManyWindowsPollAtOnce(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		w := newWorld(t, func(s *setting) {
			s.database = d
			s.handover = handoverTime
		})
		for round := range 3 {
			w.register.Clock.Add(time.Hour)
			b := w.browser(t)
			b.prove()
			b.confirm()
			var windows sync.WaitGroup
			for i := range 8 {
				windows.Go(func() {
					path := []string{"/portal/waiting/status", "/portal/waiting/check"}[i%2]
					eventually(t, "the records open", func() bool {
						p := b.get(path)
						if p.StatusCode >= http.StatusBadRequest {
							t.Errorf("%s answers %d", path, p.StatusCode)
							return true
						}
						if p.Header.Get("HX-Redirect")+p.Header.Get("Location") != "/portal/records" {
							return false
						}

						last := b.follow(p)
						if last.StatusCode != http.StatusOK || last.doc.Find("#waiting").Length() != 0 {
							t.Errorf("ends at %s with %d", last.Request.URL.Path, last.StatusCode)
						}

						return true
					})
				})
			}

			windows.Wait()
			if n := w.wire.called("list"); n != round+1 {
				t.Errorf("%d readings after round %d", n, round+1)
			}

			token := b.get("/portal/records").wants(t, 200, "records.title").token(t)
			if n := w.sessions(t); n != 1 {
				t.Errorf("%d sessions", n)
			}

			b.post("/portal/sign-out", url.Values{"token": {token}})
		}
	})
}
