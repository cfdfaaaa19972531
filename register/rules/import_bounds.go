package rules

import (
	"context"
	"maps"
	"slices"

	"central.consent/dar/register/store"
)

// importRoom says how much the account of an import has at the meter points of a chunk.
type importRoom struct {
	bytes, active map[string]int
	identities    identityRoom
}

func (r *Rules) importRoomFor(
	ctx context.Context, tx *store.Tx, accountID string, lines []*importLine,
) (importRoom, error) {
	named := map[string]bool{}
	identified := map[string]bool{}
	for _, line := range lines {
		named[line.row.Record.MPxN] = true
		if line.row.Identity != nil {
			identified[line.row.Record.MPxN] = true
		}
	}

	mpxns := slices.Sorted(maps.Keys(named))
	sizes, err := tx.SumRecordSizes(ctx, accountID, mpxns)
	if err != nil {
		return importRoom{}, err
	}

	active, err := tx.CountActiveRecords(ctx, accountID, mpxns, r.Now())
	if err != nil {
		return importRoom{}, err
	}

	identities, err := r.identityRoomAt(ctx, tx, accountID, slices.Sorted(maps.Keys(identified)))

	return importRoom{bytes: sizes, active: active, identities: identities}, err
}

// refusal returns why a line may not be registered, nil if it may.
func (room importRoom) refusal(line *importLine) *Error {
	record := line.row.Record
	switch {
	case room.bytes[record.MPxN]+len(record.Record) > maxRecordBytes:
		return tooManyRecordBytes()
	case !record.EndedAtRegistration && room.active[record.MPxN] >= maxActiveRecords:
		return tooManyActiveRecords()
	case line.row.Identity != nil:
		return room.identities.refusal(record.MPxN)
	}

	return nil
}

// add counts a line that is registered.
func (room importRoom) add(line *importLine) {
	record := line.row.Record
	room.bytes[record.MPxN] += len(record.Record)
	if !record.EndedAtRegistration {
		room.active[record.MPxN]++
	}
	if line.row.Identity != nil {
		room.identities.kept[record.MPxN]++
	}
}
