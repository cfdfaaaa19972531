package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// On the register's own pages a customer who has confirmed can set up a passkey for ten minutes, in the browser that
// confirmed. The next person at a shared device must not find that open (docs/decisions.md, Leaving fast). So the end
// of a visit ends its challenges at the register too.
const (
	// signOutTime bounds the calls to the register that end one visit, and signOutWait how long a customer who signs
	// out waits for them. The quick exit does not wait.
	signOutTime = 20 * time.Second
	signOutWait = 3 * time.Second
	// maxSignOuts is how many visits may be ending at the register at one time.
	maxSignOuts = 32
	// maxEarlierProofs is how many challenges before the last one a visit remembers: the others have expired.
	maxEarlierProofs = 8
)

// remember makes proof the visit's challenge, and keeps the token of the one before it until the visit ends: a letter
// that was sent earlier still opens the register's page.
func (v *visit) remember(proof *challenge) {
	if v.Challenge != nil {
		v.keepToken(v.Challenge.TokenRef)
	}

	v.Challenge = proof
}

// keepToken keeps the token of a challenge that is not the visit's last one.
func (v *visit) keepToken(tokenRef string) {
	v.Earlier = append(v.Earlier, tokenRef)
	v.Earlier = v.Earlier[max(0, len(v.Earlier)-maxEarlierProofs):]
}

// tokens returns the token of every challenge of the visit, the last one first.
func (v *visit) tokens() []string {
	var tokens []string
	if v.Challenge != nil {
		tokens = append(tokens, v.Challenge.TokenRef)
	}

	return append(tokens, v.Earlier...)
}

// endVisit deletes the request's session, and what a link brought. It ends what the visit has opened at the register,
// too, in the background: the channel is closed when that is done.
func (p *portal) endVisit(c echo.Context) (<-chan struct{}, error) {
	session, err := p.session(c)
	if err != nil {
		return nil, err
	}

	ended, _ := session.Values[visitKey].(*visit)
	p.forgetLink(c)
	session.Options.MaxAge = -1
	err = session.Save(c.Request(), c.Response())
	if ended == nil {
		return nil, err
	}

	return p.signOut(c.Request().Context(), ended.tokens()), err
}

// signOut ends challenges at the register, in the background. It returns a channel that is closed when that is done.
// The time and the number of these calls are bounded. What the register does not end has expired minutes later.
func (p *portal) signOut(ctx context.Context, tokens []string) <-chan struct{} {
	done := make(chan struct{})
	ctx = context.WithoutCancel(ctx) // the browser of a quick exit is gone already
	select {
	case p.signOuts <- struct{}{}:
	default:
		p.Logger.WarnContext(ctx, "a visit is not ended at the register: too many are ending")
		close(done)

		return done
	}

	go func() {
		defer close(done)
		defer func() { <-p.signOuts }()

		bounded, cancel := context.WithTimeout(ctx, signOutTime)
		defer cancel()

		for _, token := range tokens {
			_, err := p.Register.SignOut(bounded, token)
			if err != nil && !errors.Is(err, registerclient.ErrNotFound) { // the register forgets a token after a day
				p.Logger.WarnContext(ctx, "a visit was not ended at the register", "error", err)
			}
		}
	}()

	return done
}

// signOutAllBut ends the challenges of a visit that another one replaces, except those that both have.
func (p *portal) signOutAllBut(c echo.Context, ended, kept *visit) {
	shared := kept.tokens()
	tokens := slices.DeleteFunc(ended.tokens(), func(token string) bool { return slices.Contains(shared, token) })
	if len(tokens) > 0 {
		p.signOut(c.Request().Context(), tokens)
	}
}

// dropProof ends a challenge whose visit was over when the register had started it.
func (p *portal) dropProof(c echo.Context, proof *challenge, err error) {
	if proof != nil && (errors.Is(err, errSessionEnded) || errors.Is(err, portaldb.ErrNotFound)) {
		p.signOut(c.Request().Context(), []string{proof.TokenRef})
	}
}

// postSignOut ends the visit. It waits for the register for a moment, so that nothing is open any more when the page
// says so.
func (p *portal) postSignOut(c echo.Context, _ *visit) error {
	done, err := p.endVisit(c)
	if err != nil {
		return err
	}

	select {
	case <-done:
	case <-time.After(signOutWait):
	}

	return p.seeOther(c, "/signed-out")
}

func (p *portal) showSignedOut(c echo.Context) error {
	return web.Render(c, http.StatusOK, views.SignedOut(views.SignedOutPage{Page: p.page(c, nil)}))
}
