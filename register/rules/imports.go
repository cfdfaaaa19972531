package rules

import (
	"bytes"
	"context"
	"errors"
	"io"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	// importChunkLines and importChunkBytes bound the lines of one transaction, so that other writers wait only
	// shortly.
	importChunkLines = 500
	importChunkBytes = 2 << 20
	// maxImportErrors is how many mistakes an import reports.
	maxImportErrors = 1000
)

// ErrUnreadable reports that the lines of an import could not be read to their end.
var ErrUnreadable = errors.New("the lines cannot be read to their end")

// importChunk is the lines of one transaction.
type importChunk struct {
	lines []importLine
	// read is how many bytes were read, with those of all earlier chunks.
	read int64
	// last is true if no chunk follows.
	last bool
	// err is why the lines could not be read or checked; the chunk then has no lines.
	err error
}

// Import registers access records for an account: one registerclient.ImportLine in each line. It refuses and reports a
// wrong line and registers the others, some hundred in one transaction. A line that was imported before changes
// nothing. An import that fails can therefore be repeated as a whole, and the response counts what was registered until
// the error. After each transaction it calls progress, if not nil, with the bytes and the lines read so far. After an
// error it may still read from lines for a moment.
//
// Refusals are *Error of KindForbidden if the account may not import. ErrUnreadable means that reading lines failed.
func (r *Rules) Import(
	ctx context.Context, account store.Account, lines io.Reader, progress func(read int64, lines int),
) (registerclient.ImportResponse, error) {
	response := registerclient.ImportResponse{Errors: []registerclient.ImportError{}}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	// One goroutine reads and checks lines while this one writes them.
	chunks := make(chan importChunk, 1)
	go r.readChunks(ctx, account, lines, chunks)

	for {
		var chunk importChunk
		select {
		case chunk = <-chunks:
		case <-ctx.Done():
			return response, ctx.Err()
		}

		if chunk.err != nil {
			return response, chunk.err
		}

		if len(chunk.lines) > 0 {
			result, err := r.registerChunk(ctx, account.AccountID, chunk.lines)
			if err != nil {
				return response, err
			}

			addChunk(&response, chunk.lines, result)
			if progress != nil {
				progress(chunk.read, response.Lines)
			}
		}

		if chunk.last {
			return response, nil
		}
	}
}

// chunkResult is how many lines of a chunk were registered, and how many had been imported before.
type chunkResult struct{ imported, repeated int }

// addChunk adds the result of a chunk to the response.
func addChunk(response *registerclient.ImportResponse, lines []importLine, result chunkResult) {
	response.Lines += len(lines)
	response.Imported += result.imported
	response.Known += result.repeated
	response.Refused += len(lines) - result.imported - result.repeated

	for _, line := range lines {
		for _, mistake := range line.mistakes {
			if len(response.Errors) == maxImportErrors {
				return
			}

			response.Errors = append(response.Errors, registerclient.ImportError{
				Line: line.number,
				ErrorDetail: registerclient.ErrorDetail{
					Code: mistake.Code, Message: mistake.Error(), Field: mistake.Field,
				},
			})
		}
	}
}

// registerChunk registers the correct lines of a chunk in one transaction. It adds a mistake to a line that it refuses.
func (r *Rules) registerChunk(ctx context.Context, accountID string, lines []importLine) (chunkResult, error) {
	// Each chunk looks: an account that is suspended during its import registers nothing more.
	account, err := r.store.FindAccount(ctx, accountID)
	if err != nil {
		return chunkResult{}, err
	}
	if account.Status != accountActive || account.Role != string(registerclient.RoleDataUser) {
		return chunkResult{}, &Error{
			Kind:    KindForbidden,
			Code:    CodeRole,
			Message: "Only an active account of role data_user may import.",
		}
	}

	var result chunkResult
	err = r.store.Transact(ctx, func(tx *store.Tx) (err error) {
		result, err = r.registerLines(ctx, tx, account, lines)

		return err
	})

	return result, err
}

// registerLines registers the correct lines in the transaction.
func (r *Rules) registerLines(
	ctx context.Context, tx *store.Tx, account store.Account, lines []importLine,
) (chunkResult, error) {
	claims, err := r.claimLines(ctx, tx, account.AccountID, lines)
	if err != nil {
		return chunkResult{}, err
	}

	rows, result := claims.settle(lines)
	for _, row := range rows {
		tx.Audit(r.auditEvent(account.AccountID, auditRecordCreated, row.Record.MPxN, row.Record.AK, map[string]any{
			"import": true,
		}))
	}

	if err := tx.InsertImported(ctx, rows); err != nil {
		return chunkResult{}, err
	}

	records := make([]store.AccessRecord, len(rows))
	for i, row := range rows {
		records[i] = row.Record
	}
	if err := r.noteRestarts(ctx, tx, records...); err != nil {
		return chunkResult{}, err
	}

	return result, r.addImportedContacts(ctx, tx, rows)
}

// settle returns the rows of the lines that have won their references, and counts them. A line that repeats another one
// is counted; a line that uses the reference of another one is refused.
func (c lineClaims) settle(lines []importLine) (rows []store.ImportedRecord, result chunkResult) {
	for i := range lines {
		line := &lines[i]
		reference := line.row.Reference
		switch {
		case len(line.mistakes) > 0:
		case c.winners[reference] == line:
			rows = append(rows, line.row)
			result.imported++
		case bytes.Equal(c.hashes[reference], line.row.LineHash):
			result.repeated++
		default:
			line.mistakes = Errors{{
				Kind:    KindConflict,
				Code:    CodeConflict,
				Field:   "import-reference",
				Message: "was used for another line.",
			}}
		}
	}

	return rows, result
}
