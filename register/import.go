package register

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	importPath = "/access-records/batch"
	// importTime bounds one import over HTTP, importIdle the wait for its next line.
	importTime = 10 * time.Minute
	importIdle = 30 * time.Second
	// importLimit is the most that an import over HTTP may hold, importLineLimit that one line may.
	importLimit     = 64 << 20
	importLineLimit = 256 << 10
	// A transaction takes so many lines, or bytes: few enough that others who write need not wait long.
	importChunkLines = 500
	importChunkBytes = 2 << 20
	// importMistakes is how many mistakes are told.
	importMistakes = 1000
	// someIdentity stands in for the key of the identity record that a line brings, while the line is checked.
	someIdentity = "ir_000000000000000000000000"
)

// isImport tells an import, which has bounds of its own, before the routing does.
func isImport(c echo.Context) bool {
	return c.Request().Method == http.MethodPost && c.Request().URL.Path == basePath+importPath
}

// importAccessRecords is POST /access-records/batch.
func (s *Register) importAccessRecords(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	request := c.Request()
	if media, _, err := mime.ParseMediaType(
		request.Header.Get(echo.HeaderContentType),
	); err != nil ||
		media != "application/x-ndjson" {
		return &Error{
			Kind:    UnsupportedMediaType,
			Code:    codeValidation,
			Message: "Send the lines as Content-Type: application/x-ndjson.",
		}
	}
	if request.ContentLength > importLimit {
		return tooLarge()
	}

	keys := request.Header.Values(headerIdempotencyKey)
	if len(keys) > 0 && (len(keys) > 1 || !visible(keys[0]) || len(keys[0]) > 255) {
		return invalid(headerIdempotencyKey, "must be given once, with 1 to 255 visible ASCII characters.")
	}

	body := newImportBody(c)
	defer body.end()
	if len(keys) == 0 {
		told, err := s.Import(request.Context(), caller(c), body, nil)
		if err != nil {
			return readFault(err)
		}

		told.Response = s.metadata(c)
		body.end()
		return c.JSON(http.StatusOK, told)
	}

	return s.importOnce(c, body, keys[0])
}

// importOnce imports for an Idempotency-Key. Unlike post it cannot do so in one transaction, so the key is looked up
// first, and taken with the answer after the last line: two imports at once with one key both read their lines, and
// the line's own reference keeps each from being registered twice.
func (s *Register) importOnce(c echo.Context, body *importBody, key string) error {
	ctx, now := c.Request().Context(), s.now()
	row := store.IdempotencyKey{AccountID: caller(c).AccountID, Key: key, CreatedAt: store.Millis(now)}
	kept, err := s.store.FindIdempotencyKey(ctx, row.AccountID, key)
	if err == nil && kept.CreatedAt.Time().After(now.Add(-keepAnswers)) {
		if _, err := io.Copy(io.Discard, body); err != nil {
			return readFault(fmt.Errorf("%w: %w", errCannotRead, err))
		}

		body.end()
		row.RequestHash = body.hash.Sum(nil)
		return s.replay(c, row)
	}

	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}

	told, err := s.Import(ctx, caller(c), body, nil)
	if err != nil {
		return readFault(err)
	}

	told.Response = s.metadata(c)
	body.end()
	text, err := json.Marshal(told)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}

	sealer := s.keys.sealer()
	row.RequestHash, row.Status, row.KeyID = body.hash.Sum(nil), http.StatusOK, sealer.id
	row.SealedResponse = sealer.sealed(text, placeOfAnswer(row.AccountID, key))
	err = s.store.Transact(ctx, func(tx *store.Tx) error {
		if err := tx.ClaimIdempotencyKey(ctx, row, now.Add(-keepAnswers)); err != nil {
			return err
		}
		return tx.SaveResponse(ctx, row)
	})
	if errors.Is(err, store.ErrKeyUsed) {
		return s.replay(c, row)
	}
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, told)
}

func tooLarge() *Error {
	return &Error{
		Kind:    TooLarge,
		Code:    codeValidation,
		Message: "The body is larger than 64 MiB. Send the import in smaller parts.",
	}
}

// readFault makes a refusal of what went wrong with the body.
func readFault(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge()
	}
	if errors.Is(err, errCannotRead) {
		return invalid("", "The body could not be read to its end. What was read may stand; send it again as a whole.")
	}

	return err
}

// importBody reads a request's body up to the limit and hashes it. Each line that arrives buys time for the next, so
// that a large import may take longer than other requests, and a caller that stalls may not.
type importBody struct {
	from    io.Reader
	control *http.ResponseController
	hash    hash.Hash
	arrived bool
}

