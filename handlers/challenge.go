package handlers

import (
	"errors"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// proofStart is what a proof of presence is started with.
type proofStart struct {
	method registerclient.Method
	// toOther asks for a link to another address than the register's first choice.
	toOther bool
}

// startChallenge asks the register to have the customer confirm, unless a limit is reached.
func (p *portal) startChallenge(c echo.Context, v *visit, start proofStart) (*challenge, error) {
	if err := p.limitStarts(c, v); err != nil {
		return nil, err
	}

	ctx := c.Request().Context()
	request := registerclient.ReidentifyRequest{
		MPxN:         v.MeterPoint,
		Method:       start.method,
		MatchCode:    true,
		Language:     printer(c).Lang(),
		OtherAddress: start.toOther,
	}
	if !p.kind.advised { // an adviser's browser would tell the customer nothing
		request.StartedFrom = browserFamily(c.Request().UserAgent())
	}
	if start.method == registerclient.MethodPasskeyAssert && p.returnURL != "" && !p.Demonstration {
		request.PasskeyReturnURL = &p.returnURL
	}

	started, err := p.Register.Reidentify(ctx, request)
	if request.PasskeyReturnURL != nil && refusesReturnURL(err) {
		p.Logger.WarnContext(ctx, "the register refuses the way back from a passkey, which now opens in a new tab: "+
			"add it to the return URLs of the portal's account", "return-url", p.returnURL)
		request.PasskeyReturnURL = nil
		started, err = p.Register.Reidentify(ctx, request)
	}
	if err != nil {
		return nil, err
	}

	proof := newChallenge(started)
	proof.NewTab = proof.PasskeyURL != "" && request.PasskeyReturnURL == nil
	proof.ToOther = start.toOther

	return proof, nil
}

// refusesReturnURL reports whether the register refused a request because of the way back from a passkey.
func refusesReturnURL(err error) bool {
	refused := (*registerclient.Error)(nil)
	return errors.As(err, &refused) && refused.Names("passkey-return-url")
}

func newChallenge(started *registerclient.ReidentifyResponse) *challenge {
	proof := &challenge{
		Method:    started.Method,
		TokenRef:  started.TokenRef(),
		MatchCode: started.MatchCode,
		State:     views.WaitingPending,
	}

	switch {
	case started.MagicLink != nil:
		proof.SentTo = started.MagicLink.DispatchedTo
		proof.OtherAddress = value(started.MagicLink.OtherAddress)
		proof.ExpiresAt = started.MagicLink.ExpiresAt
	case started.Passkey != nil:
		proof.ExpiresAt = started.Passkey.ExpiresAt
		if !proof.isMailed() {
			proof.PasskeyURL = linkable(started.Passkey.RedirectURL)
		}
	}

	return proof
}

// otherName returns what a form calls the address that the link did not go to.
func (proof *challenge) otherName() string {
	if proof.ToOther {
		return firstAddress
	}

	return otherAddress
}

// isMailed reports whether the customer gets a link by e-mail. A new passkey begins with one too.
func (proof *challenge) isMailed() bool { return proof.Method != registerclient.MethodPasskeyAssert }
