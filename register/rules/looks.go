package rules

import (
	"context"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	// LookLife is how long the register tells a household who looked at its list.
	LookLife = 400 * 24 * time.Hour
	// looksAtOnce and mostLooksRead bound the work for one page of looks: how many one query reads, and how many are
	// read until the page is given back short.
	looksAtOnce   = 500
	mostLooksRead = 5000
	// maxAdviser is the length of an adviser's name in characters.
	maxAdviser = 60
	// HeaderAdviser is the header in which a portal names the adviser.
	HeaderAdviser = "X-DAR-Adviser"
)

// adviserKey is the key of the context under which the name of an adviser is kept.
type adviserKey struct{}

// WithAdviser returns a context in which a reading or a withdrawal with a customer's token is one that an adviser makes
// for the customer. It returns Errors if the name is not 1 to 60 characters on one line.
func WithAdviser(ctx context.Context, name string) (context.Context, error) {
	var k Checks
	k.required(HeaderAdviser, name, maxAdviser)

	return context.WithValue(ctx, adviserKey{}, name), k.Err()
}

// adviserOf returns the name of the adviser; nil if there is none.
func adviserOf(ctx context.Context) *string {
	name, ok := ctx.Value(adviserKey{}).(string)
	if !ok {
		return nil
	}

	return &name
}

// noteAdviser adds the name of the adviser to the detail of a row of the audit log.
func noteAdviser(ctx context.Context, detail map[string]any) {
	if name := adviserOf(ctx); name != nil {
		detail["adviser"] = *name
	}
}

// lookWith returns the look of a reading with a token.
func (r *Rules) lookWith(ctx context.Context, grant store.Reidentification) store.Look {
	return store.Look{
		MPxN:      grant.MPxN,
		Kind:      store.LookCustomerList,
		AccountID: grant.AccountID,
		IR:        &grant.IR,
		Adviser:   adviserOf(ctx),
		At:        store.Millis(r.Now()),
	}
}

// looksOf returns the looks of an account that read access records: one a meter point. Those of a Data User count once
// a day.
func (r *Rules) looksOf(accountID, kind string, rows []store.ListedRecord) []store.Look {
	now := r.Now()
	var day *string
	if kind == store.LookOwnRecords {
		day = new(store.LondonDay(now, 0))
	}

	var looks []store.Look
	noted := map[string]bool{}
	for _, row := range rows {
		if noted[row.MPxN] {
			continue
		}

		noted[row.MPxN] = true
		looks = append(looks, store.Look{
			MPxN: row.MPxN, Kind: kind, AccountID: accountID, At: store.Millis(now), Day: day,
		})
	}

	return looks
}

// recordLooks appends rows to the audit log for records that were read, and records the looks. The response waits for
// both.
func (r *Rules) recordLooks(ctx context.Context, looks []store.Look, events ...store.AuditEvent) error {
	return r.store.Transact(ctx, func(tx *store.Tx) error {
		tx.Audit(events...)

		return tx.InsertLooks(ctx, looks)
	})
}

// ReadingsQuery narrows the list of readings of a meter point.
type ReadingsQuery struct {
	AccountID, MPxN, Token string
	// Kind is nil for all kinds.
	Kind *registerclient.ReadingKind
}

// Check returns Errors if the query is wrong.
func (q ReadingsQuery) Check() error {
	var k Checks
	if q.Kind != nil {
		OneOf(&k, "kind", *q.Kind, registerclient.ReadingCustomerList, registerclient.ReadingOwnRecords,
			registerclient.ReadingAdministrator)
	}

	return k.Err()
}

// ListReadings returns a page of the looks at a meter point that the household of a token's customer may see, the
// newest first, and the position after it (docs/decisions.md, Who looked). The token is not consumed. A page can be
// shorter than asked for although another one follows. It returns Errors if the query is wrong, and an *Error of
// KindForbidden if the token does not open the meter point.
func (r *Rules) ListReadings(
	ctx context.Context, query ReadingsQuery, page store.Page,
) (readings []registerclient.MeterPointReading, next *store.Position, err error) {
	if err := query.Check(); err != nil {
		return nil, nil, err
	}

	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		grant, err := r.grantOver(ctx, tx, query.AccountID, query.MPxN, query.Token)
		if err != nil {
			return err
		}

		shown, err := r.looksShownTo(ctx, tx, grant, query.Kind)
		if err != nil {
			return err
		}
		if readings, next, err = shown.page(ctx, tx, page); err != nil {
			return err
		}

		detail := map[string]any{"readings": len(readings)}
		noteAdviser(ctx, detail)
		tx.Audit(r.auditEvent(query.AccountID, auditReadingsRead, query.MPxN, "", detail))

		return nil
	})

	return readings, next, err
}