func newImportBody(c echo.Context) *importBody {
	// The connection's own writer: echo's is another request's by the time that a reader left behind ends.
	r := c.Request()
	w := c.Response().Writer
	b := &importBody{
		from: http.MaxBytesReader(w, r.Body, importLimit), control: http.NewResponseController(w),
		hash: sha256.New(), arrived: true,
	}
	fmt.Fprintf(b.hash, "%s\n%s\n", r.Method, r.URL.Path)

	return b
}

func (b *importBody) Read(p []byte) (int, error) {
	if b.arrived {
		// A server of another kind, as a test's, may have no deadlines to move.
		_ = b.control.SetReadDeadline(time.Now().Add(importIdle))
	}

	n, err := b.from.Read(p)
	b.hash.Write(p[:n])
	b.arrived = bytes.IndexByte(p[:n], '\n') >= 0

	return n, err
}

// end leaves time for the answer.
func (b *importBody) end() { _ = b.control.SetWriteDeadline(time.Now().Add(importIdle)) }

// errCannotRead says that the lines broke off.
var errCannotRead = errors.New("the lines cannot be read to their end")

// importLine is one line on its way into the register.
type importLine struct {
	number int
	row    store.ImportedRecord
	// ref is the identity record that the line names; empty where it brings one.
	ref   string
	wrong Errors
}

// importChunk is the lines of one transaction.
type importChunk struct {
	lines []importLine
	read  int64 // bytes, with all before
	err   error // why there is no further chunk; nil where there may be
}

// Import registers the lines of r, one registerclient.ImportLine in each, for an account. A line that is wrong is
// refused and told of, and the others go in, a few hundred in a transaction; one that was imported before changes
// nothing. So whatever breaks an import off - an error, or ctx - it can be run again as a whole; what was registered
// until then stays and is answered beside the error. After each transaction progress, where given, is told how many
// bytes were read and how many lines they held. After an error r may still be read from for a moment.
func (s *Register) Import(
	ctx context.Context,
	account store.Account,
	r io.Reader,
	progress func(read int64, lines int),
) (registerclient.ImportResponse, error) {
	told := registerclient.ImportResponse{Errors: []registerclient.ImportError{}}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// One goroutine reads and checks while the other writes.
	chunks := make(chan importChunk, 1)
	go s.readChunks(ctx, account, r, chunks)
	for {
		var chunk importChunk
		select {
		case chunk = <-chunks:
		case <-ctx.Done():
			return told, ctx.Err()
		}

		if len(chunk.lines) > 0 && (chunk.err == nil || chunk.err == io.EOF) {
			imported, known, err := s.importLines(ctx, account.AccountID, chunk.lines)
			if err != nil {
				return told, err
			}

			tell(&told, chunk.lines, imported, known)
			if progress != nil {
				progress(chunk.read, told.Lines)
			}
		}

		if chunk.err == io.EOF {
			return told, nil
		}
		if chunk.err != nil {
			return told, chunk.err
		}
	}
}

// tell adds a chunk to the answer.
func tell(told *registerclient.ImportResponse, lines []importLine, imported, known int) {
	told.Lines += len(lines)
	told.Imported += imported
	told.Known += known
	told.Refused += len(lines) - imported - known
	for _, line := range lines {
		for _, wrong := range line.wrong {
			if len(told.Errors) == importMistakes {
				return
			}

			told.Errors = append(told.Errors, registerclient.ImportError{
				Line:        line.number,
				ErrorDetail: registerclient.ErrorDetail{Code: wrong.Code, Message: wrong.Error(), Field: wrong.Field},
			})
		}
	}
}

// readChunks reads and checks lines until their end, an error, or ctx.
func (s *Register) readChunks(ctx context.Context, account store.Account, r io.Reader, chunks chan<- importChunk) {
	reader := lineReader{from: bufio.NewReaderSize(r, 64<<10)}
	for {
		chunk := importChunk{}
		start := reader.read
		for chunk.err == nil && len(chunk.lines) < importChunkLines && reader.read-start < importChunkBytes {
			var text []byte
			var tooLong bool
			if text, tooLong, chunk.err = reader.next(); chunk.err != nil && chunk.err != io.EOF {
				chunk.err = fmt.Errorf("%w: %w", errCannotRead, chunk.err)
				break
			}
			if text = bytes.TrimSpace(text); len(text) == 0 && !tooLong {
				continue
			}

			line := importLine{number: reader.number}
			if tooLong {
				line.wrong = Errors{{Kind: TooLarge, Code: codeValidation, Message: "The line is longer than 256 KiB."}}
			} else if err := s.readLine(&line, account, text); err != nil {
				if line.wrong = refusals(err); line.wrong[0].Kind == Internal {
					chunk.err = err
					break
				}
			}

			chunk.lines = append(chunk.lines, line)
		}

		chunk.read = reader.read
		select {
		case chunks <- chunk:
		case <-ctx.Done():
			return
		}

		if chunk.err != nil {
			return
		}
	}
}

