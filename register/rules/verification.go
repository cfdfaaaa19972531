package rules

import (
	"context"
	"errors"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// Verification is what anyone who has the key of an access record may know of it. It holds no personal data.
type Verification struct {
	Record registerclient.AccessRecord
	DUID   string
	// DataUserStatus is the status of the account that registered the record. It does not change the record's state.
	DataUserStatus registerclient.DataUserStatus
	// Sighting is set instead if the DCC discovered the access: no data may be released by its key.
	Sighting *VerifiedSighting
}

// VerifiedSighting is all that the key of a sighting tells.
type VerifiedSighting struct {
	SchemaVersion string
	AK            string
	CreatedAt     time.Time
}

// VerifyAccess returns what anyone may know of the access record or the sighting with this key. It returns an *Error of
// KindNotFound if there is none.
func (r *Rules) VerifyAccess(ctx context.Context, ak string) (Verification, error) {
	if !patternKey.MatchString(ak) {
		return Verification{}, noAccessRecord()
	}

	row, err := r.store.FindAccessRecord(ctx, ak)
	if errors.Is(err, store.ErrNotFound) {
		return r.verifySighting(ctx, ak)
	}
	if err != nil {
		return Verification{}, err
	}

	record, err := accessRecordOf(row, "", r.Now())

	return Verification{
		Record:         record,
		DUID:           row.DUID,
		DataUserStatus: registerclient.DataUserStatus(row.DataUserStatus),
	}, err
}

func (r *Rules) verifySighting(ctx context.Context, ak string) (Verification, error) {
	sighting, err := r.store.FindDiscoveredAccess(ctx, ak)
	if err != nil {
		return Verification{}, orRefusal(err, noAccessRecord())
	}

	return Verification{Sighting: &VerifiedSighting{
		SchemaVersion: schemaVersion,
		AK:            sighting.AK,
		CreatedAt:     wireTime(sighting.CreatedAt),
	}}, nil
}
