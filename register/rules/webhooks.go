package rules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/register/webhook"
	"central.consent/dar/registerclient"
)

const (
	// secretGrace is how long a signing secret stays valid after its rotation.
	secretGrace = 15 * time.Minute
	// defaultNotifyDays is how many days before its end a consent is announced if the subscription does not say.
	defaultNotifyDays = 30
)

// The places of sealed values, so that one cannot be opened in another's place.
func placeOfAlert(wid string) string          { return "webhooks.sealed_alert_email " + wid }
func placeOfSecret(wid string) string         { return "webhooks.sealed_secret " + wid }
func placeOfPreviousSecret(wid string) string { return "webhooks.sealed_previous " + wid }

// defaultEventTypes are the events of a subscription that names none: those of the published API. allEventTypes are
// those that it can name.
var (
	defaultEventTypes = []registerclient.WebhookEventType{
		registerclient.EventConsentExpiring, registerclient.EventTenancyChange, registerclient.EventConsentWithdrawal,
	}
	allEventTypes = append(
		slices.Clone(defaultEventTypes), registerclient.EventContactAdded, registerclient.EventAccessAfterStop,
	)
)

// NewSubscription is a webhook subscription that has been checked and not yet stored.
type NewSubscription struct {
	row store.Webhook
	// Secret signs its events; it is shown once.
	Secret string
}

// PrepareSubscription checks a request for a webhook subscription and fills in what it leaves out. It returns Errors if
// the request is wrong.
func (r *Rules) PrepareSubscription(
	in registerclient.RegisterWebhookRequest, accountID string,
) (NewSubscription, error) {
	days := defaultNotifyDays
	if in.NotifyDaysBefore != nil {
		days = *in.NotifyDaysBefore
	}

	types := in.EventTypes
	if types == nil {
		types = defaultEventTypes
	}

	if err := r.checkSubscription(in.CallbackURL, in.AlertEmail, days, types); err != nil {
		return NewSubscription{}, err
	}

	secret := webhook.NewSecret()
	key := r.keys.sealer()
	wid := NewID("wid")

	return NewSubscription{Secret: secret, row: store.Webhook{
		WID:              wid,
		AccountID:        accountID,
		CallbackURL:      in.CallbackURL,
		NotifyDaysBefore: days,
		EventTypes:       store.JSON[[]string]{V: stringsOf(types)},
		KeyID:            key.id,
		SealedAlertEmail: key.sealed([]byte(in.AlertEmail), placeOfAlert(wid)),
		SealedSecret:     key.sealed([]byte(secret), placeOfSecret(wid)),
		CreatedAt:        store.Millis(r.Now()),
	}}, nil
}

// CreateSubscription stores a new subscription. It returns an *Error of KindConflict if the account has another one
// with the same address.
func (r *Rules) CreateSubscription(
	ctx context.Context, tx *store.Tx, subscription NewSubscription,
) (registerclient.Webhook, error) {
	row := subscription.row
	if err := tx.InsertWebhook(ctx, row); err != nil {
		return registerclient.Webhook{}, callbackTaken(err)
	}

	tx.Audit(r.auditEvent(row.AccountID, auditWebhookCreated, "", "", map[string]any{"wid": row.WID}))

	return r.webhookOf(row)
}

// checkSubscription returns every mistake of a subscription.
func (r *Rules) checkSubscription(
	callbackURL, alertEmail string, days int, types []registerclient.WebhookEventType,
) error {
	var k Checks
	if err := webhook.CheckURL(callbackURL, r.local); err != nil {
		k.Add("callback-url", err.Error()+".")
	}
	k.mailbox("alert-email", alertEmail)
	if days < 1 || days > 90 {
		k.Add("notify-days-before", "must be 1 to 90.")
	}
	if len(types) == 0 {
		k.Add("event-types", "must name at least one event.")
	}

	for i, eventType := range types {
		field := fmt.Sprintf("event-types[%d]", i)
		OneOf(&k, field, eventType, allEventTypes...)
		if slices.Contains(types[:i], eventType) {
			k.Add(field, "is named twice.")
		}
	}

	return k.Err()
}

// callbackTaken returns the refusal for an address that another subscription of the account has.
func callbackTaken(err error) error {
	if errors.Is(err, store.ErrConflict) {
		refusal := conflict("belongs to another webhook of this account.")
		refusal.Field = "callback-url"

		return refusal
	}

	return err
}

// webhookOf returns a subscription as the API shows it.
func (r *Rules) webhookOf(row store.Webhook) (registerclient.Webhook, error) {
	alert, err := r.keys.open(row.KeyID, row.SealedAlertEmail, placeOfAlert(row.WID))
	if err != nil {
		return registerclient.Webhook{}, fmt.Errorf("open the alert address of a webhook: %w", err)
	}

	types := make([]registerclient.WebhookEventType, len(row.EventTypes.V))
	for i, name := range row.EventTypes.V {
		types[i] = registerclient.WebhookEventType(name)
	}

	return registerclient.Webhook{
		WID:              row.WID,
		CallbackURL:      row.CallbackURL,
		AlertEmail:       string(alert),
		NotifyDaysBefore: row.NotifyDaysBefore,
		EventTypes:       types,
		CreatedAt:        wireTime(row.CreatedAt),
		Active:           row.DeletedAt == nil,
	}, nil
}

// ListSubscriptions returns the subscriptions of an account.
func (r *Rules) ListSubscriptions(ctx context.Context, accountID string) ([]registerclient.Webhook, error) {
	rows, err := r.store.ListWebhooks(ctx, accountID)
	if err != nil {
		return nil, err
	}

	list := make([]registerclient.Webhook, len(rows))
	for i, row := range rows {
		if list[i], err = r.webhookOf(row); err != nil {
			return nil, err
		}
	}

	return list, nil
}

