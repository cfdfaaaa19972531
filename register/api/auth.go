package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// callerKey is the key of the echo context under which the calling account is kept.
const callerKey = "api.caller"

// provedKey is the key under which true is kept if the caller proved itself by its secret in place of a bearer token.
const provedKey = "api.proved"

// bySecret are the operations that accept HTTP Basic authentication in place of a bearer token.
var bySecret = []string{BasePath + returnURLsPath, BasePath + rotateSecretPath}

// caller returns the account that makes the request; only for routes that are not public.
func caller(c echo.Context) store.Account { return c.Get(callerKey).(store.Account) }

// hasRole reports whether the calling account has a role.
func hasRole(c echo.Context, role registerclient.Role) bool {
	return caller(c).Role == string(role)
}

// authorise lets accounts of these roles call, by bearer token, and no others. The table in routes.go has the roles of
// each operation.
func (a *API) authorise(roles []registerclient.Role) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if slices.Equal(roles, public) {
			return next
		}

		return func(c echo.Context) error {
			account, err := a.identify(c)
			if err != nil {
				return err
			}

			web.EntryOf(c).Account = account.AccountID
			if !slices.Contains(roles, registerclient.Role(account.Role)) {
				return &rules.Error{
					Kind:    rules.KindForbidden,
					Code:    rules.CodeRole,
					Message: "An account of this role may not do this.",
				}
			}

			c.Set(callerKey, account)

			return next(c)
		}
	}
}

// identify returns the account that a request comes from: by its bearer token, or by its secret for the operations
// that accept that.
func (a *API) identify(c echo.Context) (store.Account, error) {
	ctx := c.Request().Context()
	if id, secret, ok := c.Request().BasicAuth(); ok && slices.Contains(bySecret, c.Path()) {
		c.Set(provedKey, true)

		return a.rules.CheckCredentials(ctx, rules.Credentials{AccountID: id, Secret: secret, Address: c.RealIP()})
	}

	scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		token = ""
	}

	return a.rules.FindCaller(ctx, token)
}

// checkCurrentSecret returns a refusal unless the caller has proved that it knows its secret. given is current-secret
// of the body; empty if there is none.
func (a *API) checkCurrentSecret(c echo.Context, given string) error {
	if proved, _ := c.Get(provedKey).(bool); proved && given == "" {
		return nil
	}

	return a.rules.CheckCurrentSecret(c.Request().Context(), rules.Credentials{
		AccountID: caller(c).AccountID, Secret: given, Address: c.RealIP(),
	})
}

// issueBearerToken is GET /auth/token.
func (a *API) issueBearerToken(c echo.Context) error {
	id, secret, ok := c.Request().BasicAuth()
	if !ok {
		return &rules.Error{
			Kind:    rules.KindUnauthorized,
			Code:    rules.CodeBasicHeader,
			Message: "Send the account id and its secret by HTTP Basic authentication.",
		}
	}

	token, err := a.rules.IssueBearerToken(c.Request().Context(), rules.Credentials{
		AccountID: id, Secret: secret, Address: c.RealIP(),
	})
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, token)
}
