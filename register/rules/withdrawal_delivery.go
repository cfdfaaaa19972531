package rules

import (
	"context"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// WithdrawalDelivery is the delivery status of the event that tells an organisation of a withdrawal.
type WithdrawalDelivery struct {
	Status registerclient.NoticeStatus
	// At is when the event was delivered or given up; nil before, and if there is no event.
	At *time.Time
}

// FindOwnWithdrawalDelivery returns to the owner of an access record the delivery status of the record's withdrawal. It
// returns an *Error of KindNotFound if the account has no such record.
func (r *Rules) FindOwnWithdrawalDelivery(ctx context.Context, accountID, ak string) (WithdrawalDelivery, error) {
	var delivery WithdrawalDelivery
	err := r.store.Transact(ctx, func(tx *store.Tx) error {
		if _, err := findOwnRecord(ctx, tx, accountID, ak); err != nil {
			return err
		}

		jobs, err := tx.ListWithdrawalJobs(ctx, ak)
		delivery = withdrawalDeliveryOf(jobs)

		return err
	})

	return delivery, err
}

// FindWithdrawalDelivery is FindOwnWithdrawalDelivery by the authority of a customer (authorityOver). It returns an
// *Error of KindForbidden if the token has no authority over the record. It shows no personal data, so the audit log
// gets no row: a page that waits for the delivery asks every few seconds.
func (r *Rules) FindWithdrawalDelivery(ctx context.Context, accountID, ak, token string) (WithdrawalDelivery, error) {
	refused := forbiddenToken("does not let this account see the notice of this access record.")
	var delivery WithdrawalDelivery
	err := r.store.Transact(ctx, func(tx *store.Tx) error {
		if _, err := r.authorityOver(ctx, tx, accountID, ak, token, refused, noAccessRecord()); err != nil {
			return err
		}

		jobs, err := tx.ListWithdrawalJobs(ctx, ak)
		delivery = withdrawalDeliveryOf(jobs)

		return err
	})

	return delivery, err
}

// withdrawalDeliveryOf returns the delivery status of one event for several endpoints: delivered at the first time that
// one endpoint accepted it, pending as long as one may still get it, and undelivered once all were given up.
func withdrawalDeliveryOf(jobs []store.Job) WithdrawalDelivery {
	status := registerclient.NoticeNone
	var at *store.Millis
	for _, job := range jobs {
		delivered := status == registerclient.NoticeDelivered
		switch {
		case job.Outcome == nil:
			if !delivered {
				status = registerclient.NoticePending
				at = nil
			}
		case *job.Outcome == store.OutcomeDelivered:
			if !delivered || job.EndedAt.Time().Before(at.Time()) {
				status = registerclient.NoticeDelivered
				at = job.EndedAt
			}
		case status == registerclient.NoticeNone || status == registerclient.NoticeUndelivered:
			status = registerclient.NoticeUndelivered
			at = job.EndedAt
		}
	}

	return WithdrawalDelivery{Status: status, At: optionalWireTime(at)}
}
