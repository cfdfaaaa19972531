package register

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
)

const (
	headerIdempotencyKey = "Idempotency-Key"
	headerReplayed       = "Idempotency-Replayed"
	// keepAnswers is how long an answer is repeated for its Idempotency-Key.
	keepAnswers = 24 * time.Hour
)

// answer is what a change answers.
type answer struct {
	status   int
	location string // of what was made; empty for none
	body     any
}

func placeOfAnswer(accountID, key string) string {
	return "idempotency_keys.sealed_answer " + accountID + " " + key
}

// post makes a change in one transaction and answers it. Where the caller sent an Idempotency-Key the answer is
// kept in the same transaction, and a repetition within 24 hours gets it again and changes nothing
// (docs/decisions.md, Idempotency). A change that is refused leaves no trace, and its key stays unused.
func (s *Register) post(c echo.Context, change func(ctx context.Context, tx *store.Tx) (answer, error)) error {
	ctx := c.Request().Context()
	keys := c.Request().Header.Values(headerIdempotencyKey)
	if len(keys) == 0 {
		var a answer
		err := s.store.Transact(ctx, func(tx *store.Tx) (err error) {
			a, err = change(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}

		return send(c, a)
	}

	if len(keys) > 1 || !visible(keys[0]) || len(keys[0]) > 255 {
		return invalid(headerIdempotencyKey, "must be given once, with 1 to 255 visible ASCII characters.")
	}

	key, now := keys[0], s.now()
	row := store.IdempotencyKey{
		AccountID:   caller(c).AccountID,
		Key:         key,
		RequestHash: requestHash(c),
		CreatedAt:   store.Millis(now),
	}
	var a answer
	err := s.store.Transact(ctx, func(tx *store.Tx) (err error) {
		if err := tx.ClaimIdempotencyKey(ctx, row, now.Add(-keepAnswers)); err != nil {
			return err
		}
		if a, err = change(ctx, tx); err != nil {
			return err
		}

		text, err := json.Marshal(a.body)
		if err != nil {
			return fmt.Errorf("write an answer: %w", err)
		}

		sealer := s.keys.sealer()
		row.Status, row.Location, row.KeyID = a.status, a.location, sealer.id
		row.SealedResponse = sealer.sealed(text, placeOfAnswer(row.AccountID, key))

		return tx.SaveResponse(ctx, row)
	})
	if errors.Is(err, store.ErrKeyUsed) {
		return s.replay(c, row)
	}
	if err != nil {
		return err
	}

	return send(c, a)
}

func send(c echo.Context, a answer) error {
	if a.location != "" {
		c.Response().Header().Set(echo.HeaderLocation, a.location)
	}
	return c.JSON(a.status, a.body)
}

// replay answers once more what the first request with this key was answered.
func (s *Register) replay(c echo.Context, row store.IdempotencyKey) error {
	kept, err := s.store.FindIdempotencyKey(c.Request().Context(), row.AccountID, row.Key)
	if err != nil {
		return err
	}
	if string(kept.RequestHash) != string(row.RequestHash) {
		return &Error{
			Kind:    Unprocessable,
			Code:    codeValidation,
			Field:   headerIdempotencyKey,
			Message: "was used for another request.",
		}
	}

	text, err := s.keys.open(kept.KeyID, kept.SealedResponse, placeOfAnswer(row.AccountID, row.Key))
	if err != nil {
		return fmt.Errorf("read a kept answer: %w", err)
	}
	if kept.Location != "" {
		c.Response().Header().Set(echo.HeaderLocation, kept.Location)
	}

	c.Response().Header().Set(headerReplayed, "true")
	return c.JSONBlob(kept.Status, text)
}

// requestHash tells one request from another: by its method, its path and its body.
func requestHash(c echo.Context) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n", c.Request().Method, c.Request().URL.Path)
	body, _ := c.Get(bodyKey).([]byte) // none where the operation takes none
	h.Write(body)
	return h.Sum(nil)
}

// visible reports whether s is not empty and holds nothing but visible ASCII.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}

	return s != ""
}

// What the audit log is told of (docs/decisions.md, Audit log).
const (
	auditAccountCreated      = "account.created"
	auditAccountSuspended    = "account.suspended"
	auditAccountReactivated  = "account.reactivated"
	auditAccountTerminated   = "account.terminated"
	auditSecretRotated       = "account.secret-rotated"
	auditReturnURLsReplaced  = "account.return-urls-replaced"
	auditIdentityCreated     = "identity-record.created"
	auditIdentityRead        = "identity-record.read"
	auditIdentityAnonymised  = "identity-record.anonymised"
	auditCredentialRemoved   = "credential.removed"
	auditReidentifyStarted   = "reidentification.started"
	auditReidentifyConfirmed = "reidentification.confirmed"
	auditReidentifyDeclined  = "reidentification.declined"
	auditReidentifyWrongCode = "reidentification.wrong-code"
	auditCredentialCreated   = "credential.created"
	auditCredentialRefused   = "credential.refused"
	auditCredentialUsed      = "credential.used"
	auditRecordCreated       = "record.created"
	auditRecordUpdated       = "record.updated"
	auditRecordRevoked       = "record.revoked"
	auditRecordsRead         = "records.read"
	auditDiscoveredReported  = "discovered-access.reported"
	auditTenancyReported     = "tenancy-change.reported"
	auditTenancyWithdrawn    = "tenancy-change.withdrawn"
	auditWebhookCreated      = "webhook.created"
	auditWebhookUpdated      = "webhook.updated"
	auditWebhookDeleted      = "webhook.deleted"
	auditDeliveryRequeued    = "delivery.requeued"
	auditDeliveryUndelivered = "delivery.undelivered"
	auditExpiryAnnounced     = "record.expiry-announced"
	auditAdministratorLooked = "administrator.looked"
	auditKeysRotated         = "keys.rotated"
)

// event is a row of the audit log. Detail holds nothing personal beside the meter point that has its own column:
// no address, no e-mail, no token.
func (s *Register) event(accountID, eventType, mpxn, ak string, detail map[string]any) store.AuditEvent {
	text := []byte("{}")
	if len(detail) > 0 {
		var err error
		if text, err = json.Marshal(detail); err != nil {
			panic(fmt.Sprintf("detail of %s: %v", eventType, err)) // it is made of texts and numbers here
		}
	}

	return store.AuditEvent{
		EventID: newID(
			"aud",
		),
		At:        store.Millis(s.now()),
		AccountID: accountID,
		EventType: eventType,
		AK:        ak,
		MPxN:      mpxn,
		Detail:    string(text),
	}
}

// audit appends one event by itself, for what was read and changed nothing. The answer waits for it: what cannot
// be noted is not shown.
func (s *Register) audit(ctx context.Context, events ...store.AuditEvent) error {
	return s.store.Transact(ctx, func(tx *store.Tx) error {
		tx.Audit(events...)
		return nil
	})
}
