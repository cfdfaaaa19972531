package rules

import (
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

// amendmentsAfter returns the amendments of an access record, as JSON, once document replaces its content. What the
// record says now is added if document tells the customer something else. The caller must have locked the record.
func amendmentsAfter(held store.AccessRecord, document []byte, now time.Time) ([]byte, error) {
	before, err := amendmentOf(held.Record, now)
	if err != nil {
		return nil, err
	}

	after, err := amendmentOf(document, now)
	if err != nil {
		return nil, err
	}
	if reflect.DeepEqual(before, after) {
		return held.Amendments, nil
	}

	amendments, err := decodeAmendments(held.Amendments)
	if err != nil {
		return nil, err
	}

	amendments = append(amendments, before)
	if excess := len(amendments) - maxAmendments; excess > 0 {
		amendments = slices.Delete(amendments, 1, 1+excess)
	}

	return json.Marshal(amendments)
}

func decodeAmendments(stored []byte) ([]registerclient.Amendment, error) {
	var amendments []registerclient.Amendment
	if err := json.Unmarshal(stored, &amendments); err != nil {
		return nil, fmt.Errorf("decode the amendments of an access record: %w", err)
	}
	for i := range amendments {
		amendments[i].AmendedAt = wholeSeconds(amendments[i].AmendedAt)
		amendments[i].Expiry = optionalSeconds(amendments[i].Expiry)
	}

	return amendments, nil
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
		Expiry:             record.AccessEvent.Expiry,
	}

	return amendment, nil
}

// terms are what a withdrawal depends on of an access record: its legal basis and its end, nil for none.
type terms struct {
	basis  registerclient.LegalBasis
	expiry *time.Time
}

func (t terms) expiredAt(moment time.Time) bool { return t.expiry != nil && !moment.Before(*t.expiry) }

// termsAt returns the terms of an access record at a moment. Times are whole seconds: in the second of a replacement,
// it returns the terms before it.
func termsAt(row store.AccessRecord, moment time.Time) (terms, error) {
	amendments, err := decodeAmendments(row.Amendments)
	if err != nil {
		return terms{}, err
	}

	for _, amendment := range amendments {
		if !amendment.AmendedAt.Before(moment) {
			return terms{basis: amendment.LegalBasis, expiry: amendment.Expiry}, nil
		}
	}

	return terms{basis: registerclient.LegalBasis(row.LegalBasis), expiry: store.OptionalTime(row.Expiry)}, nil
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
