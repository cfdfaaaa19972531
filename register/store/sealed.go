package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// SealedTable is a table some of whose columns are sealed with the key that its key_id names.
type SealedTable struct {
	name string
	// key is the primary key, or another that is unique; texts.
	key []string
	// sealed are the columns; those that are null hold nothing.
	sealed []string
	// mac is a column made with the key as well; empty where there is none.
	mac string
}

// Every table with sealed columns, which stand in this order in SealedRow.Values.
var (
	SealedIdentityRecords = SealedTable{
		"identity_records",
		[]string{"ir"},
		[]string{"sealed_email", "sealed_detail"},
		"email_mac",
	}
	SealedWebhooks = SealedTable{
		"webhooks",
		[]string{"wid"},
		[]string{"sealed_alert_email", "sealed_secret", "sealed_previous"},
		"",
	}
	SealedJobs       = SealedTable{"outbox", []string{"id"}, []string{"sealed_body"}, ""}
	SealedChallenges = SealedTable{"reidentifications", []string{"challenge"}, []string{"sealed_token"}, ""}
	SealedResponses  = SealedTable{
		"idempotency_keys",
		[]string{"account_id", "idempotency_key"},
		[]string{"sealed_answer"},
		"",
	}
)

func (t SealedTable) String() string { return t.name }

// SealedRow is what a row holds that is sealed; a nil value holds nothing.
type SealedRow struct {
	Key    []string
	KeyID  string
	Values [][]byte
}

// ListSealed lists rows that are sealed with another key than this one, by their primary key, from behind after.
func (s *Store) ListSealed(
	ctx context.Context,
	table SealedTable,
	keyID string,
	after []string,
	limit int,
) (rows []SealedRow, err error) {
	key := strings.Join(table.key, ", ")
	query := `SELECT ` + key + `, key_id, ` + strings.Join(
		table.sealed,
		", ",
	) + ` FROM ` + table.name + ` WHERE key_id <> ?`
	args := []any{keyID}
	if after != nil {
		query += ` AND (` + key + `) > (` + strings.Repeat(", ?", len(after))[2:] + `)`
		for _, part := range after {
			args = append(args, part)
		}
	}

	found, err := s.read.QueryContext(ctx, s.read.Rebind(query+` ORDER BY `+key+` LIMIT ?`), append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list sealed rows of %s: %w", table, err)
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		row := SealedRow{Key: make([]string, len(table.key)), Values: make([][]byte, len(table.sealed))}
		var into []any
		for i := range row.Key {
			into = append(into, &row.Key[i])
		}

		into = append(into, &row.KeyID)
		for i := range row.Values {
			into = append(into, &row.Values[i])
		}
		if err := found.Scan(into...); err != nil {
			return nil, fmt.Errorf("read a sealed row of %s: %w", table, err)
		}

		rows = append(rows, row)
	}

	return rows, found.Err()
}

// Reseal puts values in the place of those that were read, sealed with another key. It answers false where the row is
// no longer as it was read: what is anonymised meanwhile must not come back.
func (t *Tx) Reseal(
	ctx context.Context,
	table SealedTable,
	read SealedRow,
	keyID string,
	values [][]byte,
	mac []byte,
) (bool, error) {
	set := `key_id = ?`
	args := []any{keyID}
	for i, column := range table.sealed {
		set, args = set+`, `+column+` = ?`, append(args, values[i])
	}
	if table.mac != "" {
		set, args = set+`, `+table.mac+` = ?`, append(args, mac)
	}

	where := `key_id = ?`
	args = append(args, read.KeyID)
	for i, column := range table.key {
		where, args = where+` AND `+column+` = ?`, append(args, read.Key[i])
	}
	for i, column := range table.sealed {
		where, args = where+` AND `+column+` IS NOT DISTINCT FROM ?`, append(args, read.Values[i])
	}

	rows, err := t.exec(ctx, `UPDATE `+table.name+` SET `+set+` WHERE `+where, args...)
	if err != nil {
		return false, fmt.Errorf("seal a row of %s anew: %w", table, err)
	}

	return rows == 1, nil
}