// ListAllSubscriptions returns the subscriptions of every account, for an administrator.
func (r *Rules) ListAllSubscriptions(ctx context.Context) ([]registerclient.Webhook, error) {
	rows, err := r.store.ListAllWebhooks(ctx)
	if err != nil {
		return nil, err
	}

	list := make([]registerclient.Webhook, len(rows))
	for i, row := range rows {
		if list[i], err = r.webhookOf(row.Webhook); err != nil {
			return nil, err
		}
		list[i].DUID = row.DUID
	}

	return list, nil
}

// UpdateSubscription changes a subscription of an account, and returns the new signing secret if it was rotated. It
// returns an *Error of KindNotFound if the account has no such subscription, and Errors if the change is wrong.
func (r *Rules) UpdateSubscription(
	ctx context.Context, accountID, wid string, in registerclient.UpdateWebhookRequest,
) (updated registerclient.Webhook, newSecret string, err error) {
	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		row, err := tx.HoldOwnWebhook(ctx, accountID, wid)
		if err != nil {
			return orRefusal(err, noWebhook())
		}

		if updated, err = r.changedSubscription(row, in); err != nil {
			return err
		}
		if row, newSecret, err = r.resealSubscription(row, updated, in.RotateSecret); err != nil {
			return err
		}
		if err := tx.UpdateWebhook(ctx, row); err != nil {
			return callbackTaken(err)
		}

		tx.Audit(r.auditEvent(accountID, auditWebhookUpdated, "", "", map[string]any{
			"wid": row.WID, "secret-rotated": in.RotateSecret,
		}))

		return nil
	})

	return updated, newSecret, err
}

// changedSubscription returns a subscription with a change applied and checked.
func (r *Rules) changedSubscription(
	row store.Webhook, in registerclient.UpdateWebhookRequest,
) (registerclient.Webhook, error) {
	changed, err := r.webhookOf(row)
	if err != nil {
		return registerclient.Webhook{}, err
	}

	if in.CallbackURL != nil {
		changed.CallbackURL = *in.CallbackURL
	}
	if in.AlertEmail != nil {
		changed.AlertEmail = *in.AlertEmail
	}
	if in.NotifyDaysBefore != nil {
		changed.NotifyDaysBefore = *in.NotifyDaysBefore
	}
	if in.EventTypes != nil {
		changed.EventTypes = in.EventTypes
	}

	return changed, r.checkSubscription(
		changed.CallbackURL, changed.AlertEmail, changed.NotifyDaysBefore, changed.EventTypes,
	)
}

// resealSubscription returns the row of a changed subscription, sealed with the newest key. A rotated secret becomes
// the previous one.
func (r *Rules) resealSubscription(
	row store.Webhook, changed registerclient.Webhook, rotate bool,
) (store.Webhook, string, error) {
	secrets, err := r.SigningSecrets(row)
	if err != nil {
		return store.Webhook{}, "", err
	}

	newSecret := ""
	if rotate {
		newSecret = webhook.NewSecret()
		secrets.Previous = secrets.Current
		secrets.Current = newSecret
		rotated := store.Millis(r.clock())
		row.RotatedAt = &rotated
	}

	key := r.keys.sealer()
	row.KeyID = key.id
	row.CallbackURL = changed.CallbackURL
	row.NotifyDaysBefore = changed.NotifyDaysBefore
	row.EventTypes.V = stringsOf(changed.EventTypes)
	row.SealedAlertEmail = key.sealed([]byte(changed.AlertEmail), placeOfAlert(row.WID))
	row.SealedSecret = key.sealed([]byte(secrets.Current), placeOfSecret(row.WID))
	if secrets.Previous != "" {
		row.SealedPrevious = key.sealed([]byte(secrets.Previous), placeOfPreviousSecret(row.WID))
	}

	return row, newSecret, nil
}

// SigningSecrets returns the secrets that sign the events of a subscription: the current one, and the previous one with
// the time until which it stays valid.
func (r *Rules) SigningSecrets(row store.Webhook) (webhook.Secrets, error) {
	current, err := r.keys.open(row.KeyID, row.SealedSecret, placeOfSecret(row.WID))
	if err != nil {
		return webhook.Secrets{}, fmt.Errorf("open the secret of a webhook: %w", err)
	}

	secrets := webhook.Secrets{Current: string(current)}
	if row.SealedPrevious == nil || row.RotatedAt == nil {
		return secrets, nil
	}

	previous, err := r.keys.open(row.KeyID, row.SealedPrevious, placeOfPreviousSecret(row.WID))
	if err != nil {
		return webhook.Secrets{}, fmt.Errorf("open the previous secret of a webhook: %w", err)
	}

	secrets.Previous = string(previous)
	secrets.RotatedAt = row.RotatedAt.Time()
	secrets.PreviousUntil = secrets.RotatedAt.Add(secretGrace)

	return secrets, nil
}

func noWebhook() *Error { return NotFound("There is no such webhook.") }

// DeleteSubscription ends a subscription of an account. Events that are queued already are still attempted. It returns
// an *Error of KindNotFound if the account has no such subscription.
func (r *Rules) DeleteSubscription(ctx context.Context, accountID, wid string) error {
	return r.store.Transact(ctx, func(tx *store.Tx) error {
		if err := tx.DeleteWebhook(ctx, accountID, wid, r.Now()); err != nil {
			return orRefusal(err, noWebhook())
		}

		tx.Audit(r.auditEvent(accountID, auditWebhookDeleted, "", "", map[string]any{"wid": wid}))

		return nil
	})
}
