package rules

import (
	"context"

	"central.consent/dar/registerclient"
)

// FindDataUser returns the directory's entry of a Data User. It returns an *Error of KindNotFound for any other
// account.
func (r *Rules) FindDataUser(ctx context.Context, duid string) (registerclient.DataUser, error) {
	unknown := NotFound("There is no Data User with this duid.")
	if !patternDUID.MatchString(duid) {
		return registerclient.DataUser{}, unknown
	}

	row, err := r.store.FindDataUser(ctx, duid)
	if err != nil {
		return registerclient.DataUser{}, orRefusal(err, unknown)
	}

	return registerclient.DataUser{
		DUID:               row.DUID,
		DisplayName:        row.DisplayName,
		Status:             row.Status,
		RegisteredAt:       wireTime(row.RegisteredAt),
		SuspendedAt:        optionalWireTime(row.SuspendedAt),
		ContactURL:         row.ContactURL,
		DataTypesSupported: dataTypesOf(row.DataTypes.V),
	}, nil
}
