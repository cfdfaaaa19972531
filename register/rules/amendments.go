package rules

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// maxAmendments is how many amendments of an access record are kept: the first, and the newest. The first shows the
// customer what the record allows beyond what it allowed at the beginning, however often it is replaced.
const maxAmendments = 50

// amendmentsOf returns the amendments of an access record, as JSON, once row replaces it. What the record says now is
// added if row tells the customer something else. It locks the record, and returns store.ErrNotFound if there is none.
func amendmentsOf(ctx context.Context, tx *store.Tx, row store.AccessRecord, now time.Time) ([]byte, error) {
	held, err := tx.HoldAccessRecord(ctx, row)
	if err != nil {
		return nil, err
	}

	before, err := amendmentOf(held.Record, now)
	if err != nil {
		return nil, err
	}

	after, err := amendmentOf(row.Record, now)
	if err != nil {
		return nil, err
	}
	if reflect.DeepEqual(before, after) {
		return held.Amendments, nil
	}

	var amendments []registerclient.Amendment
	if err := json.Unmarshal(held.Amendments, &amendments); err != nil {
		return nil, fmt.Errorf("decode the amendments of an access record: %w", err)
	}

	amendments = append(amendments, before)
	if excess := len(amendments) - maxAmendments; excess > 0 {
		amendments = slices.Delete(amendments, 1, 1+excess)
	}

	return json.Marshal(amendments)
}

// amendmentOf returns what a stored document tells the customer: who may read what, on what ground, why and until when.
func amendmentOf(document []byte, amendedAt time.Time) (registerclient.Amendment, error) {
	record, err := decodeAccessRecord(document)
	if err != nil {
		return registerclient.Amendment{}, err
	}

	amendment := registerclient.Amendment{
		AmendedAt:          amendedAt,
		LeadControllerName: record.RecordMetadata.ControllerArrangement.Lead().Name,
		LegalBasis:         record.Processing.LegalBasis,
		Purpose:            record.Processing.Purpose,
		DataTypes:          slices.Sorted(slices.Values(record.Processing.DataTypes)),
	}
	if record.AccessEvent.Expiry != nil {
		expiry := record.AccessEvent.Expiry.UTC()
		amendment.Expiry = &expiry
	}

	return amendment, nil
}

// changedMembers returns the names of the members in which two documents differ. The audit log gets only the names, not
// the values.
func changedMembers(before, after []byte) []string {
	var old, replaced map[string]map[string]any
	if json.Unmarshal(before, &old) != nil || json.Unmarshal(after, &replaced) != nil {
		return []string{"all"}
	}

	names := []string{}
	for part := range replaced {
		for name, value := range replaced[part] {
			if !reflect.DeepEqual(old[part][name], value) {
				names = append(names, part+"."+name)
			}
		}

		for name := range old[part] {
			if _, kept := replaced[part][name]; !kept {
				names = append(names, part+"."+name)
			}
		}
	}

	slices.Sort(names)

	return names
}
