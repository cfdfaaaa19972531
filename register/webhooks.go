package register

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
	"central.consent/dar/register/webhook"
	"central.consent/dar/registerclient"
)

const (
	// secretGrace is how long a signing secret is valid after its rotation.
	secretGrace = 15 * time.Minute
	// notifyDays is how many days before its end a consent is announced where the subscription does not say.
	notifyDays = 30
)

// The places that sealed values belong to, so that one cannot be read in another's.
func placeOfAlert(wid string) string          { return "webhooks.sealed_alert_email " + wid }
func placeOfSecret(wid string) string         { return "webhooks.sealed_secret " + wid }
func placeOfPreviousSecret(wid string) string { return "webhooks.sealed_previous " + wid }
func placeOfJob(id string) string             { return "outbox.sealed_body " + id }

var allEventTypes = []registerclient.WebhookEventType{
	registerclient.EventConsentExpiring, registerclient.EventTenancyChange, registerclient.EventConsentWithdrawal,
}

// registerWebhook is POST /webhooks.
func (s *Register) registerWebhook(c echo.Context) error {
	var in registerclient.RegisterWebhookRequest
	if err := knownQuery(c); err != nil {
		return err
	}
	if err := decode(c, &in); err != nil {
		return err
	}

	days := notifyDays
	types := in.EventTypes
	if in.NotifyDaysBefore != nil {
		days = *in.NotifyDaysBefore
	}
	if types == nil {
		types = allEventTypes
	}

	var k checks
	k.subscription(s.local, in.CallbackURL, in.AlertEmail, days, types)
	if err := k.err(); err != nil {
		return err
	}

	account := caller(c).AccountID
	secret := webhook.NewSecret()
	key := s.keys.sealer()
	row := store.Webhook{
		WID: newID(
			"wid",
		),
		AccountID:        account,
		CallbackURL:      in.CallbackURL,
		NotifyDaysBefore: days,
		EventTypes:       store.JSON[[]string]{V: texts(types)},
		KeyID:            key.id,
		CreatedAt:        store.Millis(s.now()),
	}
	row.SealedAlertEmail = key.sealed([]byte(in.AlertEmail), placeOfAlert(row.WID))
	row.SealedSecret = key.sealed([]byte(secret), placeOfSecret(row.WID))

	return s.post(c, func(ctx context.Context, tx *store.Tx) (answer, error) {
		if err := tx.InsertWebhook(ctx, row); err != nil {
			return answer{}, addressTaken(err)
		}

		tx.Audit(s.event(account, auditWebhookCreated, "", "", map[string]any{"wid": row.WID}))
		subscription, err := s.webhookOf(row)
		return answer{http.StatusCreated, basePath + "/webhooks/" + row.WID, registerclient.WebhookResponse{
			Response: s.metadata(c), Webhook: subscription, SigningSecret: secret,
		}}, err
	})
}

// subscription checks what a webhook is to be.
func (k *checks) subscription(
	local bool,
	callbackURL, alertEmail string,
	days int,
	types []registerclient.WebhookEventType,
) {
	if err := webhook.CheckURL(callbackURL, local); err != nil {
		k.add("callback-url", err.Error()+".")
	}

	k.email("alert-email", alertEmail)
	if days < 1 || days > 90 {
		k.add("notify-days-before", "must be 1 to 90.")
	}
	if len(types) == 0 {
		k.add("event-types", "must name at least one event.")
	}

	for i, t := range types {
		oneOf(k, fmt.Sprintf("event-types[%d]", i), t, allEventTypes...)
		if slices.Contains(types[:i], t) {
			k.add(fmt.Sprintf("event-types[%d]", i), "is named twice.")
		}
	}
}

