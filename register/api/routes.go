package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// route is one operation: who may call it, with which query, and what it does.
type route struct {
	method, path string
	// roles may call; public needs no bearer token. A route without roles panics at start.
	roles []registerclient.Role
	// query are the names of the query parameters that the operation accepts.
	query  []string
	handle echo.HandlerFunc
}

// names lists the query parameters of a route.
func names(query ...string) []string { return query }

// routes is the whole API: method, path, roles, query parameters and handler.
func (a *API) routes() []route {
	const (
		get    = http.MethodGet
		post   = http.MethodPost
		put    = http.MethodPut
		patch  = http.MethodPatch
		remove = http.MethodDelete
	)
	page := names("limit", "cursor")
	filter := names("state", "legal-basis", "limit", "cursor")

	return []route{
		{get, "/auth/token", public, nil, a.issueBearerToken},

		{get, "/identity-records", dataUser, names("mpxn", "email"), a.lookUpIdentityRecords},
		{post, "/identity-records", dataUser, nil, withBody(a.createIdentityRecord)},
		{get, "/identity-records/exists", askers, names("mpxn"), a.identityRecordExists},
		{post, "/identity-records/reidentify", askers, nil, withBody(a.reidentify)},
		{get, "/identity-records/reidentify/:tokenRef", askers, nil, a.reidentificationStatus},
		{post, "/identity-records/reidentify/:tokenRef/complete", askers, nil, withBody(a.completeReidentification)},
		{post, "/identity-records/reidentify/:tokenRef/sign-out", askers, nil, a.signOut},
		{get, "/identity-records/:ir", dataUser, nil, a.readIdentityRecord},
		{patch, "/identity-records/:ir", dataUser, nil, withBody(a.updateIdentityRecord)},
		{remove, "/identity-records/:ir", dataUser, nil, a.anonymiseIdentityRecord},
		{remove, "/identity-records/:ir/credentials/:credentialId", dataUser, nil, a.deletePasskey},
		{post, "/identity-records/:ir/re-identify", dataUser, nil, withBody(a.reidentifyOwn)},
		{get, "/identity-records/:ir/re-identify/:tokenRef", dataUser, nil, a.ownReidentificationStatus},

		{post, "/access-records", dataUser, nil, withBodyInto(rules.UnreadAccessRecord, a.createAccessRecord)},
		{post, importPath, dataUser, nil, a.importAccessRecords},
		{get, "/access-records/:ak", public, nil, a.verifyAccessRecord},
		{put, "/access-records/:ak", dataUser, nil, withBodyInto(rules.UnreadAccessRecord, a.replaceAccessRecord)},
		{remove, "/access-records/:ak", askers, names("reason", "reidentification-token"), a.revokeAccessRecord},
		{get, "/access-records/:ak/notice", askers, names("reidentification-token"), a.readWithdrawalDelivery},
		{
			get, "/meter-points/:mpxn/access-records", askers,
			append(names("reidentification-token"), filter...), a.listAccessRecords,
		},
		{get, "/records", dataUser, filter, a.listOwnRecords},

		{get, "/webhooks", dataUser, nil, a.listWebhooks},
		{post, "/webhooks", dataUser, nil, withBody(a.registerWebhook)},
		{patch, "/webhooks/:wid", dataUser, nil, withBody(a.updateWebhook)},
		{remove, "/webhooks/:wid", dataUser, nil, a.deleteWebhook},
		{get, "/webhooks/:wid/deliveries", dataUser, append(names("status"), page...), a.listDeliveries},
		{post, "/webhooks/:wid/deliveries/:eventId/redeliver", dataUser, nil, a.redeliver},

		{post, "/discovered-access", dcc, nil, withBody(a.submitDiscoveredAccess)},
		{post, "/cot-events", dcc, nil, withBody(a.reportTenancyChange)},
		{get, "/admin/cot-events", admin, names("mpxn"), a.listTenancyChanges},
		{post, "/admin/cot-events/:cot/withdraw", admin, nil, a.withdrawTenancyChange},
		{post, "/admin/cot-events/:cot/uphold", admin, nil, a.upholdTenancyChange},

		{get, "/data-users/:duid", directory, nil, a.readDataUser},
		{get, "/self", everyRole, nil, a.readSelf},
		{put, "/self/return-urls", askers, nil, withBody(a.replaceReturnURLs)},
		{post, "/self/rotate-secret", everyRole, nil, a.rotateSecret},

		{get, "/admin/stats", admin, nil, a.readStats},
		{get, "/admin/accounts", admin, nil, a.listAccounts},
		{post, "/admin/accounts", admin, nil, withBody(a.createAccount)},
		{post, "/admin/accounts/:accountId/suspend", admin, nil, withOptionalBody(a.suspendAccount)},
		{post, "/admin/accounts/:accountId/reactivate", admin, nil, a.reactivateAccount},
		{post, "/admin/accounts/:accountId/terminate", admin, nil, withOptionalBody(a.terminateAccount)},
		{get, "/admin/contacts", admin, names("mpxn"), a.listContacts},
		{post, "/admin/contacts/:contact/set-aside", admin, nil, withBody(a.setContactAside)},
		{post, "/admin/contacts/:contact/restore", admin, nil, withBody(a.restoreContact)},
		{get, "/admin/alarms", admin, page, a.listAlarms},
		{get, "/admin/webhooks", admin, nil, a.listAllWebhooks},
		{get, "/admin/records", admin, append(names("q"), filter...), a.searchRecords},
		{get, "/admin/audit", admin, append(names("account_id", "event_type", "ak", "mpxn"), page...), a.readAudit},

		{get, openAPIPath, public, nil, a.readOpenAPI},
	}
}
