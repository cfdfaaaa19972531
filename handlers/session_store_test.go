package handlers

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/sessions"

	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// testStore is a session store under test, with its clock.
type testStore struct {
	*sessionStore
	clock *registertest.Clock
}

func newTestStore(t testing.TB, db *portaldb.DB, key []byte, clock *registertest.Clock) *testStore {
	t.Helper()
	p, err := newPortal(Options{DB: db, SessionKey: key, Clock: clock.Now, Secure: true}, ownPages)
	if err != nil {
		t.Fatal(err)
	}

	return &testStore{p.sessions, clock}
}

func eachStore(t *testing.T, test func(*testing.T, *testStore)) {
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		clock := new(registertest.Clock)
		clock.Set(now)
		test(t, newTestStore(t, portaldb.New(d.Open(t, migrations.Portal).Write), sessionKey, clock))
	})
}

// begin stores a visit, and returns its cookie.
func (s *testStore) begin(t testing.TB) *http.Cookie {
	t.Helper()
	session := s.session(t, nil)
	session.Values[visitKey] = newVisit(
		registertest.MeterPoint,
		[]registerclient.Method{registerclient.MethodMagicLink},
		"",
		s.clock.Now(),
	)
	answer := httptest.NewRecorder()
	if err := session.Save(request(nil), answer); err != nil {
		t.Fatal(err)
	}

	return answer.Result().Cookies()[0]
}

func (s *testStore) session(t testing.TB, cookie *http.Cookie) *sessions.Session {
	t.Helper()
	session, err := s.Get(request(cookie), s.name)
	if err != nil {
		t.Fatal(err)
	}

	return session
}

// holds reports whether the cookie leads to a visit.
func (s *testStore) holds(cookie *http.Cookie) bool {
	session, err := s.Get(request(cookie), s.name)
	return err == nil && !session.IsNew && session.Values[visitKey].(*visit).MeterPoint == registertest.MeterPoint
}

func request(cookie *http.Cookie) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/portal", nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}

	return r
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *testStore) {
		cookie := s.begin(t)
		got := cookie.String()
		want := "__Host-portal_session=" + cookie.Value + "; Path=/; HttpOnly; Secure; SameSite=Lax"
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if len(cookie.Value) != 43 {
			t.Errorf("the id has %d characters, want 43 for 256 bits", len(cookie.Value))
		}
		if other := s.begin(t); other.Value == cookie.Value {
			t.Error("two sessions have one id")
		}
	})
}

func TestSessionOutlivesARestart(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *testStore) {
		cookie := s.begin(t)
		if !newTestStore(t, s.db, sessionKey, s.clock).holds(cookie) {
			t.Error("another process does not find it")
		}
		if newTestStore(t, s.db, bytes.Repeat([]byte{8}, 32), s.clock).holds(cookie) {
			t.Error("another key opens it")
		}
	})
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *testStore) {
		idle := s.begin(t)
		s.clock.Add(idleTime - time.Millisecond)
		if !s.holds(idle) {
			t.Error("ends before its time")
		}

		s.clock.Add(time.Millisecond)
		if s.holds(idle) {
			t.Error("outlives 15 minutes without use")
		}

		used := s.begin(t)
		for range 5 {
			s.clock.Add(10 * time.Minute)
			v := s.session(t, used).Values[visitKey].(*visit)
			if err := s.extend(t.Context(), v); err != nil {
				t.Fatal(err)
			}
		}

		s.clock.Add(10*time.Minute - time.Millisecond)
		if !s.holds(used) {
			t.Error("ends before its hour, though it is used")
		}

		s.clock.Add(time.Millisecond)
		if s.holds(used) {
			t.Error("outlives its hour")
		}

		// The next session that begins deletes the expired ones.
		s.begin(t)
		if n, err := s.db.CountSessions(t.Context()); err != nil || n != 1 {
			t.Errorf("%d sessions, want 1; %v", n, err)
		}
	})
}

