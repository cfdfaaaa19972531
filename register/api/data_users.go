package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
)

// readDataUser is GET /data-users/{duid}.
func (a *API) readDataUser(c echo.Context) error {
	dataUser, err := a.rules.FindDataUser(c.Request().Context(), c.Param("duid"))
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.DataUserResponse{Response: a.metadata(c), DataUser: dataUser})
}
