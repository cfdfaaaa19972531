package rules

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	// newestAmendments is how many of the newest amendments of an access record are kept, whatever they say. The terms
	// of the last day can be read from them (termsAt): a record is replaced less often than that in a day.
	newestAmendments = 49
	// maxOrganisationsAdded is how many organisations replacements may add to an access record in all. What is kept of
	// its amendments grows with them.
	maxOrganisationsAdded = 50
)

// contentChange is what a replacement changes for the customer.
type contentChange struct {
	before, after recordContent
	// all is what the record has said as far as it is kept, the oldest first, and what it says after the replacement.
	all []recordContent
}

// amendmentsAfter returns the amendments of an access record, as JSON, once document replaces its content, and the
// change; nil if document tells the customer nothing else. The caller must have locked the record.
func amendmentsAfter(
	held store.AccessRecord, document []byte, now time.Time,
) (stored []byte, change *contentChange, err error) {
	before, err := contentOf(held.Record)
	if err != nil {
		return nil, nil, err
	}

	after, err := contentOf(document)
	if err != nil {
		return nil, nil, err
	}
	if reflect.DeepEqual(before, after) {
		return held.Amendments, nil, nil
	}

	amendments, err := decodeAmendments(held.Amendments)
	if err != nil {
		return nil, nil, err
	}

	amendments = append(amendments, before.amendedInto(after, now))
	stored, err = json.Marshal(keptAmendments(amendments, after))

	return stored, &contentChange{before, after, contentsOf(amendments, after)}, err
}

// contentsOf returns what a record said before each of its amendments, the oldest first, and what it says now.
func contentsOf(amendments []registerclient.Amendment, current recordContent) []recordContent {
	contents := []recordContent{current}
	for _, amendment := range slices.Backward(amendments) {
		current = current.before(amendment)
		contents = append(contents, current)
	}
	slices.Reverse(contents)

	return contents
}

// limitOrganisations refuses a replacement that adds more organisations than a record may be given after its
// registration; change may be nil.
func limitOrganisations(change *contentChange) error {
	if change == nil {
		return nil
	}

	first := change.all[0].organisations()
	added := map[string]bool{}
	for _, content := range change.all[1:] {
		for name := range content.organisations() {
			if !first[name] {
				added[name] = true
			}
		}
	}

	if len(added) <= maxOrganisationsAdded {
		return nil
	}

	return unchangeable("processing.recipients", fmt.Sprintf(
		"and the controllers may be given %d further organisations by replacements: more take a new access record.",
		maxOrganisationsAdded))
}

// keptAmendments returns the amendments of a record that are kept: the first, the newest, and between them those that
// show how far the access ever went (docs/decisions.md, Additions to the published shapes).
func keptAmendments(amendments []registerclient.Amendment, current recordContent) []registerclient.Amendment {
	if len(amendments) <= newestAmendments+1 {
		return amendments
	}

	kept := widestAmendments(contentsOf(amendments, current))
	newest := len(amendments) - newestAmendments
	list := amendments[:1:1]
	for i, amendment := range amendments[1:] {
		if index := i + 1; index >= newest || kept[index] {
			list = append(list, amendment)

			continue
		}

		list[len(list)-1] = withChangesOf(list[len(list)-1], amendment)
	}

	return list
}

// withChangesOf returns an amendment whose next one is dropped: what it did not change is as the next one says.
func withChangesOf(amendment, next registerclient.Amendment) registerclient.Amendment {
	amendment.RegisteredAt = cmp.Or(amendment.RegisteredAt, next.RegisteredAt)
	amendment.ControllerArrangement = cmp.Or(amendment.ControllerArrangement, next.ControllerArrangement)
	amendment.DataSource = cmp.Or(amendment.DataSource, next.DataSource)
	if amendment.Notices == nil {
		amendment.Notices = next.Notices
	}
	if amendment.Recipients == nil {
		amendment.Recipients = next.Recipients
	}

	return amendment
}

// widestAmendments returns the indexes of the amendments without which a reader could not tell that a record ever named
// a data type, a legal basis or an organisation, from when and until when, or what its latest end was. contents[i] is
// what the record said before amendment i.
func widestAmendments(contents []recordContent) map[int]bool {
	kept := map[int]bool{}
	firsts := map[string]int{}
	lasts := map[string]int{}
	latestEnd := 0
	lastWithEnd := 0
	for i, content := range contents {
		for item := range content.items() {
			if _, found := firsts[item]; !found {
				firsts[item] = i
			}
			lasts[item] = i
		}

		if isLater(content.expiry, contents[latestEnd].expiry) {
			latestEnd = i
			lastWithEnd = i
		} else if !isLater(contents[latestEnd].expiry, content.expiry) {
			lastWithEnd = i
		}
	}

	firsts["end"] = latestEnd
	lasts["end"] = lastWithEnd
	original := contents[0].organisations()
	for item, first := range firsts {
		// The registration may name any number of organisations. The first amendment tells them all.
		if name, isName := strings.CutPrefix(item, itemOrganisation); isName && original[name] {
			continue
		}

		kept[first-1] = true
		kept[first] = true
		kept[lasts[item]] = true
	}

	return kept
}

const itemOrganisation = "organisation "

// items returns what widens the access if it is new: data types, legal bases and organisations. Their number is finite,
// but for the organisations (limitOrganisations).
func (c recordContent) items() map[string]bool {
	items := map[string]bool{"basis " + string(c.basis): true}
	for _, dataType := range c.dataTypes {
		items["data "+string(dataType)] = true
	}
	for name := range c.organisations() {
		items[itemOrganisation+name] = true
	}

	return items
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
