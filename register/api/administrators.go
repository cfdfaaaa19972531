package api

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
)

// adminPath is the path below which the operations of administrators stand.
const adminPath = "/admin/"

// IsAdministration reports whether a path is one of an operation of administrators.
func IsAdministration(path string) bool { return strings.HasPrefix(path, BasePath+adminPath) }

// adminRead is an operation that shows something to an administrator.
type adminRead struct {
	path string
	// shows names in the audit log what the operation shows.
	shows string
	// personal is true if that is the data of a household or of a person. A strict register then demands a reason.
	personal bool
	query    []string
	// read returns the body of the response, which is sent once the reading is in the audit log.
	read func(c echo.Context) (any, error)
}

// adminReads is every GET of administrators.
func (a *API) adminReads() []adminRead {
	page := names("limit", "cursor")
	filter := names("q", "state", "legal-basis")
	events := names("account_id", "event_type", "ak", "mpxn")

	return []adminRead{
		{"/admin/stats", "statistics", false, nil, a.readStats},
		{"/admin/accounts", "accounts", false, nil, a.listAccounts},
		{"/admin/approvals", "approvals", false, page, a.listApprovals},
		{"/admin/alarms", "alarms", false, page, a.listAlarms},
		{"/admin/webhooks", "webhooks", true, nil, a.listAllWebhooks},
		{"/admin/contacts", "contacts", true, names("mpxn"), a.listContacts},
		{"/admin/cot-events", "changes of tenancy", true, names("mpxn"), a.listTenancyChanges},
		{"/admin/records", "records", true, append(filter, page...), a.searchRecords},
		{"/admin/audit", "audit", true, append(events, page...), a.readAudit},
	}
}

// adminChange is an operation by which an administrator changes something. Its rule adds the row to the audit log.
type adminChange struct {
	method, path string
	handle       echo.HandlerFunc
}

// adminChanges is every other operation of administrators.
func (a *API) adminChanges() []adminChange {
	const post = http.MethodPost

	return []adminChange{
		{post, "/admin/accounts", withBody(a.createAccount)},
		{http.MethodPatch, "/admin/accounts/:accountId", withBody(a.updateAccount)},
		{post, "/admin/accounts/:accountId/suspend", withOptionalBody(a.suspendAccount)},
		{post, "/admin/accounts/:accountId/reactivate", a.reactivateAccount},
		{post, "/admin/accounts/:accountId/terminate", withOptionalBody(a.terminateAccount)},
		{post, "/admin/approvals/:approval/approve", a.approve},
		{post, "/admin/approvals/:approval/refuse", a.refuseApproval},
		{post, "/admin/contacts/:contact/set-aside", withBody(a.setContactAside)},
		{post, "/admin/contacts/:contact/restore", withBody(a.restoreContact)},
		{post, "/admin/cot-events/:cot/withdraw", a.withdrawTenancyChange},
		{post, "/admin/cot-events/:cot/uphold", a.upholdTenancyChange},
	}
}

// adminRoutes is the operations of administrators as routes. It is the one way to them: each request passes
// asAdministrator, and each reading is audited before its response is sent.
func (a *API) adminRoutes() []route {
	var routes []route
	for _, o := range a.adminReads() {
		handle := func(c echo.Context) error {
			body, err := o.read(c)
			if err != nil {
				return err
			}
			if err := a.rules.AuditLook(c.Request().Context()); err != nil {
				return err
			}

			return c.JSON(http.StatusOK, body)
		}
		routes = append(routes, route{
			http.MethodGet, o.path, admin, o.query, a.asAdministrator(o.shows, o.personal, handle),
		})
	}
	for _, o := range a.adminChanges() {
		routes = append(routes, route{o.method, o.path, admin, nil, a.asAdministrator("", false, o.handle)})
	}

	return routes
}

// asAdministrator reads who an administrator's request comes from, and why, for the rules.
func (a *API) asAdministrator(shows string, personal bool, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		reason, err := singleHeader(c, rules.HeaderReason)
		if err != nil {
			return err
		}

		approval, err := singleHeader(c, rules.HeaderApproval)
		if err != nil {
			return err
		}

		request := &rules.AdministratorRequest{
			AccountID: caller(c).AccountID, Reason: reason, ApprovalID: approval, At: shows,
		}
		if err := a.rules.CheckAdministratorRequest(request, personal); err != nil {
			return err
		}

		c.SetRequest(c.Request().WithContext(rules.WithAdministrator(c.Request().Context(), request)))

		return next(c)
	}
}

// singleHeader returns the value of a header without blanks around it; empty if the request has none.
func singleHeader(c echo.Context, name string) (string, error) {
	values := c.Request().Header.Values(name)
	if len(values) > 1 {
		return "", rules.Invalid(name, "is given twice.")
	}

	value := strings.TrimSpace(strings.Join(values, ""))
	if !utf8.ValidString(value) {
		return "", rules.Invalid(name, "is not text in UTF-8.")
	}

	return value, nil
}

// allRoutes is the routes of the API, those of administrators included. It panics if one of these stands outside
// adminRoutes, where its reading might not be audited.
func (a *API) allRoutes() []route {
	routes := a.routes()
	for _, r := range routes {
		if strings.HasPrefix(r.path, adminPath) {
			panic(r.method + " " + r.path + " is an operation of administrators, and must be one of adminRoutes")
		}
	}

	return slices.Concat(routes, a.adminRoutes())
}