func TestSessionTampering(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *testStore) {
		a := s.begin(t)
		b := s.begin(t)
		// write replaces the content of the row of a cookie, without the store.
		write := func(cookie *http.Cookie, sealed []byte) {
			t.Helper()
			row, err := s.db.FindSession(t.Context(), s.owner, hashSecret(cookie.Value), s.clock.Now())
			if err != nil {
				t.Fatal(err)
			}

			row.Sealed = sealed
			row.EndsAt = row.ExpiresAt
			if err := s.db.UpdateSession(t.Context(), row); err != nil {
				t.Fatal(err)
			}
		}

		row, err := s.db.FindSession(t.Context(), s.owner, hashSecret(a.Value), s.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{registertest.MeterPoint, "FormToken", a.Value} {
			if bytes.Contains(row.Sealed, []byte(secret)) {
				t.Errorf("the row tells %q", secret)
			}
		}

		write(b, row.Sealed)
		if s.holds(b) {
			t.Error("a visit was moved to another row")
		}

		for i := range row.Sealed {
			altered := bytes.Clone(row.Sealed)
			altered[i] ^= 1
			write(a, altered)
			if s.holds(a) {
				t.Errorf("byte %d was altered", i)
			}
		}

		write(a, []byte{})
		if _, err := s.Get(request(a), s.name); !errors.Is(err, errSessionEnded) {
			t.Errorf("an empty row: %v", err)
		}
	})
}

func TestSessionIDsThatNameNothing(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *testStore) {
		valid := s.begin(t).Value
		for _, id := range []string{
			"",
			"x",
			strings.Repeat("A", 43),
			valid + "A",
			valid[1:],
			strings.Repeat("A", 8000),
			"'; DROP TABLE portal_sessions; --",
		} {
			cookie := &http.Cookie{Name: s.name, Value: id}
			if s.holds(cookie) {
				t.Errorf("%.20q leads to a session", id)
			}

			session := s.session(t, cookie)
			session.Values[visitKey] = newVisit("123456", nil, "", s.clock.Now())
			if err := session.Save(request(nil), httptest.NewRecorder()); err != nil {
				t.Fatal(err)
			}
			if session.ID == id {
				t.Errorf("%.20q was taken over", id)
			}
		}
	})
}

func TestSessionLostUpdateIsRefused(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *testStore) {
		cookie := s.begin(t)
		first := s.session(t, cookie)
		second := s.session(t, cookie)
		if err := first.Save(request(nil), nil); err != nil {
			t.Fatal(err)
		}
		if err := first.Save(request(nil), nil); err != nil {
			t.Errorf("the one who saved cannot save again: %v", err)
		}
		if err := second.Save(request(nil), nil); !errors.Is(err, portaldb.ErrChanged) {
			t.Errorf("the loser's save: %v", err)
		}
		if err := s.renew(request(nil), httptest.NewRecorder(), second); !errors.Is(err, portaldb.ErrChanged) {
			t.Errorf("the loser's new id: %v", err)
		}
		if !s.holds(cookie) {
			t.Error("the loser did harm")
		}
	})
}

func TestSessionRenewal(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *testStore) {
		old := s.begin(t)
		var renewed atomic.Pointer[http.Cookie]
		var winners atomic.Int64
		var racing sync.WaitGroup
		loaded := make([]*sessions.Session, 8)
		for i := range loaded {
			loaded[i] = s.session(t, old)
		}

		for _, session := range loaded {
			racing.Go(func() {
				answer := httptest.NewRecorder()
				switch err := s.renew(request(nil), answer, session); {
				case err == nil:
					winners.Add(1)
					renewed.Store(answer.Result().Cookies()[0])
				case !errors.Is(err, portaldb.ErrChanged):
					t.Error(err)
				case len(answer.Result().Cookies()) != 0:
					t.Error("a loser set a cookie")
				}
			})
		}

		racing.Wait()
		if winners.Load() != 1 {
			t.Fatalf("%d winners", winners.Load())
		}
		if s.holds(old) || !s.holds(renewed.Load()) {
			t.Errorf("the old id opens: %v, the new one: %v", s.holds(old), s.holds(renewed.Load()))
		}
	})
}

func TestSessionIsForgotten(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *testStore) {
		cookie := s.begin(t)
		session := s.session(t, cookie)
		session.Options.MaxAge = -1
		answer := httptest.NewRecorder()
		if err := session.Save(request(nil), answer); err != nil {
			t.Fatal(err)
		}
		if s.holds(cookie) {
			t.Error("it is still there")
		}
		if got := answer.Result().Cookies()[0]; got.MaxAge >= 0 || got.Value != "" {
			t.Errorf("the browser is told %v", got)
		}
	})
}

func TestSessionStoreWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *testStore) {
		cookie := s.begin(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Get(request(cookie).WithContext(ctx), s.name)
		if err == nil || errors.Is(err, errSessionEnded) {
			t.Errorf("a database that does not answer looks like a session that has ended: %v", err)
		}
	})
}

func TestSessionKeyIsChecked(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 16, 31, 33} {
		if _, err := newPortal(Options{SessionKey: make([]byte, size)}, ownPages); err == nil {
			t.Errorf("a key of %d bytes is accepted", size)
		}
	}
}
