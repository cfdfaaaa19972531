package store

import "context"

// DiscoveredAccess is a sighting: the DCC saw an organisation reading a meter point. Days are YYYY-MM-DD.
type DiscoveredAccess struct {
	AK                    string         `db:"ak"`
	MPxN                  string         `db:"mpxn"`
	OrganisationName      string         `db:"organisation_name"`
	OrganisationReference string         `db:"organisation_reference"`
	FirstSeen             string         `db:"first_seen"`
	LastSeen              string         `db:"last_seen"`
	DataTypes             JSON[[]string] `db:"data_types"`
	SourceReference       string         `db:"source_reference"`
	SupersededBy          *string        `db:"superseded_by"`
	CreatedAt             Millis         `db:"created_at"`
}

const discoveredColumns = `ak, mpxn, organisation_name, organisation_reference, first_seen, last_seen, data_types,
	source_reference, superseded_by, created_at`

// UpsertDiscoveredAccess records a sighting. The first sighting of an organisation at a meter point inserts a row, a
// later one updates it. It returns the key of the row, which is d.AK if the row is new.
func (t *Tx) UpsertDiscoveredAccess(ctx context.Context, d DiscoveredAccess) (string, error) {
	return queryRow[string](ctx, t.db, "record discovered access",
		`INSERT INTO discovered_access (`+discoveredColumns+`) VALUES `+placeholders(1, 10)+`
		ON CONFLICT (mpxn, organisation_reference) DO UPDATE SET organisation_name = excluded.organisation_name,
		last_seen = excluded.last_seen, data_types = excluded.data_types, source_reference = excluded.source_reference
		RETURNING ak`,
		d.AK, d.MPxN, d.OrganisationName, d.OrganisationReference, d.FirstSeen, d.LastSeen, d.DataTypes,
		d.SourceReference, d.SupersededBy, d.CreatedAt)
}

// FindActiveRecord finds the newest active access record of the organisation with this reference on a meter point;
// ErrNotFound.
func (r reader) FindActiveRecord(
	ctx context.Context,
	mpxn, organisationReference string,
	now Millis,
) (string, error) {
	return queryRow[string](ctx, r.db, "find active access record of organisation", `SELECT r.ak FROM access_records r
		JOIN accounts a ON a.account_id = r.account_id
		WHERE r.mpxn = ? AND a.organisation_reference = ? AND `+activeRecord+`
		ORDER BY r.created_at DESC LIMIT 1`, mpxn, organisationReference, now)
}

// SupersedeDiscoveredAccess marks the sighting of an organisation at a meter point as explained by its access record.
func (t *Tx) SupersedeDiscoveredAccess(ctx context.Context, mpxn, organisationReference, ak string) error {
	_, err := t.exec(ctx, "supersede discovered access", `UPDATE discovered_access SET superseded_by = ?
		WHERE mpxn = ? AND organisation_reference = ? AND superseded_by IS NULL`, ak, mpxn, organisationReference)
	return err
}

// ListDiscoveredAccess lists the organisations seen at a meter point that have not registered, last seen first.
func (r reader) ListDiscoveredAccess(ctx context.Context, mpxn string) ([]DiscoveredAccess, error) {
	return queryRows[DiscoveredAccess](ctx, r.db, "list discovered access of meter point",
		`SELECT `+discoveredColumns+` FROM discovered_access WHERE mpxn = ? AND superseded_by IS NULL
		ORDER BY last_seen DESC, ak`, mpxn)
}

// FindDiscoveredAccess finds a sighting by its key; ErrNotFound.
func (r reader) FindDiscoveredAccess(ctx context.Context, ak string) (DiscoveredAccess, error) {
	return queryRow[DiscoveredAccess](ctx, r.db, "find discovered access",
		`SELECT `+discoveredColumns+` FROM discovered_access WHERE ak = ?`, ak)
}

// ListDiscoveredMeterPoints lists those of the given meter points at which the DCC saw an organisation that has not
// registered there.
func (r reader) ListDiscoveredMeterPoints(
	ctx context.Context,
	organisationReference string,
	mpxns []string,
) ([]string, error) {
	return queryRowsIn[string](ctx, r.db, "list meter points of discovered access",
		`SELECT mpxn FROM discovered_access WHERE organisation_reference = ? AND superseded_by IS NULL
		AND mpxn IN (?)`, organisationReference, mpxns)
}
