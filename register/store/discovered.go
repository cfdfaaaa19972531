package store

import (
	"context"
	"fmt"
)

// DiscoveredAccess is an organisation that the DCC saw reading a meter point. Days are YYYY-MM-DD.
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

// UpsertDiscoveredAccess records a sighting: the first of an organisation at a meter point makes a row, a
// later one refreshes it. It answers the row's key, which is d.AK where the row is new.
func (t *Tx) UpsertDiscoveredAccess(ctx context.Context, d DiscoveredAccess) (string, error) {
	ak, err := one[string](
		ctx,
		t.tx,
		`INSERT INTO discovered_access (`+discoveredColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (mpxn, organisation_reference) DO UPDATE SET organisation_name = excluded.organisation_name,
		last_seen = excluded.last_seen, data_types = excluded.data_types, source_reference = excluded.source_reference
		RETURNING ak`,
		d.AK,
		d.MPxN,
		d.OrganisationName,
		d.OrganisationReference,
		d.FirstSeen,
		d.LastSeen,
		d.DataTypes,
		d.SourceReference,
		d.SupersededBy,
		d.CreatedAt,
	)
	if err != nil {
		return "", fmt.Errorf("record discovered access: %w", err)
	}

	return ak, nil
}

// FindClaim finds the newest active access record with which the organisation of this reference has already
// registered on the meter point; ErrNotFound.
func (t *Tx) FindActiveRecord(ctx context.Context, mpxn, organisationReference string, now Millis) (string, error) {
	ak, err := one[string](ctx, t.tx, `SELECT r.ak FROM access_records r JOIN accounts a ON a.account_id = r.account_id
		WHERE r.mpxn = ? AND a.organisation_reference = ? AND r.state = 'ACTIVE' AND (r.expiry IS NULL OR r.expiry > ?)
		ORDER BY r.created_at DESC LIMIT 1`, mpxn, organisationReference, now)
	if err != nil {
		return "", fmt.Errorf("find claim: %w", err)
	}

	return ak, nil
}

// SupersedeDiscoveredAccess marks what the DCC saw of an organisation as explained by its new access record.
func (t *Tx) SupersedeDiscoveredAccess(ctx context.Context, mpxn, organisationReference, ak string) error {
	_, err := t.exec(ctx, `UPDATE discovered_access SET superseded_by = ?
		WHERE mpxn = ? AND organisation_reference = ? AND superseded_by IS NULL`, ak, mpxn, organisationReference)
	if err != nil {
		return fmt.Errorf("supersede discovered access: %w", err)
	}

	return nil
}

// ListDiscoveredAccess lists the organisations seen at a meter point that have not registered, the last seen first.
func (t *Tx) ListDiscoveredAccess(ctx context.Context, mpxn string) ([]DiscoveredAccess, error) {
	rows, err := all[DiscoveredAccess](ctx, t.tx, `SELECT `+discoveredColumns+` FROM discovered_access
		WHERE mpxn = ? AND superseded_by IS NULL ORDER BY last_seen DESC, ak`, mpxn)
	if err != nil {
		return nil, fmt.Errorf("list discovered access of meter point: %w", err)
	}

	return rows, nil
}

// FindDiscoveredAccess finds what the DCC discovered by its key; ErrNotFound.
func (s *Store) FindDiscoveredAccess(ctx context.Context, ak string) (DiscoveredAccess, error) {
	seen, err := one[DiscoveredAccess](
		ctx,
		s.read,
		`SELECT `+discoveredColumns+` FROM discovered_access WHERE ak = ?`,
		ak,
	)
	if err != nil {
		return DiscoveredAccess{}, fmt.Errorf("find discovered access: %w", err)
	}
	return seen, nil
}
