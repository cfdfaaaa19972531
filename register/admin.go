package register

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

var (
	patternAK        = regexp.MustCompile(`^ak_[0-9a-f]{24}$`)
	patternEventType = regexp.MustCompile(`^[a-z-]+(?:\.[a-z-]+)+$`)
)

// pageByDefault is how many rows an administrator's lists hold where no limit is given.
const pageByDefault = 100

// readStats is GET /admin/stats.
func (s *Register) readStats(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	n, err := s.store.CountAll(c.Request().Context(), store.Millis(s.now()))
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.StatsResponse{
		Response:       s.metadata(c),
		TotalAccounts:  n.Accounts,
		ActiveAccounts: n.ActiveAccounts,
		TotalRecords:   n.Records,
		ActiveRecords:  n.ActiveRecords,
		RevokedRecords: n.RevokedRecords,
		TotalWebhooks:  n.Webhooks,
		ActiveWebhooks: n.ActiveWebhooks,
	})
}

// searchRecords is GET /admin/records.
func (s *Register) searchRecords(c echo.Context) error {
	if err := knownQuery(c, "q", "state", "legal-basis", "limit", "cursor"); err != nil {
		return err
	}

	now := s.now()
	by := store.RecordFilter{Now: now}
	if c.QueryParams().Has("q") {
		var err error
		if q := strings.TrimSpace(c.QueryParam("q")); patternAK.MatchString(q) {
			by.AK = q
		} else if by.MPxN, err = meterPoint("q", q); err != nil {
			return invalid("q", "must be an access key or a meter point number.")
		}
	}

	narrow, err := readFilter(c)
	if err != nil {
		return err
	}
	if narrow.state == registerclient.StateDiscovered {
		return &Error{
			Kind:    Invalid,
			Code:    codeState,
			Field:   "state",
			Message: "must be one of ACTIVE, EXPIRED, REVOKED.",
		}
	}

	by.State, by.LegalBasis = string(narrow.state), string(narrow.basis)
	page, err := readPage(c, pageByDefault)
	if err != nil {
		return err
	}

	ctx := c.Request().Context()
	account := caller(c).AccountID
	rows, total, err := s.store.ListRecords(ctx, by, page)
	if err != nil {
		return err
	}

	rows, next := nextCursor(rows, page, placeOfRecord)
	found := make([]registerclient.FlatRecord, len(rows))
	// One event for each record shown, so that its customer can be told who looked.
	looked := make([]store.AuditEvent, len(rows), len(rows)+1)
	for i, row := range rows {
		record, err := document(row, "", now)
		if err != nil {
			return err
		}

		found[i] = flatten(row, record)
		looked[i] = s.event(account, auditAdministratorLooked, row.MPxN, row.AK, map[string]any{"at": "records"})
	}

	if len(rows) == 0 {
		looked = append(
			looked,
			s.event(account, auditAdministratorLooked, by.MPxN, by.AK, map[string]any{"at": "records", "found": 0}),
		)
	}
	if err := s.audit(ctx, looked...); err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.SearchRecordsResponse{
		Response: s.metadata(c), Records: found, Total: total,
		NextCursor: next,
	})
}

// flatten is an access record in one line.
func flatten(row store.ListedRecord, record registerclient.AccessRecord) registerclient.FlatRecord {
	arrangement := record.RecordMetadata.ControllerArrangement
	return registerclient.FlatRecord{
		AK:                 row.AK,
		DUID:               row.DUID,
		MPxN:               row.MPxN,
		State:              record.AccessEvent.State,
		LegalBasis:         record.Processing.LegalBasis,
		Purpose:            record.Processing.Purpose,
		DataTypes:          record.Processing.DataTypes,
		LeadControllerName: arrangement.Lead().Name,
		ArrangementType:    arrangement.ArrangementType,
		ControllerCount:    len(arrangement.Controllers),
		Expiry:             record.AccessEvent.Expiry,
		CreatedAt:          row.CreatedAt.Time(),
		RevokedAt:          store.OptionalTime(row.RevokedAt),
	}
}

// readAudit is GET /admin/audit. Whoever reads the log leaves a row in it.
func (s *Register) readAudit(c echo.Context) error {
	if err := knownQuery(c, "account_id", "event_type", "ak", "mpxn", "limit", "cursor"); err != nil {
		return err
	}

	by, err := readAuditFilter(c)
	if err != nil {
		return err
	}

	page, err := readPage(c, pageByDefault)
	if err != nil {
		return err
	}

	ctx := c.Request().Context()
	rows, total, err := s.store.ListAudit(ctx, by, page)
	if err != nil {
		return err
	}

	rows, next := nextCursor(rows, page, func(e store.AuditEvent) (store.Millis, string) { return e.At, e.EventID })
	events := make([]registerclient.AuditEvent, len(rows))
	for i, row := range rows {
		events[i] = registerclient.AuditEvent{
			EventID:   row.EventID,
			AccountID: row.AccountID,
			EventType: row.EventType,
			AK:        row.AK,
			MPxN:      row.MPxN,
			Timestamp: row.At.Time(),
		}
		if err := json.Unmarshal([]byte(row.Detail), &events[i].Detail); err != nil {
			return fmt.Errorf("read a row of the audit log: %w", err)
		}
	}

	looked := map[string]any{"at": "audit"}
	if by.AccountID != "" {
		looked["account-id"] = by.AccountID
	}
	if by.EventType != "" {
		looked["event-type"] = by.EventType
	}
	if err := s.audit(ctx, s.event(caller(c).AccountID, auditAdministratorLooked, by.MPxN, by.AK, looked)); err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.AuditResponse{
		Response: s.metadata(c), Events: events, Total: total,
		NextCursor: next,
	})
}

func readAuditFilter(c echo.Context) (store.AuditFilter, error) {
	given := c.QueryParams()
	by := store.AuditFilter{AccountID: given.Get("account_id"), EventType: given.Get("event_type"), AK: given.Get("ak")}
	var k checks
	if given.Has("account_id") {
		k.pattern("account_id", by.AccountID, patternAccount, "is not an account id.")
	}
	if given.Has("event_type") {
		k.pattern("event_type", by.EventType, patternEventType, "is not a kind of event, as record.revoked.")
		k.text("event_type", by.EventType, 100)
	}
	if given.Has("ak") {
		k.pattern("ak", by.AK, patternAK, "is not an access key.")
	}

	if given.Has("mpxn") {
		var err error
		if by.MPxN, err = meterPoint("mpxn", given.Get("mpxn")); err != nil {
			k.wrong = append(k.wrong, refusals(err)...)
		}
	}

	return by, k.err()
}
