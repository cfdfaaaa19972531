package rules

import (
	"context"
	"encoding/json"
	"fmt"

	"central.consent/dar/register/store"
)

// The events of the audit log (docs/decisions.md, Audit log).
const (
	auditAccountCreated       = "account.created"
	auditAccountSuspended     = "account.suspended"
	auditAccountReactivated   = "account.reactivated"
	auditAccountTerminated    = "account.terminated"
	auditSecretRotated        = "account.secret-rotated"
	auditReturnURLsReplaced   = "account.return-urls-replaced"
	auditIdentityCreated      = "identity-record.created"
	auditIdentityRead         = "identity-record.read"
	auditIdentityUpdated      = "identity-record.updated"
	auditIdentityAnonymised   = "identity-record.anonymised"
	auditCredentialRemoved    = "credential.removed"
	auditReidentifyStarted    = "reidentification.started"
	auditReidentifyConfirmed  = "reidentification.confirmed"
	auditReidentifyDeclined   = "reidentification.declined"
	auditReidentifyRedirected = "reidentification.redirected"
	auditReidentifyWrongCode  = "reidentification.wrong-code"
	auditCredentialCreated    = "credential.created"
	auditCredentialRefused    = "credential.refused"
	auditCredentialUsed       = "credential.used"
	auditRecordCreated        = "record.created"
	auditRecordUpdated        = "record.updated"
	auditRecordRevoked        = "record.revoked"
	auditRecordsRead          = "records.read"
	auditReadingsRead         = "readings.read"
	auditDiscoveredReported   = "discovered-access.reported"
	auditTenancyReported      = "tenancy-change.reported"
	auditTenancyWithdrawn     = "tenancy-change.withdrawn"
	auditTenancyDisputed      = "tenancy-change.disputed"
	auditTenancyUpheld        = "tenancy-change.upheld"
	auditWebhookCreated       = "webhook.created"
	auditWebhookUpdated       = "webhook.updated"
	auditWebhookDeleted       = "webhook.deleted"
	auditWebhookTested        = "webhook.tested"
	auditDeliveryRequeued     = "delivery.requeued"
	auditDeliveryUndelivered  = "delivery.undelivered"
	auditExpiryAnnounced      = "record.expiry-announced"
	auditAdministratorLooked  = "administrator.looked"
	auditKeysRotated          = "keys.rotated"
	auditContactStanding      = "contact.standing"
	auditContactEnded         = "contact.ended"
	auditRemovalAsked         = "contact.removal-asked"
	auditRemovalEnded         = "contact.removal-ended"
	auditContactSetAside      = "contact.set-aside"
	auditContactRestored      = "contact.restored"
	auditAlarmRaised          = "alarm.raised"
	auditLetterWritten        = "contact-letter.written"
	auditLetterAnswered       = "contact-letter.answered"
	auditLetterWrongCode      = "contact-letter.wrong-code"
	auditAccountUpdated       = "account.updated"
	auditApprovalRequested    = "approval.requested"
	auditApprovalApproved     = "approval.approved"
	auditApprovalRefused      = "approval.refused"
	auditApprovalUsed         = "approval.used"
	auditEmailsNormalised     = "identity-records.normalised"
)

// auditEvent returns a row of the audit log. The detail holds no personal data of a customer: no address, no e-mail, no
// token. It can hold the name of an adviser. The meter point has a column of its own.
func (r *Rules) auditEvent(accountID, eventType, mpxn, ak string, detail map[string]any) store.AuditEvent {
	text := []byte("{}")
	if len(detail) > 0 {
		var err error
		if text, err = json.Marshal(detail); err != nil {
			panic(fmt.Sprintf("detail of %s: %v", eventType, err)) // details hold strings, numbers and booleans
		}
	}

	return store.AuditEvent{
		EventID:   NewID("aud"),
		At:        store.Millis(r.Now()),
		AccountID: accountID,
		EventType: eventType,
		AK:        ak,
		MPxN:      mpxn,
		Detail:    string(text),
	}
}

// recordAudit appends events of an operation that read and changed nothing. The response waits for it: what cannot be
// audited is not shown.
func (r *Rules) recordAudit(ctx context.Context, events ...store.AuditEvent) error {
	return r.store.Transact(ctx, func(tx *store.Tx) error {
		tx.Audit(events...)

		return nil
	})
}
