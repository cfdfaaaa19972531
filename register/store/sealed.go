package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// SealedTable is a table with columns that are sealed with the key that its key_id names, or with the key of an
// identity record, which is wrapped with that key.
type SealedTable struct {
	name string
	// key are the columns of a unique key, all text.
	key []string
	// sealed are the sealed columns, which may be null.
	sealed []string
	// mac is a column that is computed with the key as well; empty if there is none.
	mac string
	// only is true of the rows that have a sealed value; empty if all have.
	only string
	// former is true of a row with values in a form that older programs wrote. Resealing sets the column form to the
	// present one. Both are empty if the table has only one form.
	former string
	form   string
}

// emailForm is the form in which the personal data of an identity record is stored: the email address is sealed and
// hashed in its normal form, and everything is sealed with the record's own key. In form 2 it was sealed with a key of
// the key ring; in form 1 moreover the address was sealed as it was given, and hashed in lower case.
const emailForm = 3

// The tables with sealed columns. SealedRow.Values has the order of the columns here.
var (
	SealedIdentityRecords = SealedTable{
		name:   "identity_records",
		key:    []string{"ir"},
		sealed: []string{"sealed_email", "sealed_detail"},
		mac:    "email_mac",
		only:   "anonymised_at IS NULL",
		// As the index says it.
		former: "email_form < 3 AND (sealed_email IS NOT NULL OR sealed_detail IS NOT NULL)",
		form:   "email_form",
	}
	// SealedContacts are the addresses that do not stand yet. Their places and keys are those of the identity record.
	SealedContacts = SealedTable{
		name:   "contacts",
		key:    []string{"ir", "contact"},
		sealed: []string{"sealed_email"},
		mac:    "email_mac",
		only:   "sealed_email IS NOT NULL",
	}
	SealedWebhooks = SealedTable{
		name:   "webhooks",
		key:    []string{"wid"},
		sealed: []string{"sealed_alert_email", "sealed_secret", "sealed_previous"},
	}
	// SealedJobs are the jobs that no identity record's own key seals.
	SealedJobs = SealedTable{
		name:   "outbox",
		key:    []string{"id"},
		sealed: []string{"sealed_body"},
		only:   "key_id <> '' AND LENGTH(sealed_body) > 0",
	}
	SealedChallenges = SealedTable{
		name:   "reidentifications",
		key:    []string{"challenge"},
		sealed: []string{"sealed_token"},
	}
	// SealedResponses are the responses that no identity record's own key seals.
	SealedResponses = SealedTable{
		name:   "idempotency_keys",
		key:    []string{"account_id", "idempotency_key"},
		sealed: []string{"sealed_answer"},
		only:   "(ir IS NULL OR key_id <> '' AND LENGTH(sealed_answer) > 0)",
	}
)

func (t SealedTable) String() string { return t.name }

// SealedRow is the sealed content of a row. A null column has the value nil.
type SealedRow struct {
	Key    []string
	KeyID  string
	Values [][]byte
}

// ListSealed lists the rows that are sealed with another key than keyID or hold a former form, sorted by the table's
// key. It begins after the row with the key after, or with the first row if after is nil.
func (r reader) ListSealed(
	ctx context.Context,
	table SealedTable,
	keyID string,
	after []string,
	limit int,
) ([]SealedRow, error) {
	var where conditions
	if table.former == "" {
		where.and(`key_id <> ?`, keyID)
	} else {
		where.and(`(key_id <> ? OR `+table.former+`)`, keyID)
	}
	if table.only != "" {
		where.and(table.only)
	}

	return r.listSealed(ctx, table, where, after, limit)
}

// ListFormer is ListSealed for the rows that hold a former form, with any key.
func (r reader) ListFormer(ctx context.Context, table SealedTable, after []string, limit int) ([]SealedRow, error) {
	var where conditions
	where.and(table.former)
	if table.only != "" {
		where.and(table.only)
	}

	return r.listSealed(ctx, table, where, after, limit)
}

func (r reader) listSealed(
	ctx context.Context,
	table SealedTable,
	where conditions,
	after []string,
	limit int,
) (rows []SealedRow, err error) {
	key := strings.Join(table.key, ", ")
	if after != nil {
		args := make([]any, len(after))
		for i, part := range after {
			args[i] = part
		}

		where.and(`(`+key+`) > `+placeholders(1, len(after)), args...)
	}

	query := `SELECT ` + key + `, key_id, ` + strings.Join(table.sealed, ", ") + ` FROM ` + table.name +
		where.clause() + ` ORDER BY ` + key + ` LIMIT ?`
	found, err := r.db.QueryContext(ctx, r.db.Rebind(query), append(where.args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list sealed rows of %s: %w", table, err)
	}
	defer func() { err = errors.Join(err, found.Close()) }()

	for found.Next() {
		row := table.newRow()
		if err := found.Scan(row.fields()...); err != nil {
			return nil, fmt.Errorf("read a sealed row of %s: %w", table, err)
		}

		rows = append(rows, row)
	}

	return rows, found.Err()
}

// newRow returns an empty row of the table.
func (t SealedTable) newRow() SealedRow {
	return SealedRow{Key: make([]string, len(t.key)), Values: make([][]byte, len(t.sealed))}
}

// fields returns the pointers to scan the columns of the row into: its key, its key_id and its sealed columns.
func (r *SealedRow) fields() []any {
	var fields []any
	for i := range r.Key {
		fields = append(fields, &r.Key[i])
	}

	fields = append(fields, &r.KeyID)
	for i := range r.Values {
		fields = append(fields, &r.Values[i])
	}

	return fields
}

// Reseal replaces the values of a row with the same ones sealed with a key, in the present form. It returns false, and
// changes nothing, if the row has changed since it was read: what was anonymised meanwhile must not be restored.
func (t *Tx) Reseal(
	ctx context.Context,
	table SealedTable,
	read SealedRow,
	keyID string,
	values [][]byte,
	mac []byte,
) (bool, error) {
	set := []string{`key_id = ?`}
	args := []any{keyID}
	for i, column := range table.sealed {
		set = append(set, column+` = ?`)
		args = append(args, values[i])
	}
	if table.mac != "" {
		set = append(set, table.mac+` = ?`)
		args = append(args, mac)
	}
	if table.form != "" {
		set = append(set, table.form+` = ?`)
		args = append(args, emailForm)
	}

	var where conditions
	where.and(`key_id = ?`, read.KeyID)
	for i, column := range table.key {
		where.and(column+` = ?`, read.Key[i])
	}
	for i, column := range table.sealed {
		where.and(column+` IS NOT DISTINCT FROM ?`, read.Values[i])
	}

	return t.execOne(ctx, "reseal a row of "+table.name,
		`UPDATE `+table.name+` SET `+strings.Join(set, ", ")+where.clause(), append(args, where.args...)...)
}
