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
			scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
			if !strings.EqualFold(scheme, "Bearer") {
				token = ""
			}

			account, err := a.rules.FindCaller(c.Request().Context(), token)
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

	token, err := a.rules.IssueBearerToken(c.Request().Context(), id, secret)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, token)
}