// lineReader reads lines of bounded length. A longer one is passed over without being held.
type lineReader struct {
	from   *bufio.Reader
	line   []byte
	number int
	read   int64
}

// next is the next line, good until the next call. With io.EOF comes the last line, where no line feed ends it.
func (l *lineReader) next() (line []byte, tooLong bool, err error) {
	l.line = l.line[:0]
	l.number++
	for {
		part, err := l.from.ReadSlice('\n')
		l.read += int64(len(part))
		if content := bytes.TrimSuffix(part, []byte("\n")); tooLong || len(l.line)+len(content) > importLineLimit {
			tooLong, l.line = true, l.line[:0]
		} else {
			l.line = append(l.line, content...)
		}

		if err != bufio.ErrBufferFull {
			return l.line, tooLong, err
		}
	}
}

// readLine checks one line and makes rows of it.
func (s *Register) readLine(line *importLine, account store.Account, text []byte) error {
	in := registerclient.ImportLine{AccessRecord: unreadAccessRecord()}
	if err := decodeText("line", text, &in); err != nil {
		return err
	}

	var k checks
	under := func(prefix string, err error) {
		if err == nil {
			return
		}
		for _, wrong := range refusals(err) {
			k.add(prefix+wrong.Field, wrong.Message)
		}
	}
	k.required("import-reference", in.ImportReference, 255)
	now := s.now()
	access := &in.AccessRecord
	if access.ReidentificationToken != nil {
		k.add("access-record.reidentification-token", "is not taken in an import.")
		access.ReidentificationToken = nil
	}

	const ref = "access-record.record-metadata.identity-record-ref"
	mpxn := ""
	switch named := access.RecordMetadata.IdentityRecordRef; {
	case in.IdentityRecord == nil && named == nil:
		k.add("identity-record", "is required where no identity-record-ref is given.")
		access.RecordMetadata.IdentityRecordRef = new(someIdentity)
	case in.IdentityRecord == nil:
		line.ref = *named
	default:
		if named != nil {
			k.add(ref, "is not taken beside an identity-record: give one of the two.")
		}

		access.RecordMetadata.IdentityRecordRef = new(someIdentity)
		if in.IdentityRecord.InitiatePasskeyRegistration {
			k.add("identity-record.initiate-passkey-registration", "is not taken in an import.")
			in.IdentityRecord.InitiatePasskeyRegistration = false
		}

		var err error
		mpxn, err = s.checkIdentityRecord(in.IdentityRecord, account)
		under("identity-record.", err)
	}

	under("access-record.", checkAccessRecord(access, now))
	if err := k.err(); err != nil {
		return err
	}

	hash := sha256.Sum256(text)
	line.row.Reference, line.row.LineHash = in.ImportReference, hash[:]
	record := store.AccessRecord{
		AK:        newID("ak"),
		MPxN:      mpxn,
		AccountID: account.AccountID,
		IR:        line.ref,
		CreatedAt: store.Millis(now),
	}
	if in.IdentityRecord != nil {
		identity, err := s.sealIdentityRecord(*in.IdentityRecord, mpxn, account.AccountID)
		if err != nil {
			return err
		}
		line.row.Identity, record.IR = &identity, identity.IR
	}

	var err error
	line.row.Record, err = rowOf(*access, record)
	return err
}

// importLines registers the good ones of a chunk's lines in one transaction. A line that this refuses is marked.
func (s *Register) importLines(
	ctx context.Context,
	accountID string,
	lines []importLine,
) (imported, known int, err error) {
	// An account that is suspended while its import runs registers nothing more.
	account, err := s.store.FindAccount(ctx, accountID)
	if err != nil {
		return 0, 0, err
	}
	if account.Status != "active" || account.Role != string(registerclient.RoleDataUser) {
		return 0, 0, &Error{
			Kind:    Forbidden,
			Code:    codeRole,
			Message: "Only an active account of role data_user may import.",
		}
	}

	err = s.store.Transact(ctx, func(tx *store.Tx) error {
		won, said, err := s.claimLines(ctx, tx, accountID, lines)
		if err != nil {
			return err
		}

		rows := make([]store.ImportedRecord, 0, len(won))
		for i := range lines {
			line := &lines[i]
			switch {
			case len(line.wrong) > 0:
			case won[line.row.Reference] == line:
				rows = append(rows, line.row)
				tx.Audit(
					s.event(
						accountID,
						auditRecordCreated,
						line.row.Record.MPxN,
						line.row.Record.AK,
						map[string]any{"import": true},
					),
				)
			case bytes.Equal(said[line.row.Reference], line.row.LineHash):
				known++
			default:
				line.wrong = Errors{
					{
						Kind:    Conflict,
						Code:    codeConflict,
						Field:   "import-reference",
						Message: "was used for another line.",
					},
				}
			}
		}

		imported = len(rows)
		if err := tx.InsertImported(ctx, rows); err != nil {
			return err
		}

		return supersedeDetected(ctx, tx, account, rows)
	})
	return imported, known, err
}

