package handlers

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/handlers/portaldb"
)

// adviserTime is how long an adviser need not give the code again: a day's work.
const adviserTime = 8 * time.Hour

// adviserKey is the key under which a request's echo.Context keeps its *portaldb.Adviser, which may be nil.
const adviserKey = "adviser"

// adviser returns the adviser who has signed in with the request's browser; nil if there is none, or their time is
// over, or the operator has changed or removed their code since.
func (p *portal) adviser(c echo.Context) (*portaldb.Adviser, error) {
	if found, ok := c.Get(adviserKey).(*portaldb.Adviser); ok {
		return found, nil
	}

	found, err := p.findAdviser(c)
	if err != nil {
		return nil, err
	}

	c.Set(adviserKey, found)

	return found, nil
}

func (p *portal) findAdviser(c echo.Context) (*portaldb.Adviser, error) {
	id, ok := p.cookie(c, adviserCookie)
	if !ok {
		return nil, nil
	}

	found, err := p.DB.FindAdviser(c.Request().Context(), p.Operator, hashSecret(id), p.Clock())
	if errors.Is(err, portaldb.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}

	wanted := p.adviserProof(found.Name)
	if wanted == nil || !hmac.Equal(wanted, found.Proof) {
		return nil, nil
	}

	return &found, nil
}

// beginAdviser signs an adviser in, with a new id. Name is empty for the shared code.
func (p *portal) beginAdviser(c echo.Context, name string) error {
	now := p.Clock()
	id := newSecret()
	signedIn := portaldb.Adviser{
		Key:    hashSecret(id),
		Name:   name,
		Proof:  p.adviserProof(name),
		EndsAt: now.Add(adviserTime),
	}

	var former []byte
	if old, ok := p.cookie(c, adviserCookie); ok {
		former = hashSecret(old)
	}

	if err := p.DB.InsertAdviser(c.Request().Context(), p.Operator, signedIn, former, now); err != nil {
		return err
	}

	p.setCookie(c, adviserCookie, id, adviserTime)

	return nil
}

// endAdviser signs the request's adviser out. The id that the browser held is worth nothing from then on, for a copy of
// it too.
func (p *portal) endAdviser(c echo.Context) error {
	id, ok := p.cookie(c, adviserCookie)
	p.deleteCookie(c, adviserCookie)
	c.Set(adviserKey, (*portaldb.Adviser)(nil))
	if !ok {
		return nil
	}

	return p.DB.DeleteAdviser(c.Request().Context(), p.Operator, hashSecret(id))
}

// adviserProof returns the keyed hash of what an adviser signs in with at present; nil for a name that is not one of
// them.
func (p *portal) adviserProof(name string) []byte {
	credential := p.AdviserSecret
	if name != "" {
		credential = p.advisers[foldAdviser(name)].SecretHash
	}
	if credential == "" {
		return nil
	}

	mac := hmac.New(sha256.New, p.adviserKey)
	mac.Write([]byte(name + "\x00" + credential))

	return mac.Sum(nil)
}

// belongsTo reports whether an adviser began the visit, since they signed in. A visit without an adviser belongs to
// none.
func (v *visit) belongsTo(a *portaldb.Adviser) bool {
	if a == nil {
		return v.Adviser == nil
	}
	return bytes.Equal(v.Adviser, a.Key)
}