// grantOver returns the challenge with which a present customer lets an account see a meter point, whether or not a
// reading has consumed it.
func (r *Rules) grantOver(
	ctx context.Context, tx *store.Tx, accountID, mpxn, token string,
) (store.Reidentification, error) {
	none := store.Reidentification{}
	if token == "" {
		return none, forbiddenToken("is required: the customer has to confirm first.")
	}

	unknown := forbiddenToken("does not open this meter point.")
	grant, err := tx.FindReidentification(ctx, HashToken(token), accountID)
	if err != nil {
		return none, orRefusal(err, unknown)
	}

	usable := grant.MPxN == mpxn && grant.ConfirmedAt != nil && grant.DeclinedAt == nil && r.isFresh(grant)
	if !usable {
		grant.ConsumedAt = nil // it is no fault here

		return none, r.refusalOf(grant, mpxn)
	}

	outlived, err := r.isOutlived(ctx, tx, grant)
	if err != nil {
		return none, err
	}
	if outlived {
		return none, unknown
	}

	limited, err := r.isLimitedNow(ctx, tx, grant)
	if err != nil {
		return none, err
	}
	if limited {
		return none, unknown
	}

	return grant, nil
}

// shownLooks is what a household may see of the looks at its meter point.
type shownLooks struct {
	household household
	mpxn      string
	kind      string
	// since is the time of the oldest look that can be shown.
	since time.Time
	// holders are the accounts with an access record that the household sees. What other accounts read of their own
	// would tell of records of an earlier household.
	holders map[string]bool
}

// looksShownTo returns what the household of a token's customer may see.
func (r *Rules) looksShownTo(
	ctx context.Context, tx *store.Tx, grant store.Reidentification, kind *registerclient.ReadingKind,
) (shownLooks, error) {
	present, err := r.householdOf(ctx, tx, grant)
	if err != nil {
		return shownLooks{}, err
	}

	now := r.Now()
	shown := shownLooks{
		household: present,
		mpxn:      grant.MPxN,
		since:     latest(now.Add(-LookLife), store.LondonMidnight(present.moveInFrom())),
		holders:   map[string]bool{},
	}
	if kind != nil {
		shown.kind = string(*kind)
	}
	if kind != nil && *kind != registerclient.ReadingOwnRecords {
		return shown, nil
	}

	rows, err := tx.ListAccessRecords(ctx, grant.MPxN)
	if err != nil {
		return shownLooks{}, err
	}

	visible, _, err := visibleToHousehold(rows, present, now)
	for _, row := range visible {
		shown.holders[row.AccountID] = true
	}

	return shown, err
}

// page returns a page of the looks that are shown, and the position after it.
func (s shownLooks) page(
	ctx context.Context, tx *store.Tx, page store.Page,
) ([]registerclient.MeterPointReading, *store.Position, error) {
	readings := []registerclient.MeterPointReading{}
	chunk := store.Page{Limit: looksAtOnce, After: page.After}
	for read := 0; read < mostLooksRead; read += looksAtOnce {
		rows, err := tx.ListLooks(ctx, s.mpxn, s.kind, s.since, chunk)
		if err != nil {
			return nil, nil, err
		}

		rows, next := cutPage(rows, chunk, positionOfLook)
		for _, row := range rows {
			if !s.shows(row) {
				continue
			}
			if len(readings) == page.Limit {
				return readings, chunk.After, nil // another row follows
			}

			readings = append(readings, readingOf(row))
			chunk.After = new(positionOfLook(row))
		}

		if next == nil {
			return readings, nil, nil
		}

		chunk.After = next
	}

	return readings, chunk.After, nil
}

// shows reports whether the household may see a look: one that its own people confirmed, and without a known person
// one that is not from before it moved in. If the person of a reading is not known any more, the reading must be from
// after the report of the change, because until then the people before could confirm.
func (s shownLooks) shows(look store.ListedLook) bool {
	at := look.At.Time()
	if look.MoveInDate != nil {
		person := registration{moveIn: look.MoveInDate}
		if look.FormerMoveIns != nil {
			person.formerMoveIns = look.FormerMoveIns.V
		}

		return s.household.isOccupant(person.moveInAt(at), store.LondonDay(at, 0))
	}

	since := store.LondonDay(at, 0) >= s.household.since() && s.household.has(at)
	switch look.Kind {
	case store.LookCustomerList:
		return since && !(len(s.household.changes) > 0 && s.household.changes[0].found(at))
	case store.LookOwnRecords:
		return since && s.holders[look.AccountID]
	}

	return since
}

func positionOfLook(look store.ListedLook) store.Position {
	return store.Position{At: look.At, Seq: look.Look.Look}
}

// readingOf returns a look as the API shows it.
func readingOf(look store.ListedLook) registerclient.MeterPointReading {
	reading := registerclient.MeterPointReading{
		At:         wireTime(look.At),
		Kind:       registerclient.ReadingKind(look.Kind),
		ReaderName: look.DisplayName,
	}
	if look.Adviser != nil {
		reading.Adviser = *look.Adviser
	}

	return reading
}
