package rules

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// expiryBatch is how many expiry announcements one transaction queues.
const expiryBatch = 200

// announce queues an event about access records of an account for each subscription of the account that wants it, and
// reports whether one does. Events about one access record reach a subscription in the order in which they were queued
// (docs/decisions.md, Order).
func (r *Rules) announce(
	ctx context.Context, tx *store.Tx, accountID string, eventType registerclient.WebhookEventType, aks []string,
	payload any,
) (bool, error) {
	subscriptions, err := tx.ListWebhooks(ctx, accountID)
	if err != nil {
		return false, err
	}

	announced := false
	for _, subscription := range subscriptions {
		if !slices.Contains(subscription.EventTypes.V, string(eventType)) {
			continue
		}

		announced = true
		if _, err := r.queueEvent(ctx, tx, subscription, eventType, aks, payload); err != nil {
			return false, err
		}
	}

	return announced, nil
}

// queueEvent queues one event for one subscription and returns its id.
func (r *Rules) queueEvent(
	ctx context.Context, tx *store.Tx, subscription store.Webhook, eventType registerclient.WebhookEventType,
	aks []string, payload any,
) (string, error) {
	detail, err := json.Marshal(payload)
	if err != nil {
		return "", fmt.Errorf("encode the payload of %s: %w", eventType, err)
	}

	id := NewID("evt")
	body, err := json.Marshal(registerclient.WebhookEvent{
		EventID: id, EventType: eventType, OccurredAt: r.Now(), WID: subscription.WID, Payload: detail,
	})
	if err != nil {
		return "", fmt.Errorf("encode %s: %w", eventType, err)
	}

	// A line for each access record keeps its events in order.
	lines := make([]string, len(aks))
	for i, ak := range aks {
		lines[i] = subscription.WID + " " + ak
	}

	now := store.Millis(r.clock())
	key := r.keys.sealer()
	job := store.Job{
		ID:         id,
		Kind:       store.KindWebhook,
		Target:     subscription.WID,
		Subject:    string(eventType),
		KeyID:      key.id,
		SealedBody: key.sealed(body, placeOfJob(id)),
		CreatedAt:  now,
		DueAt:      now,
		Lines:      lines,
	}
	if eventType == registerclient.EventConsentWithdrawal {
		job.WithdrawnAK = &aks[0]
	}

	return id, tx.InsertJob(ctx, job)
}

// announceWithdrawal tells the owner of a consent that it has ended, whether the owner or the customer ended it.
func (r *Rules) announceWithdrawal(
	ctx context.Context, tx *store.Tx, record store.ListedRecord, revocation revocationDetail,
) error {
	if !registerclient.LegalBasis(record.LegalBasis).Consent() {
		return nil
	}

	payload := registerclient.ConsentWithdrawalPayload{
		AK:               record.AK,
		MPxN:             record.MPxN,
		DUID:             record.DUID,
		RevokedAt:        revocation.At,
		ErasureRequested: revocation.erasureRequested,
	}
	if revocation.Reason != nil {
		given := registerclient.RevokeReason(*revocation.Reason)
		payload.Reason = &given
	}

	_, err := r.announce(
		ctx, tx, record.AccountID, registerclient.EventConsentWithdrawal, []string{record.AK}, payload,
	)

	return err
}

// AnnounceExpiries queues consent.expiring for each active consent that ends within a subscription's notice days: once
// for each record, end and subscription, however many replicas run it at the same time.
func (r *Rules) AnnounceExpiries(ctx context.Context) error {
	subscriptions, err := r.store.ListAllWebhooks(ctx)
	if err != nil {
		return err
	}

	for _, subscription := range subscriptions {
		if !slices.Contains(subscription.EventTypes.V, string(registerclient.EventConsentExpiring)) {
			continue
		}
		if err := r.announceExpiriesTo(ctx, subscription); err != nil {
			return fmt.Errorf("announce expiries: %w", err)
		}
	}

	return nil
}

func (r *Rules) announceExpiriesTo(ctx context.Context, subscription store.OwnedWebhook) error {
	for {
		now := r.Now()
		end := now.AddDate(0, 0, subscription.NotifyDaysBefore)
		expiring, err := r.store.ListExpiring(ctx, subscription.AccountID, subscription.WID, now, end, expiryBatch)
		if err != nil {
			return err
		}

		err = r.store.Transact(ctx, func(tx *store.Tx) error {
			for _, record := range expiring {
				if err := r.announceExpiry(ctx, tx, subscription, record, now); err != nil {
					return err
				}
			}

			return nil
		})
		if err != nil || len(expiring) < expiryBatch {
			return err
		}
	}
}

func (r *Rules) announceExpiry(
	ctx context.Context, tx *store.Tx, subscription store.OwnedWebhook, record store.ExpiringRecord, now time.Time,
) error {
	first, err := tx.InsertExpiryAnnouncement(ctx, subscription.WID, record)
	if err != nil || !first {
		return err
	}

	expiry := wireTime(record.Expiry)
	payload := registerclient.ConsentExpiringPayload{
		AK:            record.AK,
		MPxN:          record.MPxN,
		DUID:          subscription.DUID,
		Expiry:        expiry,
		DaysRemaining: int(math.Ceil(expiry.Sub(now).Hours() / 24)),
	}
	_, err = r.queueEvent(
		ctx, tx, subscription.Webhook, registerclient.EventConsentExpiring, []string{record.AK}, payload,
	)
	if err != nil {
		return err
	}

	tx.Audit(r.auditEvent("", auditExpiryAnnounced, record.MPxN, record.AK, map[string]any{"wid": subscription.WID}))

	return nil
}
