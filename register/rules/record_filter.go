package rules

import (
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// RecordFilter narrows a list of access records; empty fields do not narrow.
type RecordFilter struct {
	state registerclient.AccessState
	basis registerclient.LegalBasis
}

// ParseRecordFilter returns the filter for a state and a legal basis; nil means that the caller gave none. It returns
// Errors if one is unknown.
func ParseRecordFilter(state, legalBasis *string) (RecordFilter, error) {
	var filter RecordFilter
	var k Checks
	if state != nil {
		filter.state = registerclient.AccessState(*state)
		k.Merge(checkFilter("state", CodeStateFilter, filter.state, registerclient.StateActive,
			registerclient.StateExpired, registerclient.StateRevoked, registerclient.StateDiscovered))
	}
	if legalBasis != nil {
		filter.basis = registerclient.LegalBasis(*legalBasis)
		k.Merge(checkFilter("legal-basis", CodeLegalBasisFilter, filter.basis, AllLegalBases...))
	}

	return filter, k.Err()
}

// checkFilter checks that the value of a filter is one of values; each filter has a code of its own.
func checkFilter[T ~string](field, code string, value T, values ...T) error {
	var k Checks
	OneOf(&k, field, value, values...)
	for _, mistake := range k.mistakes {
		mistake.Code = code
	}

	return k.Err()
}

// ParseRegisteredFilter is ParseRecordFilter for a list of registered access records, which holds no sighting: it
// refuses the state DISCOVERED too.
func ParseRegisteredFilter(state, legalBasis *string) (RecordFilter, error) {
	filter, err := ParseRecordFilter(state, legalBasis)
	if err == nil && filter.state == registerclient.StateDiscovered {
		err = &Error{
			Kind:    KindInvalid,
			Code:    CodeStateFilter,
			Field:   "state",
			Message: "must be one of ACTIVE, EXPIRED, REVOKED.",
		}
	}

	return filter, err
}

// accepts reports whether a record of this state and legal basis passes the filter.
func (f RecordFilter) accepts(state registerclient.AccessState, basis registerclient.LegalBasis) bool {
	return (f.state == "" || f.state == state) && (f.basis == "" || f.basis == basis)
}

// acceptedRows returns the access records that pass the filter.
func (f RecordFilter) acceptedRows(rows []store.ListedRecord, now time.Time) []store.ListedRecord {
	return slices.DeleteFunc(rows, func(row store.ListedRecord) bool {
		return !f.accepts(registerclient.AccessState(row.StateAt(now)), registerclient.LegalBasis(row.LegalBasis))
	})
}

// rows returns the filter for the store's records of an account at a meter point; empty values do not narrow.
func (f RecordFilter) rows(accountID, mpxn string, now time.Time) store.RecordFilter {
	return store.RecordFilter{
		AccountID:  accountID,
		MPxN:       mpxn,
		State:      string(f.state),
		LegalBasis: string(f.basis),
		Now:        now,
	}
}