func texts[T ~string](values []T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

func addressTaken(err error) error {
	if errors.Is(err, store.ErrConflict) {
		return &Error{
			Kind:    Conflict,
			Code:    codeConflict,
			Field:   "callback-url",
			Message: "is that of another webhook of this account.",
		}
	}
	return err
}

func (s *Register) webhookOf(row store.Webhook) (registerclient.Webhook, error) {
	alert, err := s.keys.open(row.KeyID, row.SealedAlertEmail, placeOfAlert(row.WID))
	if err != nil {
		return registerclient.Webhook{}, fmt.Errorf("read the alert address of a webhook: %w", err)
	}

	w := registerclient.Webhook{
		WID: row.WID, CallbackURL: row.CallbackURL, AlertEmail: string(alert), NotifyDaysBefore: row.NotifyDaysBefore,
		CreatedAt: row.CreatedAt.Time(), Active: row.DeletedAt == nil,
	}
	for _, t := range row.EventTypes.V {
		w.EventTypes = append(w.EventTypes, registerclient.WebhookEventType(t))
	}

	return w, nil
}

// listWebhooks is GET /webhooks: the caller's own.
func (s *Register) listWebhooks(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	rows, err := s.store.ListWebhooks(c.Request().Context(), caller(c).AccountID)
	if err != nil {
		return err
	}

	list := make([]registerclient.Webhook, len(rows))
	for i, row := range rows {
		if list[i], err = s.webhookOf(row); err != nil {
			return err
		}
	}

	return c.JSON(http.StatusOK, registerclient.ListWebhooksResponse{Response: s.metadata(c), Webhooks: list})
}

// listAllWebhooks is GET /admin/webhooks.
func (s *Register) listAllWebhooks(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	rows, err := s.store.ListAllWebhooks(c.Request().Context())
	if err != nil {
		return err
	}

	list := make([]registerclient.Webhook, len(rows))
	total := len(rows)
	for i, row := range rows {
		if list[i], err = s.webhookOf(row.Webhook); err != nil {
			return err
		}
		list[i].DUID = row.DUID
	}

	return c.JSON(
		http.StatusOK,
		registerclient.ListWebhooksResponse{Response: s.metadata(c), Webhooks: list, Total: &total},
	)
}

// updateWebhook is PATCH /webhooks/{wid}.
func (s *Register) updateWebhook(c echo.Context) error {
	var in registerclient.UpdateWebhookRequest
	if err := knownQuery(c); err != nil {
		return err
	}
	if err := decode(c, &in); err != nil {
		return err
	}

	account := caller(c).AccountID
	ctx := c.Request().Context()
	body := registerclient.WebhookResponse{Response: s.metadata(c)}
	err := s.store.Transact(ctx, func(tx *store.Tx) error {
		row, err := tx.HoldOwnWebhook(ctx, account, c.Param("wid"))
		if err != nil {
			return missing(err, noWebhook())
		}

		secret, err := s.keys.open(row.KeyID, row.SealedSecret, placeOfSecret(row.WID))
		if err != nil {
			return fmt.Errorf("read the secret of a webhook: %w", err)
		}

		now, err := s.webhookOf(row)
		if err != nil {
			return err
		}

		setTo(&now.CallbackURL, in.CallbackURL)
		setTo(&now.AlertEmail, in.AlertEmail)
		setTo(&now.NotifyDaysBefore, in.NotifyDaysBefore)
		if in.EventTypes != nil {
			now.EventTypes = in.EventTypes
		}

		var k checks
		k.subscription(s.local, now.CallbackURL, now.AlertEmail, now.NotifyDaysBefore, now.EventTypes)
		if err := k.err(); err != nil {
			return err
		}

		key := s.keys.sealer()
		previous := []byte(nil)
		if row.SealedPrevious != nil {
			if previous, err = s.keys.open(row.KeyID, row.SealedPrevious, placeOfPreviousSecret(row.WID)); err != nil {
				return fmt.Errorf("read the former secret of a webhook: %w", err)
			}
		}

		if in.RotateSecret {
			body.SigningSecret = webhook.NewSecret()
			previous, secret = secret, []byte(body.SigningSecret)
			rotated := store.Millis(s.clock())
			row.RotatedAt = &rotated
		}

		row.CallbackURL, row.NotifyDaysBefore, row.EventTypes.V, row.KeyID = now.CallbackURL, now.NotifyDaysBefore, texts(
			now.EventTypes,
		), key.id
		row.SealedAlertEmail = key.sealed([]byte(now.AlertEmail), placeOfAlert(row.WID))
		row.SealedSecret = key.sealed(secret, placeOfSecret(row.WID))
		if previous != nil {
			row.SealedPrevious = key.sealed(previous, placeOfPreviousSecret(row.WID))
		}
		if err := tx.UpdateWebhook(ctx, row); err != nil {
			return addressTaken(err)
		}

		tx.Audit(
			s.event(
				account,
				auditWebhookUpdated,
				"",
				"",
				map[string]any{"wid": row.WID, "secret-rotated": in.RotateSecret},
			),
		)
		body.Webhook = now
		return nil
	})
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, body)
}

func setTo[T any](value *T, to *T) {
	if to != nil {
		*value = *to
	}
}

func noWebhook() *Error { return notFound("There is no such webhook.") }

