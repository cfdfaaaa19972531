package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// listContacts is GET /admin/contacts.
func (a *API) listContacts(c echo.Context) (any, error) {
	mpxn, err := rules.ParseMPxN("mpxn", c.QueryParam("mpxn"))
	if err != nil {
		return nil, err
	}

	contacts, err := a.rules.ListContacts(c.Request().Context(), caller(c).AccountID, mpxn)
	if err != nil {
		return nil, err
	}

	return registerclient.ListContactsResponse{Response: a.metadata(c), Contacts: contacts}, nil
}

// setContactAside is POST /admin/contacts/{contact}/set-aside.
func (a *API) setContactAside(c echo.Context, in registerclient.ContactDecisionRequest) error {
	return a.decideContact(c, rules.SetAside, in)
}

// restoreContact is POST /admin/contacts/{contact}/restore.
func (a *API) restoreContact(c echo.Context, in registerclient.ContactDecisionRequest) error {
	return a.decideContact(c, rules.Restore, in)
}

func (a *API) decideContact(
	c echo.Context, decision rules.ContactDecision, in registerclient.ContactDecisionRequest,
) error {
	id := c.Param("contact")
	if err := rules.CheckContactDecision(id, in.Reason); err != nil {
		return err
	}

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		contact, err := a.rules.DecideContact(ctx, tx, decision, caller(c).AccountID, id, in.Reason)
		if err != nil {
			return rules.Response{}, err
		}

		return rules.Response{IR: contact.IR, Status: http.StatusOK, Body: registerclient.ContactResponse{
			Response: a.metadata(c), Contact: contact,
		}}, nil
	})
}

// listAlarms is GET /admin/alarms.
func (a *API) listAlarms(c echo.Context) (any, error) {
	page, err := readPage(c, rowsPerPage)
	if err != nil {
		return nil, err
	}

	alarms, next, total, err := a.rules.ListAlarms(c.Request().Context(), page)
	if err != nil {
		return nil, err
	}

	return registerclient.ListAlarmsResponse{
		Response:       a.metadata(c),
		Alarms:         alarms,
		Total:          total.Rows,
		TotalIsAtLeast: total.AtLeast,
		NextCursor:     encodeCursor(next),
	}, nil
}
