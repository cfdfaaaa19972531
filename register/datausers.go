package register

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// readDataUser is GET /data-users/{duid}: the directory, in which Data Users alone stand.
func (s *Register) readDataUser(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	unknown := notFound("There is no Data User with this duid.")
	if !patternDUID.MatchString(c.Param("duid")) {
		return unknown
	}

	row, err := s.store.FindDataUser(c.Request().Context(), c.Param("duid"))
	if err != nil {
		return missing(err, unknown)
	}

	return c.JSON(
		http.StatusOK,
		registerclient.DataUserResponse{Response: s.metadata(c), DataUser: registerclient.DataUser{
			DUID:         row.DUID,
			DisplayName:  row.DisplayName,
			Status:       row.Status,
			RegisteredAt: row.RegisteredAt.Time(),
			SuspendedAt: store.OptionalTime(
				row.SuspendedAt,
			),
			ContactURL:         row.ContactURL,
			DataTypesSupported: dataTypesOf(row),
		}},
	)
}
