package rules

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// accessChangeDetail is the detail of a store.AccessChange: what a letter says of it.
type accessChangeDetail struct {
	Kinds []mail.AccessChangeKind `json:"kinds,omitempty"`
	// Added and Removed are kinds of data.
	Added   []registerclient.DataType `json:"added,omitempty"`
	Removed []registerclient.DataType `json:"removed,omitempty"`
	// Until is the new end of the access, if that is one of the kinds; nil for none.
	Until *time.Time `json:"until,omitempty"`
}

// noteAmendment records an amendment of an access record, of which a letter will tell; change may be nil.
func (r *Rules) noteAmendment(
	ctx context.Context, tx *store.Tx, record store.AccessRecord, change *contentChange,
) error {
	if change == nil || r.stub {
		return nil
	}

	kind := store.ChangeAmended
	if change.isRenewal() {
		kind = store.ChangeRenewed
	}

	detail, err := json.Marshal(change.detail())
	if err != nil {
		return fmt.Errorf("encode a change of access: %w", err)
	}

	now := store.Millis(r.Now())

	return tx.InsertAccessChange(ctx, store.AccessChange{
		ID:         NewID("chg"),
		MPxN:       record.MPxN,
		AccountID:  record.AccountID,
		AK:         record.AK,
		Kind:       kind,
		Detail:     string(detail),
		HappenedAt: now,
		DueAt:      now,
	})
}

// noteRestarts records which of these new access records were started again after a customer's stop, of which a letter
// will tell.
func (r *Rules) noteRestarts(ctx context.Context, tx *store.Tx, records ...store.AccessRecord) error {
	if r.stub {
		return nil
	}

	return tx.InsertRestarts(ctx, records, r.Now().AddDate(0, 0, -restartDays))
}

// isRenewal reports whether a replacement only says that access was renewed, with the same end or a later one. That
// access shall have no end any more is no renewal.
func (c contentChange) isRenewal() bool {
	renewed := c.before
	renewed.registeredAt = c.after.registeredAt
	renewed.expiry = c.after.expiry
	endless := c.before.expiry != nil && c.after.expiry == nil

	return reflect.DeepEqual(renewed, c.after) && !endless && !isLater(c.before.expiry, c.after.expiry)
}

// detail returns what a letter says of a replacement.
func (c contentChange) detail() accessChangeDetail {
	detail := accessChangeDetail{
		Added:   missingIn(c.before.dataTypes, c.after.dataTypes),
		Removed: missingIn(c.after.dataTypes, c.before.dataTypes),
	}
	addedOrganisations := missingIn(c.before.otherOrganisations(), c.after.otherOrganisations())
	removedOrganisations := missingIn(c.after.otherOrganisations(), c.before.otherOrganisations())

	for _, part := range []struct {
		kind    mail.AccessChangeKind
		changed bool
	}{
		{mail.AccessMoreData, len(detail.Added) > 0},
		{mail.AccessLessData, len(detail.Removed) > 0},
		{mail.AccessMoreOrganisations, len(addedOrganisations) > 0},
		{mail.AccessFewerOrganisations, len(removedOrganisations) > 0},
		{mail.AccessLonger, isLater(c.after.expiry, c.before.expiry)},
		{mail.AccessShorter, isLater(c.before.expiry, c.after.expiry)},
		{mail.AccessOtherReason, c.before.basis != c.after.basis},
		{mail.AccessOtherPurpose, c.before.purpose != c.after.purpose},
		{mail.AccessOtherName, c.before.leadName != c.after.leadName},
		{mail.AccessRenewed, !c.before.registeredAt.Equal(c.after.registeredAt)},
	} {
		if part.changed {
			detail.Kinds = append(detail.Kinds, part.kind)
		}
	}

	if len(detail.Kinds) == 0 {
		detail.Kinds = []mail.AccessChangeKind{mail.AccessOtherFacts}
	}
	if !sameTime(c.before.expiry, c.after.expiry) {
		detail.Until = c.after.expiry
	}

	return detail
}

// otherOrganisations returns the names of all but the lead controller.
func (c recordContent) otherOrganisations() []string {
	names := c.organisations()
	delete(names, foldedName(c.leadName))

	return slices.Sorted(maps.Keys(names))
}

// missingIn returns the values that a list does not have.
func missingIn[T comparable](list, values []T) []T {
	return slices.DeleteFunc(slices.Clone(values), func(value T) bool { return slices.Contains(list, value) })
}

// sameTime compares two times, of which nil is none.
func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}

	return a.Equal(*b)
}
