package register

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// readNotice is GET /access-records/{ak}/notice: whether the organisation has taken the notice of a withdrawal. It
// shows nothing of a customer's, so it leaves no row in the audit log: a page that waits asks every few seconds.
func (s *Register) readNotice(c echo.Context) error {
	if err := knownQuery(c, "reidentification-token"); err != nil {
		return err
	}

	ctx := c.Request().Context()
	ak := c.Param("ak")
	account := caller(c)
	unknown := notFound("There is no such access record.")
	answer := registerclient.NoticeResponse{Response: s.metadata(c), AK: ak}
	err := s.store.Transact(ctx, func(tx *store.Tx) error {
		if account.Role == string(registerclient.RoleDataUser) {
			if !patternKey.MatchString(ak) {
				return unknown
			}

			record, err := tx.FindAccessRecord(ctx, ak)
			if err != nil {
				return missing(err, unknown)
			}
			if record.AccountID != account.AccountID {
				return unknown
			}
		} else {
			refused := &Error{
				Kind:    Forbidden,
				Code:    codeRefused,
				Field:   "reidentification-token",
				Message: "does not let this account see the notice of this access record.",
			}
			if _, _, err := s.reached(
				ctx,
				tx,
				account.AccountID,
				ak,
				c.QueryParam("reidentification-token"),
				refused,
				unknown,
			); err != nil {
				return err
			}
		}

		jobs, err := tx.ListWithdrawalJobs(ctx, ak)
		answer.Status, answer.At = noticeOf(jobs)
		return err
	})
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, answer)
}

// noticeOf sums up one event for several endpoints: an organisation knows as soon as one of them has accepted it,
// and may still hear of it as long as one is tried.
func noticeOf(jobs []store.Job) (registerclient.NoticeStatus, *time.Time) {
	status := registerclient.NoticeNone
	at := (*store.Millis)(nil)
	for _, job := range jobs {
		switch {
		case job.Outcome == nil:
			if status != registerclient.NoticeDelivered {
				status, at = registerclient.NoticePending, nil
			}
		case *job.Outcome == store.OutcomeDelivered:
			if status != registerclient.NoticeDelivered || job.EndedAt.Time().Before(at.Time()) {
				status, at = registerclient.NoticeDelivered, job.EndedAt
			}
		case status == registerclient.NoticeNone || status == registerclient.NoticeUndelivered:
			status, at = registerclient.NoticeUndelivered, job.EndedAt
		}
	}

	return status, store.OptionalTime(at)
}