// deleteWebhook is DELETE /webhooks/{wid}. What is queued is still tried.
func (s *Register) deleteWebhook(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	account := caller(c).AccountID
	ctx := c.Request().Context()
	wid := c.Param("wid")
	err := s.store.Transact(ctx, func(tx *store.Tx) error {
		if err := tx.DeleteWebhook(ctx, account, wid, s.now()); err != nil {
			return missing(err, noWebhook())
		}
		tx.Audit(s.event(account, auditWebhookDeleted, "", "", map[string]any{"wid": wid}))
		return nil
	})
	if err != nil {
		return err
	}

	return c.NoContent(http.StatusNoContent)
}

// listDeliveries is GET /webhooks/{wid}/deliveries, the newest first.
func (s *Register) listDeliveries(c echo.Context) error {
	if err := knownQuery(c, "status", "limit", "cursor"); err != nil {
		return err
	}

	status := c.QueryParam("status")
	if c.QueryParams().Has("status") {
		var k checks
		oneOf(
			&k,
			"status",
			registerclient.DeliveryStatus(status),
			registerclient.DeliveryQueued,
			registerclient.DeliveryDelivered,
			registerclient.DeliveryUndelivered,
		)
		if err := k.err(); err != nil {
			return err
		}
	}

	page, err := readPage(c, 100)
	if err != nil {
		return err
	}

	ctx := c.Request().Context()
	wid := c.Param("wid")
	w, err := s.store.FindWebhook(ctx, wid)
	if err != nil {
		return missing(err, noWebhook())
	}
	if w.AccountID != caller(c).AccountID {
		return noWebhook()
	}

	jobs, err := s.store.ListDeliveries(ctx, wid, status, page)
	if err != nil {
		return err
	}

	answer := registerclient.ListDeliveriesResponse{Response: s.metadata(c), Deliveries: []registerclient.Delivery{}}
	jobs, answer.NextCursor = nextCursor(
		jobs,
		page,
		func(j store.Job) (store.Millis, string) { return j.CreatedAt, j.ID },
	)
	for _, job := range jobs {
		answer.Deliveries = append(answer.Deliveries, deliveryOf(job))
	}

	return c.JSON(http.StatusOK, answer)
}

func deliveryOf(job store.Job) registerclient.Delivery {
	d := registerclient.Delivery{
		EventID:   job.ID,
		EventType: registerclient.WebhookEventType(job.Subject),
		Status:    registerclient.DeliveryQueued,
		Attempts:  job.Attempts,
		CreatedAt: job.CreatedAt.Time(),
		EndedAt:   store.OptionalTime(job.EndedAt),
		LastError: job.LastError,
	}
	if job.Outcome == nil {
		due := job.DueAt.Time()
		d.NextAttemptAt = &due
	} else if *job.Outcome == store.OutcomeDelivered {
		d.Status = registerclient.DeliveryDelivered
	} else {
		d.Status = registerclient.DeliveryUndelivered
	}

	return d
}

// redeliver is POST /webhooks/{wid}/deliveries/{eventId}/redeliver: the same event once more, under the same id.
func (s *Register) redeliver(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	account := caller(c).AccountID
	wid := c.Param("wid")
	return s.post(c, func(ctx context.Context, tx *store.Tx) (answer, error) {
		if _, err := tx.HoldOwnWebhook(ctx, account, wid); err != nil {
			return answer{}, missing(err, noWebhook())
		}

		job, err := tx.FindDelivery(ctx, wid, c.Param("eventId"))
		if err != nil {
			return answer{}, missing(err, notFound("There is no such event of this webhook."))
		}

		queued, err := tx.RequeueJob(ctx, job, s.clock())
		if err != nil {
			return answer{}, err
		}
		if !queued {
			return answer{}, &Error{Kind: Conflict, Code: codeConflict, Message: "This event is queued already."}
		}
		if job, err = tx.FindDelivery(ctx, wid, job.ID); err != nil {
			return answer{}, err
		}

		tx.Audit(s.event(account, auditDeliveryRequeued, "", "", map[string]any{"wid": wid, "event-id": job.ID}))
		return answer{
			http.StatusOK,
			"",
			registerclient.RedeliverResponse{Response: s.metadata(c), Delivery: deliveryOf(job)},
		}, nil
	})
}

// announce queues an event about some of an account's access records for each of its subscriptions that wants it,
// and answers whether one does. Events that concern one access record reach a subscription in the order in which
// they were queued (docs/decisions.md, Order).
func (s *Register) announce(
	ctx context.Context,
	tx *store.Tx,
	accountID string,
	eventType registerclient.WebhookEventType,
	aks []string,
	payload any,
) (bool, error) {
	subscriptions, err := tx.ListWebhooks(ctx, accountID)
	if err != nil {
		return false, err
	}

	any := false
	for _, w := range subscriptions {
		if !slices.Contains(w.EventTypes.V, string(eventType)) {
			continue
		}

		any = true
		if err := s.queueEvent(ctx, tx, w, eventType, aks, payload); err != nil {
			return false, err
		}
	}

	return any, nil
}