// claimLines takes the references of the lines that are to be registered. It answers which line got each, and what
// line each reference stands for.
func (s *Register) claimLines(
	ctx context.Context,
	tx *store.Tx,
	accountID string,
	lines []importLine,
) (won map[string]*importLine, said map[string][]byte, err error) {
	references := map[string]bool{}
	refs := map[string]bool{}
	for _, line := range lines {
		if len(line.wrong) > 0 {
			continue
		}

		references[line.row.Reference] = true
		if line.ref != "" {
			refs[line.ref] = true
		}
	}

	if len(references) == 0 {
		return nil, nil, nil
	}
	if said, err = tx.FindImports(ctx, accountID, slices.Collect(maps.Keys(references))); err != nil {
		return nil, nil, err
	}

	identities, err := tx.HoldIdentityRecords(ctx, slices.Sorted(maps.Keys(refs)))
	if err != nil {
		return nil, nil, err
	}

	mpxns := map[string]bool{}
	for i := range lines {
		line := &lines[i]
		if len(line.wrong) > 0 || said[line.row.Reference] != nil {
			continue
		}
		if line.ref != "" {
			if line.wrong = line.rest(identities, accountID); line.wrong != nil {
				continue
			}
		}

		mpxns[line.row.Record.MPxN] = true
	}

	sizes, err := tx.SumRecordSizes(ctx, accountID, slices.Collect(maps.Keys(mpxns)))
	if err != nil {
		return nil, nil, err
	}

	won = map[string]*importLine{}
	var claims []store.ImportedRecord
	for i := range lines {
		line := &lines[i]
		if len(line.wrong) > 0 || said[line.row.Reference] != nil {
			continue
		}

		if won[line.row.Reference] == nil {
			record := line.row.Record
			if sizes[record.MPxN] += len(record.Record); sizes[record.MPxN] > mostAtMeter {
				sizes[record.MPxN] -= len(record.Record)
				line.wrong = Errors{noRoom()}
				continue
			}

			won[line.row.Reference] = line
			claims = append(claims, line.row)
		}
	}

	got, err := tx.ClaimImports(ctx, accountID, claims)
	if err != nil {
		return nil, nil, err
	}

	var lost []string
	for reference, line := range won {
		if got[reference] {
			said[reference] = line.row.LineHash
		} else {
			lost = append(lost, reference)
			delete(won, reference)
		}
	}

	if len(lost) > 0 {
		late, err := tx.FindImports(ctx, accountID, lost)
		if err != nil {
			return nil, nil, err
		}
		maps.Copy(said, late)
	}

	return won, said, nil
}

// rest puts a line on the identity record that it names, or refuses it.
func (l *importLine) rest(identities map[string]store.IdentityRecord, accountID string) Errors {
	const field = "access-record.record-metadata.identity-record-ref"
	identity, there := identities[l.ref]
	switch {
	case !there || identity.AccountID != accountID:
		return Errors{
			{Kind: Forbidden, Code: codeRole, Field: field, Message: "is not an identity record of this account."},
		}
	case identity.MPxN == nil:
		return Errors{{Kind: Conflict, Code: codeConflict, Field: field, Message: "has been anonymised."}}
	}

	l.row.Record.MPxN = *identity.MPxN
	return nil
}

// supersedeDetected claims what the DCC detected of the account's organisation, as createAccessRecord does.
func supersedeDetected(ctx context.Context, tx *store.Tx, account store.Account, rows []store.ImportedRecord) error {
	if account.OrganisationReference == nil {
		return nil
	}

	active := map[string]string{} // the first access key by meter point
	for _, row := range rows {
		if _, there := active[row.Record.MPxN]; !there && row.Record.State == string(registerclient.StateActive) {
			active[row.Record.MPxN] = row.Record.AK
		}
	}

	if len(active) == 0 {
		return nil
	}

	detected, err := tx.ListDiscoveredMeterPoints(ctx, *account.OrganisationReference, slices.Collect(maps.Keys(active)))
	if err != nil {
		return err
	}
	for _, mpxn := range detected {
		if err := tx.SupersedeDiscoveredAccess(ctx, mpxn, *account.OrganisationReference, active[mpxn]); err != nil {
			return err
		}
	}

	return nil
}
