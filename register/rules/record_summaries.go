package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

func decodeAccessRecord(document []byte) (registerclient.AccessRecord, error) {
	var record registerclient.AccessRecord
	if err := json.Unmarshal(document, &record); err != nil {
		return registerclient.AccessRecord{}, fmt.Errorf("decode an access record: %w", err)
	}

	inWholeSeconds(&record)

	return record, nil
}

// accessRecordOf returns an access record as the API shows it to an account; reader is empty for the public. Only the
// owner of the access record sees the key of the identity record, and only if the identity record is its own too.
func accessRecordOf(row store.ListedRecord, reader string, now time.Time) (registerclient.AccessRecord, error) {
	record, err := decodeAccessRecord(row.Record)
	if err != nil {
		return registerclient.AccessRecord{}, err
	}

	createdAt := wireTime(row.CreatedAt)
	record.RecordMetadata.RecordIdentifier = row.AK
	record.RecordMetadata.CreatedAt = &createdAt
	if reader == row.AccountID && reader == row.IdentityAccountID {
		record.RecordMetadata.IdentityRecordRef = &row.IR
	}

	record.AccessEvent.State = registerclient.AccessState(row.StateAt(now))
	record.AccessEvent.RevokedAt = optionalWireTime(row.RevokedAt)

	return record, nil
}

// recordSummaries returns access records and sightings as rows of a list, in the order in which a customer reads it.
func recordSummaries(
	rows []store.ListedRecord, sightings []judgedSighting, filter RecordFilter, reader string, now time.Time,
) ([]registerclient.AccessRecordSummary, error) {
	summaries := []registerclient.AccessRecordSummary{}
	for _, row := range rows {
		state := registerclient.AccessState(row.StateAt(now))
		if !filter.accepts(state, registerclient.LegalBasis(row.LegalBasis)) {
			continue
		}

		summary, err := summaryOfRecord(row, reader, now)
		if err != nil {
			return nil, err
		}

		summaries = append(summaries, summary)
	}

	if filter.accepts(registerclient.StateDiscovered, "") {
		for _, sighting := range sightings {
			summaries = append(summaries, summaryOfSighting(sighting))
		}
	}

	slices.SortStableFunc(summaries, func(a, b registerclient.AccessRecordSummary) int {
		return listOrder(a) - listOrder(b)
	})

	return summaries, nil
}

// listOrder returns the place of a summary in a list: first of all access that was seen after it ended, then active
// access by consent, other active access, discovered, expired and revoked access.
func listOrder(summary registerclient.AccessRecordSummary) int {
	if summary.StillSeenAfterStop {
		return -1
	}

	switch summary.State {
	case registerclient.StateActive:
		if summary.LegalBasis.Consent() {
			return 0
		}
		return 1
	case registerclient.StateDiscovered:
		return 2
	case registerclient.StateExpired:
		return 3
	}

	return 4
}

// summaryOfRecord returns an access record as one row of a list.
func summaryOfRecord(
	row store.ListedRecord, reader string, now time.Time,
) (registerclient.AccessRecordSummary, error) {
	record, err := accessRecordOf(row, reader, now)
	if err != nil {
		return registerclient.AccessRecordSummary{}, err
	}

	first, err := firstRegisteredAt(row)
	if err != nil {
		return registerclient.AccessRecordSummary{}, err
	}

	arrangement := record.RecordMetadata.ControllerArrangement
	count := len(arrangement.Controllers)
	status := registerclient.DataUserStatus(row.DataUserStatus)
	summary := registerclient.AccessRecordSummary{
		AK:                 row.AK,
		LeadControllerName: &arrangement.Lead().Name,
		ArrangementType:    &arrangement.ArrangementType,
		ControllerCount:    &count,
		RecordMetadata:     &record.RecordMetadata,
		LegalBasis:         &record.Processing.LegalBasis,
		Purpose:            &record.Processing.Purpose,
		DataTypes:          record.Processing.DataTypes,
		State:              record.AccessEvent.State,
		Expiry:             record.AccessEvent.Expiry,
		RegisteredAt:       &first,
		RevokedAt:          record.AccessEvent.RevokedAt,
		Notice:             record.Notice,
		Recipients:         record.Processing.Recipients,
		DataSource:         record.Processing.DataSource,
		DataUserName:       &row.DataUserName,
		DataUserStatus:     &status,
	}
	if row.OrganisationReference != nil {
		summary.OrganisationReference = *row.OrganisationReference
	}
	if FoldName(row.DataUserName) != FoldName(arrangement.Lead().Name) {
		summary.RegisteredBy = row.DataUserName
	}
	if renewed := record.AccessEvent.RegisteredAt; renewed.After(first) {
		summary.RenewedAt = &renewed
	}
	if row.RevokedBy != nil {
		by := registerclient.RevokedBy(*row.RevokedBy)
		summary.RevokedBy = &by
	}

	summary.Amendments, err = decodeAmendments(row.Amendments)

	return summary, err
}

// summaryOfSighting returns an organisation that the DCC saw as one row of a list.
func summaryOfSighting(sighting judgedSighting) registerclient.AccessRecordSummary {
	types := dataTypesOf(sighting.DataTypes.V)
	summary := registerclient.AccessRecordSummary{
		AK:        sighting.AK,
		State:     registerclient.StateDiscovered,
		DataTypes: types,
		DiscoveredAccess: &registerclient.DiscoveredAccess{
			MPxN:                  sighting.MPxN,
			OrganisationName:      sighting.OrganisationName,
			OrganisationReference: sighting.OrganisationReference,
			FirstSeen:             registerclient.Date(sighting.FirstSeen),
			LastSeen:              registerclient.Date(sighting.LastSeen),
			DataTypesObserved:     types,
			SourceReference:       sighting.SourceReference,
		},
	}
	if stop := sighting.stop; stop != nil {
		summary.StillSeenAfterStop = true
		summary.EndedAt = optionalSeconds(&stop.at)
		summary.EndedBy = stop.by
	}

	return summary
}

// flatRecordOf returns an access record as one row of an administrator's list.
func flatRecordOf(row store.ListedRecord, now time.Time) (registerclient.FlatRecord, error) {
	record, err := accessRecordOf(row, "", now)
	if err != nil {
		return registerclient.FlatRecord{}, err
	}

	arrangement := record.RecordMetadata.ControllerArrangement

	return registerclient.FlatRecord{
		AK:                 row.AK,
		DUID:               row.DUID,
		MPxN:               row.MPxN,
		State:              record.AccessEvent.State,
		LegalBasis:         record.Processing.LegalBasis,
		Purpose:            record.Processing.Purpose,
		DataTypes:          record.Processing.DataTypes,
		LeadControllerName: arrangement.Lead().Name,
		ArrangementType:    arrangement.ArrangementType,
		ControllerCount:    len(arrangement.Controllers),
		Expiry:             record.AccessEvent.Expiry,
		CreatedAt:          wireTime(row.CreatedAt),
		RevokedAt:          optionalWireTime(row.RevokedAt),
	}, nil
}