func (s *Register) queueEvent(
	ctx context.Context,
	tx *store.Tx,
	w store.Webhook,
	eventType registerclient.WebhookEventType,
	aks []string,
	payload any,
) error {
	detail, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("write the payload of %s: %w", eventType, err)
	}

	id := newID("evt")
	now := s.clock()
	body, err := json.Marshal(
		registerclient.WebhookEvent{
			EventID:    id,
			EventType:  eventType,
			OccurredAt: s.now(),
			WID:        w.WID,
			Payload:    detail,
		},
	)
	if err != nil {
		return fmt.Errorf("write %s: %w", eventType, err)
	}

	lines := make([]string, len(aks))
	for i, ak := range aks {
		lines[i] = w.WID + " " + ak
	}

	key := s.keys.sealer()
	job := store.Job{
		ID:         id,
		Kind:       store.KindWebhook,
		Target:     w.WID,
		Subject:    string(eventType),
		KeyID:      key.id,
		SealedBody: key.sealed(body, placeOfJob(id)),
		CreatedAt:  store.Millis(now),
		DueAt:      store.Millis(now),
		Lines:      lines,
	}
	if eventType == registerclient.EventConsentWithdrawal {
		job.WithdrawnAK = &aks[0]
	}

	return tx.InsertJob(ctx, job)
}

// announceWithdrawal tells the owner of a consent that has just been ended, whoever ended it.
func (s *Register) announceWithdrawal(
	ctx context.Context,
	tx *store.Tx,
	record store.ListedRecord,
	at time.Time,
	reason *string,
) error {
	if !registerclient.LegalBasis(record.LegalBasis).Consent() {
		return nil
	}

	payload := registerclient.ConsentWithdrawalPayload{
		AK:        record.AK,
		MPxN:      record.MPxN,
		DUID:      record.DUID,
		RevokedAt: at,
	}
	if reason != nil {
		why := registerclient.RevokeReason(*reason)
		payload.Reason = &why
	}

	_, err := s.announce(ctx, tx, record.AccountID, registerclient.EventConsentWithdrawal, []string{record.AK}, payload)
	return err
}

// AnnounceExpiries queues consent.expiring for each active consent that ends within a subscription's days: once for
// each record, end and subscription, however many replicas look at the same time.
func (s *Register) AnnounceExpiries(ctx context.Context) error {
	subscriptions, err := s.store.ListAllWebhooks(ctx)
	if err != nil {
		return err
	}

	for _, w := range subscriptions {
		if !slices.Contains(w.EventTypes.V, string(registerclient.EventConsentExpiring)) {
			continue
		}
		if err := s.announceExpiries(ctx, w); err != nil {
			return fmt.Errorf("announce what expires: %w", err)
		}
	}

	return nil
}

func (s *Register) announceExpiries(ctx context.Context, w store.OwnedWebhook) error {
	const batch = 200
	for {
		now := s.now()
		expiring, err := s.store.ListExpiring(
			ctx,
			w.AccountID,
			w.WID,
			now,
			now.AddDate(0, 0, w.NotifyDaysBefore),
			batch,
		)
		if err != nil {
			return err
		}

		err = s.store.Transact(ctx, func(tx *store.Tx) error {
			for _, e := range expiring {
				if first, err := tx.InsertExpiryAnnouncement(ctx, w.WID, e); err != nil {
					return err
				} else if !first {
					continue
				}

				days := int(math.Ceil(e.Expiry.Time().Sub(now).Hours() / 24))
				payload := registerclient.ConsentExpiringPayload{
					AK:            e.AK,
					MPxN:          e.MPxN,
					DUID:          w.DUID,
					Expiry:        e.Expiry.Time(),
					DaysRemaining: days,
				}
				if err := s.queueEvent(
					ctx,
					tx,
					w.Webhook,
					registerclient.EventConsentExpiring,
					[]string{e.AK},
					payload,
				); err != nil {
					return err
				}

				tx.Audit(s.event("", auditExpiryAnnounced, e.MPxN, e.AK, map[string]any{"wid": w.WID}))
			}

			return nil
		})
		if err != nil || len(expiring) < batch {
			return err
		}
	}
}
