package rules

import (
	"context"
	"slices"

	"central.consent/dar/register/store"
)

// addImportedContacts decides about the addresses that imported lines bring, as CreateIdentityRecord does. Most lines
// bring the first address of their meter point, so one query finds those for which nothing else has to be read.
func (r *Rules) addImportedContacts(ctx context.Context, tx *store.Tx, rows []store.ImportedRecord) error {
	added, err := r.contactsOfLines(rows)
	if err != nil || len(added) == 0 {
		return err
	}

	mpxns := meterPointsOf(added)
	if err := tx.HoldMeterPoints(ctx, mpxns); err != nil {
		return err
	}

	settled, err := tx.ListSettledMeterPoints(ctx, mpxns)
	if err != nil {
		return err
	}

	empty := home{now: r.Now()}
	var first []store.Contact
	var others []contact
	for _, c := range added {
		if settled[c.MPxN] {
			others = append(others, c)

			continue
		}

		settled[c.MPxN] = true
		decided := empty.begin(c, empty.arrive(c, nil))
		r.auditStanding(tx, decided, decided.AccountID)
		first = append(first, decided.Contact)
	}

	for batch := range slices.Chunk(first, contactsPerInsert) {
		if err := tx.InsertContacts(ctx, batch); err != nil {
			return err
		}
	}

	for _, c := range others {
		h, err := r.home(ctx, tx, c.MPxN)
		if err != nil {
			return err
		}
		if _, err := r.addContact(ctx, tx, h, c, nil); err != nil {
			return err
		}
	}

	return nil
}

// contactsPerInsert is how many contacts one statement adds.
const contactsPerInsert = 100

// contactsOfLines returns the addresses that lines bring, without a standing.
func (r *Rules) contactsOfLines(rows []store.ImportedRecord) ([]contact, error) {
	var added []contact
	for _, row := range rows {
		if row.Identity == nil || row.Identity.SealedEmail == nil {
			continue
		}

		c, err := r.contactOfRecord(*row.Identity, nil)
		if err != nil {
			return nil, err
		}

		c.Imported = true
		added = append(added, c)
	}

	return added, nil
}

// meterPointsOf returns the meter points of contacts, each once and in ascending order.
func meterPointsOf(contacts []contact) []string {
	mpxns := make([]string, len(contacts))
	for i, c := range contacts {
		mpxns[i] = c.MPxN
	}
	slices.Sort(mpxns)

	return slices.Compact(mpxns)
}
