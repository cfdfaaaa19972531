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
	CreatedAt             Millis         `db:"created_at"`
}

const discoveredColumns = `ak, mpxn, organisation_name, organisation_reference, first_seen, last_seen, data_types,
	source_reference, created_at`

// UpsertDiscoveredAccess records a sighting. The first sighting of an organisation at a meter point inserts a row, a
// later one updates it. It returns the key of the row, which is d.AK if the row is new.
func (t *Tx) UpsertDiscoveredAccess(ctx context.Context, d DiscoveredAccess) (string, error) {
	return queryRow[string](ctx, t.db, "record discovered access",
		`INSERT INTO discovered_access (`+discoveredColumns+`) VALUES `+placeholders(1, 9)+`
		ON CONFLICT (mpxn, organisation_reference) DO UPDATE SET organisation_name = excluded.organisation_name,
		last_seen = excluded.last_seen, data_types = excluded.data_types, source_reference = excluded.source_reference
		RETURNING ak`,
		d.AK, d.MPxN, d.OrganisationName, d.OrganisationReference, d.FirstSeen, d.LastSeen, d.DataTypes,
		d.SourceReference, d.CreatedAt)
}

// FindSighting finds the sighting of an organisation at a meter point; ErrNotFound.
func (r reader) FindSighting(ctx context.Context, mpxn, organisationReference string) (DiscoveredAccess, error) {
	return queryRow[DiscoveredAccess](ctx, r.db, "find sighting of organisation",
		`SELECT `+discoveredColumns+` FROM discovered_access WHERE mpxn = ? AND organisation_reference = ?`,
		mpxn, organisationReference)
}

// ListDiscoveredAccess lists the organisations seen at a meter point, last seen first.
func (r reader) ListDiscoveredAccess(ctx context.Context, mpxn string) ([]DiscoveredAccess, error) {
	return queryRows[DiscoveredAccess](ctx, r.db, "list discovered access of meter point",
		`SELECT `+discoveredColumns+` FROM discovered_access WHERE mpxn = ?
		ORDER BY last_seen DESC, seq`, mpxn)
}

// FindDiscoveredAccess finds a sighting by its key; ErrNotFound.
func (r reader) FindDiscoveredAccess(ctx context.Context, ak string) (DiscoveredAccess, error) {
	return queryRow[DiscoveredAccess](ctx, r.db, "find discovered access",
		`SELECT `+discoveredColumns+` FROM discovered_access WHERE ak = ?`, ak)
}
