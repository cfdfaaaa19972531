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

// routes is the API without the operations of administrators, which administrators.go lists: method, path, roles,
// query parameters and handler.
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
		{remove, "/access-records/:ak", askers, names("reason", queryToken, queryErasure), a.revokeAccessRecord},
		{get, "/access-records/:ak/notice", askers, names("reidentification-token"), a.readWithdrawalDelivery},
		{
			get, "/meter-points/:mpxn/access-records", askers,
			append(names("reidentification-token"), filter...), a.listAccessRecords,
		},
		{
			get, "/meter-points/:mpxn/readings", portal,
			append(names("reidentification-token", "kind"), page...), a.listReadings,
		},
		{
			get, "/records", dataUser, append(names("mpxn", "controller-reference", "changed-since"), filter...),
			a.listOwnRecords,
		},

		{get, "/webhooks", dataUser, nil, a.listWebhooks},
		{post, "/webhooks", dataUser, nil, withBody(a.registerWebhook)},
		{patch, "/webhooks/:wid", dataUser, nil, withBody(a.updateWebhook)},
		{remove, "/webhooks/:wid", dataUser, nil, a.deleteWebhook},
		{post, "/webhooks/:wid/test", dataUser, nil, a.testWebhook},
		{get, "/webhooks/:wid/deliveries", dataUser, append(names("status"), page...), a.listDeliveries},
		{post, "/webhooks/:wid/deliveries/:eventId/redeliver", dataUser, nil, a.redeliver},

		{post, "/discovered-access", dcc, nil, withBody(a.submitDiscoveredAccess)},
		{post, "/cot-events", dcc, nil, withBody(a.reportTenancyChange)},

		{get, "/data-users/:duid", directory, nil, a.readDataUser},
		{get, "/self", everyRole, nil, a.readSelf},
		{put, returnURLsPath, askers, nil, withBody(a.replaceReturnURLs)},
		{post, rotateSecretPath, everyRole, nil, withOptionalBody(a.rotateSecret)},

		{get, openAPIPath, public, nil, a.readOpenAPI},
	}
}
