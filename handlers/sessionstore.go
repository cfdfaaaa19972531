package handlers

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/sessions"
	"github.com/jmoiron/sqlx"
)

// sessionStore keeps visits in the portal's database, for gorilla/sessions. The cookie holds 256 random
// bits; the row is found by their SHA-256, and holds the visit under AES-256-GCM with that hash as additional
// data. The row also names the operator, and no other operator's portal finds it. So neither the table nor the cookie alone tells anything, a visit cannot be moved to another row,
// and any replica that has the key can serve any customer, also after a restart.
type sessionStore struct {
	db     *sqlx.DB
	aead   cipher.AEAD
	clock  func() time.Time
	name   string
	cookie sessions.Options
	// operator is whose sessions these are. Those of a part of its portal are somebody else's, as it were: none is a session
	// of the portal's own pages, nor the other way round.
	operator string
}

var _ sessions.Store = (*sessionStore)(nil)

// visitKey is where a session's Values hold its *visit; there is nothing else in them.
const visitKey = "visit"

// errStale is a save that lost against another: the row has changed since it was loaded, or is gone.
var errStale = errors.New("the session was changed by another request")

// sessionRow is what the store knows of a visit besides its content. It is not part of the JSON.
type sessionRow struct {
	key       []byte
	version   int64
	expiresAt time.Time
}

func newSessionStore(o Options) (*sessionStore, error) {
	if len(o.SessionKey) != 32 {
		return nil, fmt.Errorf("handlers: SessionKey has %d bytes, and must have 32", len(o.SessionKey))
	}

	block, err := aes.NewCipher(o.SessionKey)
	if err != nil {
		return nil, err
	}

	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}

	operator := o.Operator
	if o.part != "" {
		operator += "#" + o.part // which no operator can be called
	}

	return &sessionStore{
		db:       o.DB,
		aead:     aead,
		clock:    o.Clock,
		name:     o.cookieName("portal_session"),
		cookie:   o.cookieOptions(),
		operator: operator,
	}, nil
}

// Get is the request's session, loaded once a request.
func (s *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New loads the session that the request's cookie names. Where there is none it is new and empty; only
// where its row cannot be read does an error come with it.
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
		// An id that names nothing is never taken over: it may be somebody else's choice.
		session.ID = ""
	}
	if err == errSessionEnded { // bare: there is no row
		return session, nil
	}

	return session, err
}

// load reads the row of the session's ID into its Values; errSessionEnded where there is none that lives.
func (s *sessionStore) load(r *http.Request, session *sessions.Session) error {
	v, err := s.read(r.Context(), rowKey(session.ID))
	if err != nil {
		return err
	}

	session.Values[visitKey] = v
	session.IsNew = false
	return nil
}

// read is the visit of a row; errSessionEnded where there is none that lives.
func (s *sessionStore) read(ctx context.Context, key []byte) (*visit, error) {
	var row struct {
		Version   int64
		Sealed    []byte
		ExpiresAt int64 `db:"expires_at"`
	}
	err := s.db.GetContext(ctx, &row, s.db.Rebind(
		`SELECT version, sealed, expires_at FROM portal_sessions WHERE key_hash = ? AND operator = ? AND expires_at > ?`,
	),
		key, s.operator, s.clock().UnixMilli())
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errSessionEnded
	}
	if err != nil {
		return nil, fmt.Errorf("load session: %w", err)
	}

	text, err := s.aead.Open(nil, nil, row.Sealed, s.bound(key))
	if err != nil {
		// Another key, or another hand: for the customer the session has ended, for the log it has a cause.
		return nil, fmt.Errorf("%w: the row does not open: %w", errSessionEnded, err)
	}

	v := new(visit)
	if err := json.Unmarshal(text, v); err != nil {
		return nil, fmt.Errorf("%w: decode session: %w", errSessionEnded, err)
	}

	v.sessionRow = sessionRow{key: key, version: row.Version, expiresAt: time.UnixMilli(row.ExpiresAt)}
	return v, nil
}

// Save stores the session's visit, or deletes the session where Options.MaxAge is negative. A session
// without an ID gets one, and its cookie. It answers errStale where the row has changed since it was loaded.
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

