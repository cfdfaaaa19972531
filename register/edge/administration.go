package edge

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/api"
)

// onAdministration is the key under which the context of a request says that it came by the listener for
// administration.
type onAdministration struct{}

// besideAdministration are the paths that the listener for administration serves beside the operations of
// administrators: an administrator needs a token, and an operator's checks need an answer.
var besideAdministration = []string{
	api.BasePath + "/auth/token",
	api.BasePath + "/self",
	api.BasePath + "/self/rotate-secret",
	api.BasePath + "/openapi.yaml",
	PathHealthy,
	PathReady,
}

// Administration serves the operations of administrators, and what they need to sign in, for a listener of their own.
func Administration(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), onAdministration{}, true)))
	})
}

// KeepAdministrationApart is middleware that answers 404 for what the listener of a request does not serve.
func KeepAdministrationApart(separate bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			path := c.Request().URL.Path
			isAdministration := api.IsAdministration(path)
			if arrived, _ := c.Request().Context().Value(onAdministration{}).(bool); arrived {
				if !isAdministration && !slices.Contains(besideAdministration, path) {
					return echo.ErrNotFound
				}
			} else if separate && isAdministration {
				return echo.ErrNotFound
			}

			return next(c)
		}
	}
}
