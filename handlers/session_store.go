package handlers

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/sessions"

	"central.consent/dar/handlers/portaldb"
)

// sessionStore keeps visits in the portal's database, for gorilla/sessions. The cookie holds 256 random bits. Their
// SHA-256 is the key of the row, which holds the visit under AES-256-GCM with that key as additional data. The row also
// names the owner, and only the owner's pages find it.
//
// So neither the table nor the cookie alone reveals anything, a visit cannot be moved to another row, and any replica
// that has the key can serve any customer, also after a restart.
type sessionStore struct {
	db    *portaldb.DB
	aead  cipher.AEAD
	clock func() time.Time
	// name is the name of the cookie.
	name   string
	cookie sessions.Options
	// owner is the operator, or one kind of the operator's pages: a session belongs to one kind.
	owner string
}

var _ sessions.Store = (*sessionStore)(nil)

// visitKey is the key of the *visit in a session's Values. They hold nothing else.
const visitKey = "visit"

// sessionRow is what the store knows of a visit beside its content.
type sessionRow struct {
	key       []byte
	version   int64
	expiresAt time.Time
}

func (p *portal) newSessionStore() (*sessionStore, error) {
	if len(p.SessionKey) != 32 {
		return nil, fmt.Errorf("handlers: SessionKey has %d bytes, want 32", len(p.SessionKey))
	}

	block, err := aes.NewCipher(p.SessionKey)
	if err != nil {
		return nil, err
	}

	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}

	cookie := p.newCookie(sessionCookie, "", 0)

	return &sessionStore{
		db:    p.DB,
		aead:  aead,
		clock: p.Clock,
		name:  cookie.Name,
		cookie: sessions.Options{
			Path:        cookie.Path,
			Secure:      cookie.Secure,
			HttpOnly:    cookie.HttpOnly,
			Partitioned: cookie.Partitioned,
			SameSite:    cookie.SameSite,
		},
		owner: p.kind.sessionOwner(p.Operator),
	}, nil
}

// Get returns the request's session, which is loaded once a request.
func (s *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New loads the session that the request's cookie names. If there is none the session is new and empty. An error comes
// with it only if the row cannot be read.
func (s *sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.IsNew = true
	options := s.cookie
	session.Options = &options

	cookie, err := r.Cookie(name)
	if err != nil {
		return session, nil
	}

	session.ID = cookie.Value
	err = s.load(r, session)
	if err != nil {
		// An id that names no session is never adopted: another person may have chosen it.
		session.ID = ""
	}
	if errors.Is(err, portaldb.ErrNotFound) {
		return session, nil
	}

	return session, err
}

// load reads the row of the session's ID into its Values; errSessionEnded if there is none, or it has expired.
func (s *sessionStore) load(r *http.Request, session *sessions.Session) error {
	v, err := s.read(r.Context(), hashSecret(session.ID))
	if err != nil {
		return err
	}

	session.Values[visitKey] = v
	session.IsNew = false

	return nil
}

// read returns the visit of a row; errSessionEnded if there is none, or it has expired.
func (s *sessionStore) read(ctx context.Context, key []byte) (*visit, error) {
	found, err := s.db.FindSession(ctx, s.owner, key, s.clock())
	if errors.Is(err, portaldb.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", errSessionEnded, err)
	}
	if err != nil {
		return nil, err
	}

	text, err := s.aead.Open(nil, nil, found.Sealed, s.additionalData(key))
	if err != nil {
		// The key has changed, or the row was tampered with. The customer's session has ended, and the log has the
		// cause.
		return nil, fmt.Errorf("%w: the row does not open: %w", errSessionEnded, err)
	}

	v := new(visit)
	if err := json.Unmarshal(text, v); err != nil {
		return nil, fmt.Errorf("%w: decode session: %w", errSessionEnded, err)
	}

	v.row = sessionRow{key: key, version: found.Version, expiresAt: found.ExpiresAt}

	return v, nil
}

// Save stores the session's visit, or deletes the session if Options.MaxAge is negative. A session without an ID gets
// one, and its cookie. Save returns portaldb.ErrChanged if the row has changed since it was loaded.
func (s *sessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	if session.Options.MaxAge < 0 {
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
		return s.forget(r.Context(), session)
	}

	if session.ID == "" {
		return s.renew(r, w, session)
	}

	return s.write(r.Context(), session.Values[visitKey].(*visit))
}

// write stores a visit in its row; portaldb.ErrChanged if the row has changed since it was read, or is gone.
func (s *sessionStore) write(ctx context.Context, v *visit) error {
	stored, err := s.seal(v, v.row.key)
	if err != nil {
		return err
	}

	stored.Version = v.row.version
	if err := s.db.UpdateSession(ctx, stored); err != nil {
		return err
	}

	v.row = sessionRow{key: stored.Key, version: stored.Version + 1, expiresAt: stored.ExpiresAt}

	return nil
}

// forget deletes the session's row. The session has no ID then, and gets a new one if it is saved.
func (s *sessionStore) forget(ctx context.Context, session *sessions.Session) error {
	key := hashSecret(session.ID)
	session.ID = ""

	return s.db.DeleteSession(ctx, s.owner, key)
}

// renew stores the session's visit under a new ID, deletes the old row in the same transaction, and sets the cookie.
// The old ID opens nothing any more. It returns portaldb.ErrChanged if the old row has changed since it was loaded.
func (s *sessionStore) renew(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	v := session.Values[visitKey].(*visit)
	id := newSecret()
	stored, err := s.seal(v, hashSecret(id))
	if err != nil {
		return err
	}

	var replaced *portaldb.Session
	if session.ID != "" {
		replaced = &portaldb.Session{Key: v.row.key, Version: v.row.version}
	}

	if err := s.db.InsertSession(r.Context(), s.owner, stored, replaced, s.clock()); err != nil {
		return err
	}

	session.ID = id
	v.row = sessionRow{key: stored.Key, version: 1, expiresAt: stored.ExpiresAt}
	http.SetCookie(w, sessions.NewCookie(session.Name(), id, session.Options))

	return nil
}

// extendEvery saves a write for each of a page's many requests: a session may end this much early.
const extendEvery = 10 * time.Second

// extend counts the request as use. It does not change the version: another request's update is not lost by it.
func (s *sessionStore) extend(ctx context.Context, v *visit) error {
	expiresAt := s.expiry(v)
	if expiresAt.Sub(v.row.expiresAt) < extendEvery {
		return nil
	}

	return s.db.ExtendSession(ctx, v.row.key, expiresAt)
}

// expiry returns when the session ends if it is not used from now on.
func (s *sessionStore) expiry(v *visit) time.Time { return v.idleEnd(s.clock()) }

// seal returns the row of a visit, encrypted for this key.
func (s *sessionStore) seal(v *visit, key []byte) (portaldb.Session, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return portaldb.Session{}, fmt.Errorf("encode session: %w", err)
	}

	return portaldb.Session{
		Key:       key,
		Sealed:    s.aead.Seal(nil, nil, text, s.additionalData(key)),
		ExpiresAt: s.expiry(v),
		EndsAt:    v.EndsAt,
	}, nil
}

// additionalData binds a sealed visit to its row and its owner: neither can be exchanged.
func (s *sessionStore) additionalData(key []byte) []byte {
	return append(slices.Clone(key), s.owner...)
}