// write stores a visit in its row; errStale where that has changed since it was read, or is gone.
func (s *sessionStore) write(ctx context.Context, v *visit) error {
	sealed, err := s.seal(v, v.key)
	if err != nil {
		return err
	}

	expiresAt := s.expiry(v)
	err = one(s.db.ExecContext(ctx, s.db.Rebind(
		`UPDATE portal_sessions SET version = version + 1, sealed = ?, expires_at = ?, ends_at = ?
		 WHERE key_hash = ? AND version = ?`),
		sealed, expiresAt.UnixMilli(), v.EndsAt.UnixMilli(), v.key, v.version))
	if err != nil {
		return fmt.Errorf("save session: %w", err)
	}

	v.sessionRow = sessionRow{key: v.key, version: v.version + 1, expiresAt: expiresAt}
	return nil
}

// forget deletes the session's row. The session has no ID afterwards, and gets a new one if it is saved.
func (s *sessionStore) forget(ctx context.Context, session *sessions.Session) error {
	_, err := s.db.ExecContext(ctx, s.db.Rebind(`DELETE FROM portal_sessions WHERE key_hash = ? AND operator = ?`),
		rowKey(session.ID), s.operator)
	session.ID = ""
	if err != nil {
		return fmt.Errorf("delete session: %w", err)
	}

	return nil
}

// renew stores the session's visit under a new ID, in one transaction with the end of the old one, and sets
// the cookie. Whoever knew the old ID knows nothing now. It answers errStale where the old row has changed
// since it was loaded; a session without an ID has none. Rows that have run out go at the same time.
func (s *sessionStore) renew(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	v := session.Values[visitKey].(*visit)
	id := newSessionID()
	key := rowKey(id)
	sealed, err := s.seal(v, key)
	if err != nil {
		return err
	}

	expiresAt := s.expiry(v)
	err = s.inTransaction(r.Context(), func(tx *sqlx.Tx) error {
		if session.ID != "" {
			err := one(
				tx.ExecContext(
					r.Context(),
					s.db.Rebind(`DELETE FROM portal_sessions WHERE key_hash = ? AND version = ?`),
					v.key,
					v.version,
				),
			)
			if err != nil {
				return err
			}
		}

		if _, err := tx.ExecContext(
			r.Context(),
			s.db.Rebind(`DELETE FROM portal_sessions WHERE expires_at <= ?`),
			s.clock().UnixMilli(),
		); err != nil {
			return err
		}

		_, err := tx.ExecContext(r.Context(), s.db.Rebind(
			`INSERT INTO portal_sessions (key_hash, operator, version, sealed, expires_at, ends_at) VALUES (?, ?, 1, ?, ?, ?)`,
		),
			key, s.operator, sealed, expiresAt.UnixMilli(), v.EndsAt.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("renew session: %w", err)
	}

	session.ID = id
	v.sessionRow = sessionRow{key: key, version: 1, expiresAt: expiresAt}
	http.SetCookie(w, sessions.NewCookie(session.Name(), id, session.Options))

	return nil
}

// touchEvery spares a write for each of a page's many requests: a session may end this much early.
const touchEvery = 10 * time.Second

// touch counts the request as use. It does not change the version, for it loses nobody's update.
func (s *sessionStore) touch(ctx context.Context, v *visit) error {
	expiresAt := s.expiry(v)
	if expiresAt.Sub(v.expiresAt) < touchEvery {
		return nil
	}

	_, err := s.db.ExecContext(ctx, s.db.Rebind(`UPDATE portal_sessions SET expires_at = ? WHERE key_hash = ?`),
		expiresAt.UnixMilli(), v.key)
	if err != nil {
		return fmt.Errorf("put off the session's end: %w", err)
	}

	return nil
}

// expiry is the session's end if nobody uses it from now on.
func (s *sessionStore) expiry(v *visit) time.Time {
	idle := s.clock().Add(idleTime)
	if idle.After(v.EndsAt) {
		return v.EndsAt
	}
	return idle
}

func (s *sessionStore) seal(v *visit, key []byte) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode session: %w", err)
	}
	return s.aead.Seal(nil, nil, text, s.bound(key)), nil
}

// bound is what a sealed visit is tied to: its row and its operator, so that neither can be exchanged.
func (s *sessionStore) bound(key []byte) []byte { return append(slices.Clone(key), s.operator...) }

func (s *sessionStore) inTransaction(ctx context.Context, do func(*sqlx.Tx) error) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}

	return tx.Commit()
}

// one turns a statement that had to change one row, and changed none, into errStale.
func one(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return err
	}

	return errStale
}

func newSessionID() string {
	id := make([]byte, 32)
	rand.Read(id) // never fails
	return base64.RawURLEncoding.EncodeToString(id)
}

func rowKey(id string) []byte {
	sum := sha256.Sum256([]byte(id))
	return sum[:]
}
