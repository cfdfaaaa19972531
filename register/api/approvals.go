package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// listApprovals is GET /admin/approvals.
func (a *API) listApprovals(c echo.Context) (any, error) {
	page, err := readPage(c, rowsPerPage)
	if err != nil {
		return nil, err
	}

	approvals, next, total, err := a.rules.ListApprovals(c.Request().Context(), page)
	if err != nil {
		return nil, err
	}

	return registerclient.ListApprovalsResponse{
		Response:       a.metadata(c),
		Approvals:      approvals,
		Total:          total.Rows,
		TotalIsAtLeast: total.AtLeast,
		NextCursor:     encodeCursor(next),
	}, nil
}

// approve is POST /admin/approvals/{approval}/approve.
func (a *API) approve(c echo.Context) error { return a.decideApproval(c, rules.Approve) }

// refuseApproval is POST /admin/approvals/{approval}/refuse.
func (a *API) refuseApproval(c echo.Context) error { return a.decideApproval(c, rules.Refuse) }

func (a *API) decideApproval(c echo.Context, verdict rules.Verdict) error {
	id := c.Param("approval")
	if err := rules.CheckApprovalKey(id); err != nil {
		return err
	}

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		approval, err := a.rules.DecideApproval(ctx, tx, verdict, id, caller(c).AccountID)
		if err != nil {
			return rules.Response{}, err
		}

		return rules.Response{Status: http.StatusOK, Body: registerclient.ApprovalResponse{
			Response: a.metadata(c), Approval: approval,
		}}, nil
	})
}
