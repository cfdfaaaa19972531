package rules

import (
	"context"
	"maps"
	"slices"

	"central.consent/dar/register/store"
)

// lineClaims says which line of a chunk is registered under each import reference.
type lineClaims struct {
	// winners are the lines to register, by reference.
	winners map[string]*importLine
	// hashes are the hashes of the lines for which the references are used, by this import or an earlier one.
	hashes map[string][]byte
}

// claimLines claims the import references of the correct lines for the transaction. A concurrent import of the same
// references waits for it. It adds a mistake to a line that may not be registered.
func (r *Rules) claimLines(
	ctx context.Context,
	tx *store.Tx,
	accountID string,
	lines []importLine,
) (lineClaims, error) {
	references := map[string]bool{}
	for _, line := range lines {
		if len(line.mistakes) == 0 {
			references[line.row.Reference] = true
		}
	}
	if len(references) == 0 {
		return lineClaims{}, nil
	}

	hashes, err := tx.FindImports(ctx, accountID, slices.Collect(maps.Keys(references)))
	if err != nil {
		return lineClaims{}, err
	}

	var unused []*importLine
	for i := range lines {
		line := &lines[i]
		if len(line.mistakes) == 0 && hashes[line.row.Reference] == nil {
			unused = append(unused, line)
		}
	}

	unused, err = acceptNames(ctx, tx, accountID, unused)
	if err != nil {
		return lineClaims{}, err
	}

	unused, err = linkIdentities(ctx, tx, accountID, unused)
	if err != nil {
		return lineClaims{}, err
	}

	candidates, err := r.chooseLines(ctx, tx, accountID, unused)
	if err != nil {
		return lineClaims{}, err
	}

	claims := lineClaims{winners: map[string]*importLine{}, hashes: hashes}

	return claims, claims.claim(ctx, tx, accountID, candidates)
}

// acceptNames returns the lines with names that it accepts, and refuses the others.
func acceptNames(
	ctx context.Context, tx *store.Tx, accountID string, lines []*importLine,
) ([]*importLine, error) {
	var names []givenName
	for _, line := range lines {
		names = append(names, line.names...)
	}

	holders, err := findNameHolders(ctx, tx, accountID, foldedNames(names))
	if err != nil {
		return nil, err
	}

	accepted := make([]*importLine, 0, len(lines))
	for _, line := range lines {
		if err := holders.check(line.names); err != nil {
			line.mistakes = Refusals(err)
			continue
		}

		accepted = append(accepted, line)
	}

	return accepted, nil
}

// linkIdentities gives the lines that name an identity record its meter point, and locks these records so that they are
// not anonymised in the meantime. It returns the lines without those that it refuses.
func linkIdentities(
	ctx context.Context, tx *store.Tx, accountID string, lines []*importLine,
) ([]*importLine, error) {
	refs := map[string]bool{}
	for _, line := range lines {
		if line.ref != "" {
			refs[line.ref] = true
		}
	}

	identities, err := tx.HoldIdentityRecords(ctx, slices.Sorted(maps.Keys(refs)))
	if err != nil {
		return nil, err
	}

	linked := make([]*importLine, 0, len(lines))
	for _, line := range lines {
		if line.ref == "" {
			linked = append(linked, line)
			continue
		}

		identity, found := identities[line.ref]
		switch {
		case !found || identity.AccountID != accountID:
			line.refuseIdentity(notOwnIdentity())
		case identity.MPxN == nil:
			line.refuseIdentity(anonymisedIdentity())
		default:
			line.row.Record.MPxN = *identity.MPxN
			linked = append(linked, line)
		}
	}

	return linked, nil
}

func (l *importLine) refuseIdentity(refusal *Error) {
	refusal.Field = "access-record." + refusal.Field
	l.mistakes = Errors{refusal}
}

// chooseLines returns the first line of each reference. It refuses a line if the account would have too much at its
// meter point.
func (r *Rules) chooseLines(
	ctx context.Context, tx *store.Tx, accountID string, lines []*importLine,
) (map[string]*importLine, error) {
	room, err := r.importRoomFor(ctx, tx, accountID, lines)
	if err != nil {
		return nil, err
	}

	chosen := map[string]*importLine{}
	for _, line := range lines {
		if chosen[line.row.Reference] != nil {
			continue
		}

		if refusal := room.refusal(line); refusal != nil {
			line.mistakes = Errors{refusal}
			continue
		}

		room.add(line)
		chosen[line.row.Reference] = line
	}

	return chosen, nil
}

// claim claims the references of the candidates. A candidate loses if another import has claimed its reference since
// FindImports.
func (c lineClaims) claim(
	ctx context.Context, tx *store.Tx, accountID string, candidates map[string]*importLine,
) error {
	rows := make([]store.ImportedRecord, 0, len(candidates))
	for _, line := range candidates {
		rows = append(rows, line.row)
	}

	claimed, err := tx.ClaimImports(ctx, accountID, rows)
	if err != nil {
		return err
	}

	var lost []string
	for reference, line := range candidates {
		if claimed[reference] {
			c.winners[reference] = line
			c.hashes[reference] = line.row.LineHash
		} else {
			lost = append(lost, reference)
		}
	}

	if len(lost) == 0 {
		return nil
	}

	others, err := tx.FindImports(ctx, accountID, lost)
	if err != nil {
		return err
	}
	maps.Copy(c.hashes, others)

	return nil
}
