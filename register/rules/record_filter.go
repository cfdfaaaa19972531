package rules

import (
	"cmp"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// longestReference is how many characters a controller's own reference has at most.
const longestReference = 255

// RecordFilter narrows a list of access records; empty fields do not narrow.
type RecordFilter struct {
	state registerclient.AccessState
	basis registerclient.LegalBasis
	// mpxn, reference and changedSince narrow a Data User's own list.
	mpxn         string
	reference    string
	changedSince *time.Time
}

// OwnRecordsQuery narrows a Data User's list of its own records; a nil field does not.
type OwnRecordsQuery struct {
	State, LegalBasis, MPxN, ControllerReference, ChangedSince *string
}

// ParseOwnRecordsQuery returns the filter for a Data User's list of its own records. It returns Errors if the query is
// wrong.
func (r *Rules) ParseOwnRecordsQuery(query OwnRecordsQuery) (RecordFilter, error) {
	filter, err := ParseRegisteredFilter(query.State, query.LegalBasis)
	var k Checks
	k.Merge(err)
	if query.MPxN != nil {
		filter.mpxn, err = ParseMPxN("mpxn", *query.MPxN)
		k.Merge(err)
	}
	if query.ControllerReference != nil {
		filter.reference = *query.ControllerReference
		k.required("controller-reference", filter.reference, longestReference)
	}
	if query.ChangedSince != nil {
		since, err := time.Parse(time.RFC3339, *query.ChangedSince)
		if err != nil {
			k.Add("changed-since", "must be a date and time, as 2024-01-15T10:00:00Z.")
		} else {
			k.pastInstant("changed-since", since, r.Now())
			filter.changedSince = new(wholeSeconds(since))
		}
	}

	return filter, k.Err()
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
		AccountID:           accountID,
		MPxN:                cmp.Or(mpxn, f.mpxn),
		State:               string(f.state),
		LegalBasis:          string(f.basis),
		ControllerReference: f.reference,
		ChangedSince:        f.changedSince,
		Now:                 now,
	}
}
