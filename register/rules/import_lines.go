package rules

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	// maxImportLine is how many bytes a line of an import may hold.
	maxImportLine = 256 << 10
	// placeholderIR takes the place of the key of the identity record that a line brings, while the line is checked.
	placeholderIR = "ir_000000000000000000000000"
)

// importLine is one line of an import.
type importLine struct {
	// number counts lines from 1.
	number int
	row    store.ImportedRecord
	// ref is the identity record that the line names; empty if the line brings one.
	ref string
	// names are the names in the record.
	names    []givenName
	mistakes Errors
}

// readChunks reads and checks lines until their end, an error, or the end of ctx.
func (r *Rules) readChunks(ctx context.Context, account store.Account, lines io.Reader, chunks chan<- importChunk) {
	reader := lineReader{from: bufio.NewReaderSize(lines, 64<<10)}
	for {
		chunk := r.readChunk(&reader, account)
		select {
		case chunks <- chunk:
		case <-ctx.Done():
			return
		}

		if chunk.last || chunk.err != nil {
			return
		}
	}
}

// readChunk reads and checks the lines of one transaction. It passes over blank lines.
func (r *Rules) readChunk(reader *lineReader, account store.Account) importChunk {
	var chunk importChunk
	start := reader.read
	for !chunk.last && len(chunk.lines) < importChunkLines && reader.read-start < importChunkBytes {
		text, err := reader.next()
		if err != nil {
			return importChunk{err: fmt.Errorf("%w: %w", ErrUnreadable, err)}
		}

		chunk.last = text.last
		if text.isBlank() {
			continue
		}

		line, err := r.importLineOf(text, account)
		if err != nil {
			return importChunk{err: err}
		}

		chunk.lines = append(chunk.lines, line)
	}

	chunk.read = reader.read

	return chunk
}

// lineReader reads lines of bounded length. It skips a longer line without holding it in memory.
type lineReader struct {
	from   *bufio.Reader
	buffer []byte
	number int
	// read is how many bytes were read.
	read int64
}

// textLine is one line as it was read, without its line feed.
type textLine struct {
	// text is valid until the next line is read.
	text   []byte
	number int
	// tooLong is true if the line is longer than maxImportLine; it then has no text.
	tooLong bool
	// last is true if no line follows.
	last bool
}

func (l textLine) isBlank() bool { return !l.tooLong && len(bytes.TrimSpace(l.text)) == 0 }

// next returns the next line. The last line is empty if a line feed ends the text.
func (l *lineReader) next() (textLine, error) {
	l.number++
	line := textLine{number: l.number}
	l.buffer = l.buffer[:0]
	for {
		part, err := l.from.ReadSlice('\n')
		line.last = err == io.EOF
		l.read += int64(len(part))

		content := bytes.TrimSuffix(part, []byte("\n"))
		if line.tooLong || len(l.buffer)+len(content) > maxImportLine {
			line.tooLong = true
			l.buffer = l.buffer[:0]
		} else {
			l.buffer = append(l.buffer, content...)
		}

		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !line.last {
			return textLine{}, err
		}

		line.text = l.buffer

		return line, nil
	}
}

// importLineOf decodes and checks one line. A wrong line has mistakes; the error is an internal one.
func (r *Rules) importLineOf(text textLine, account store.Account) (importLine, error) {
	line := importLine{number: text.number}
	if text.tooLong {
		line.mistakes = Errors{{
			Kind: KindTooLarge, Code: CodeValidation, Message: "The line is longer than 256 KiB.",
		}}

		return line, nil
	}

	err := r.parseLine(&line, account, bytes.TrimSpace(text.text))
	if err == nil {
		return line, nil
	}

	line.mistakes = Refusals(err)
	if line.mistakes[0].Kind == KindInternal {
		return importLine{}, err
	}

	return line, nil
}

// parseLine decodes and checks one line and fills in its row. It returns Errors if the line is wrong.
func (r *Rules) parseLine(line *importLine, account store.Account, text []byte) error {
	in := registerclient.ImportLine{AccessRecord: UnreadAccessRecord()}
	if err := DecodeJSON("line", text, &in); err != nil {
		return err
	}

	now := r.Now()
	if in.IdentityRecord == nil && in.AccessRecord.RecordMetadata.IdentityRecordRef != nil {
		line.ref = *in.AccessRecord.RecordMetadata.IdentityRecordRef
	}

	var k Checks
	k.required("import-reference", in.ImportReference, 255)
	if in.AccessRecord.ReidentificationToken != nil {
		k.Add("access-record.reidentification-token", "is not allowed in an import.")
		in.AccessRecord.ReidentificationToken = nil
	}

	mpxn := r.checkIdentityOfLine(&k, &in, account)
	k.mergeUnder("access-record.", checkAccessRecord(&in.AccessRecord, now))
	if err := k.Err(); err != nil {
		return err
	}

	line.names = namesOf("access-record.", in.AccessRecord)
	hash := sha256.Sum256(text)
	line.row.Reference = in.ImportReference
	line.row.LineHash = hash[:]
	keys := store.AccessRecord{
		AK:        NewID("ak"),
		MPxN:      mpxn,
		AccountID: account.AccountID,
		IR:        line.ref,
		CreatedAt: store.Millis(now),
	}
	if in.IdentityRecord != nil {
		identity, err := r.sealIdentityRecord(*in.IdentityRecord, mpxn, account.AccountID)
		if err != nil {
			return err
		}

		line.row.Identity = &identity
		keys.IR = identity.IR
	}

	var err error
	line.row.Record, err = accessRecordRow(in.AccessRecord, keys)

	return err
}

// checkIdentityOfLine checks that a line either names an identity record or brings one, and returns the meter point of
// the one that it brings. It makes the access record name the placeholder, so that the record can be checked as any
// other.
func (r *Rules) checkIdentityOfLine(k *Checks, in *registerclient.ImportLine, account store.Account) string {
	metadata := &in.AccessRecord.RecordMetadata
	if in.IdentityRecord == nil {
		if metadata.IdentityRecordRef == nil {
			k.Add("identity-record", "is required if no identity-record-ref is given.")
			metadata.IdentityRecordRef = new(placeholderIR)
		}

		return ""
	}

	if metadata.IdentityRecordRef != nil {
		k.Add("access-record."+fieldIdentityRef, "cannot be given together with an identity-record.")
	}
	metadata.IdentityRecordRef = new(placeholderIR)
	if in.IdentityRecord.InitiatePasskeyRegistration {
		k.Add("identity-record.initiate-passkey-registration", "is not allowed in an import.")
		in.IdentityRecord.InitiatePasskeyRegistration = false
	}

	mpxn, err := r.checkIdentityRecord(in.IdentityRecord, account)
	k.mergeUnder("identity-record.", err)

	return mpxn
}

// mergeUnder records the mistakes of a part of a line; prefix names the part.
func (k *Checks) mergeUnder(prefix string, err error) {
	if err == nil {
		return
	}

	for _, mistake := range Refusals(err) {
		k.Add(prefix+mistake.Field, mistake.Message)
	}
}
