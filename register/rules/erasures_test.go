package rules_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// What the tests of erasure look for. Every address of the customer ends in erasedDomain.
const (
	erasedDomain = "erasure.example"
	erasedStreet = "17 Vanishing Lane"
)

// erasedPerson is a customer of whom the register holds everything that it can.
type erasedPerson struct {
	*registertest.Register
	owner, portal, other *registerclient.Client
	// irs are the identity records of the customer at the owner.
	irs []string
}

// newErasedPerson returns a customer with a standing address, a new one that waits to replace it, a second record from
// an import, an open challenge, letters that wait, and answers that are kept for an Idempotency-Key.
func newErasedPerson(t *testing.T, opts ...registertest.Option) *erasedPerson {
	t.Helper()
	r := registertest.New(t, append(opts, registertest.HoldConfirmations())...)
	p := &erasedPerson{
		Register: r,
		owner:    r.Client(t, registerclient.RoleDataUser),
		portal:   r.Client(t, registerclient.RolePortal),
		other:    r.Client(t, registerclient.RoleDataUser),
	}

	in := registertest.IdentityRecord(registertest.MeterPoint, "erika@"+erasedDomain)
	in.PIIPrincipal.Address.AddressLine1 = erasedStreet
	keyed := registerclient.WithIdempotencyKey(t.Context(), "create")
	ir := must(p.owner.CreateIdentityRecord(keyed, in))(t).IR
	p.irs = append(p.irs, ir)
	r.AddPasskey(t, ir)

	change := registerclient.UpdateIdentityRecordRequest{
		Email: new("erika.new@" + erasedDomain),
		PIIPrincipal: &registerclient.PIIPrincipalChange{Address: &registerclient.UKAddress{
			AddressLine1: erasedStreet + " 2", TownCity: "Manchester", Postcode: "M14 5RT",
		}},
	}
	must(p.owner.UpdateIdentityRecord(t.Context(), ir, change))(t)

	line := registerclient.ImportLine{
		ImportReference: "crm-1", IdentityRecord: &in, AccessRecord: registertest.AccessRecord("", "uk-contract"),
	}
	line.AccessRecord.RecordMetadata.IdentityRecordRef = nil
	imported := must(p.owner.ImportAccessRecords(t.Context(), bytes.NewReader(must(json.Marshal(line))(t))))(t)
	if imported.Imported != 1 {
		t.Fatalf("imported %+v", imported)
	}

	found := must(p.owner.LookupIdentityRecords(t.Context(), registerclient.LookupIdentityRecordsQuery{
		MPxN: registertest.MeterPoint,
	}))(t)
	for _, record := range found.IdentityRecords {
		if record.IR != ir {
			p.irs = append(p.irs, record.IR)
		}
	}

	keyed = registerclient.WithIdempotencyKey(t.Context(), "start")
	must(p.portal.Reidentify(keyed, registerclient.ReidentifyRequest{
		MPxN: registertest.MeterPoint, Method: registerclient.MethodMagicLink,
	}))(t)

	// Another account's contact: the customer's address is asked about it.
	must(p.other.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(
		registertest.MeterPoint, "lodger@example.com")))(t)
	r.WriteContactLetters(t)

	return p
}

// erase ends the customer's access records and anonymises both identity records.
func (p *erasedPerson) erase(t *testing.T) {
	t.Helper()
	for _, record := range registertest.ListRecords(t, p.owner, "") {
		registertest.Revoke(t, p.owner, record.AK)
	}
	for _, ir := range p.irs {
		must(p.owner.AnonymiseIdentityRecord(t.Context(), ir))(t)
	}
}

// blobs returns every value of bytes in the SQLite database, by table and column, but those of the audit log.
func (p *erasedPerson) blobs(t *testing.T) map[string][][]byte {
	t.Helper()
	var columns []struct {
		Table  string `db:"tbl"`
		Column string `db:"col"`
	}
	err := p.DB.Read.Select(
		&columns,
		`SELECT m.name AS tbl, c.name AS col FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND c.type = 'BLOB' AND m.name NOT LIKE 'audit%'`,
	)
	if err != nil {
		t.Fatal(err)
	}

	found := map[string][][]byte{}
	for _, c := range columns {
		var values [][]byte
		err := p.DB.Read.Select(&values, fmt.Sprintf(`SELECT %s FROM %s WHERE LENGTH(%[1]s) > 0`, c.Column, c.Table))
		if err != nil {
			t.Fatal(err)
		}

		found[c.Table+"."+c.Column] = values
	}

	return found
}

// files returns the bytes of the database and of its log.
func (p *erasedPerson) files(t *testing.T) map[string][]byte {
	t.Helper()
	var path string
	if err := p.DB.Read.Get(&path, `SELECT file FROM pragma_database_list WHERE name = 'main'`); err != nil {
		t.Fatal(err)
	}

	files := map[string][]byte{}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		content, err := os.ReadFile(path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}

		files["register.db"+suffix] = content
	}

	return files
}

// readable returns what the keys of the register open: the bodies of jobs, kept answers, and the identity records.
func (p *erasedPerson) readable(t *testing.T, service *rules.Rules) []string {
	t.Helper()
	var texts []string
	for _, job := range must(p.Store.ListDueJobs(t.Context(), p.Clock.Now().AddDate(1, 0, 0), 1000, 1000))(t) {
		texts = append(texts, string(must(service.OpenJob(t.Context(), job))(t)))
	}

	ring := must(rules.NewKeyring(firstKey))(t)
	for _, row := range must(p.Store.ListSealed(t.Context(), store.SealedResponses, "none", nil, 1000))(t) {
		place := "idempotency_keys.sealed_answer " + row.Key[0] + " " + row.Key[1]
		texts = append(texts, must(rules.OpenForTest(ring, row.KeyID, row.Values[0], place))(t))
	}

	for _, row := range must(p.Store.ListSealed(t.Context(), store.SealedIdentityRecords, "none", nil, 1000))(t) {
		for i, column := range []string{"sealed_email", "sealed_detail"} {
			if row.Values[i] == nil {
				continue
			}

			place := "identity_records." + column + " " + row.Key[0]
			texts = append(texts, must(rules.OpenRecordForTest(t.Context(), p.Store, ring, row, i, place))(t))
		}
	}

	return texts
}

// After an erasure and its checkpoint nothing of the person is in the live files: neither as text, nor as a ciphertext
// of before, nor as a hash or a key. What the keys of the register still open is about others.
func TestErasureLeavesNothingInTheFiles(t *testing.T) {
	t.Parallel()
	p := newErasedPerson(t)
	service := withKeys(t, p.Register, firstKey)
	before := p.blobs(t)
	if text := strings.Join(p.readable(t, service), "\n"); !strings.Contains(text, erasedDomain) ||
		!strings.Contains(text, erasedStreet) {
		t.Fatalf("nothing to erase in %d bytes", len(text))
	}

	p.erase(t)
	p.CleanErased(t)
	after := p.blobs(t)
	files := p.files(t)
	for column, values := range before {
		stays := map[string]bool{}
		for _, value := range after[column] {
			stays[string(value)] = true
		}

		for _, value := range values {
			if stays[string(value)] || slices.Contains(p.irs, string(value)) {
				continue // the sample passkey has the key of its record for an id
			}
			for name, content := range files {
				if bytes.Contains(content, value) {
					t.Errorf("%s still has a value of %s", name, column)
				}
			}
		}
	}

	// The customer alone had these.
	for _, column := range []string{
		"imports.line_hash", "idempotency_keys.request_hash", "idempotency_keys.sealed_answer",
		"reidentifications.link_hash", "contacts.sealed_email", "contacts.email_mac", "credentials.webauthn_id",
	} {
		if len(before[column]) == 0 || len(after[column]) != 0 {
			t.Errorf("%s has %d values, and had %d", column, len(after[column]), len(before[column]))
		}
	}

	for name, content := range files {
		for _, text := range []string{erasedDomain, erasedStreet, "erika"} {
			if bytes.Contains(content, []byte(text)) {
				t.Errorf("%s has %q", name, text)
			}
		}
	}

	if len(files["register.db-wal"]) != 0 {
		t.Errorf("the log has %d bytes", len(files["register.db-wal"]))
	}
	if text := strings.Join(p.readable(t, service), "\n"); strings.Contains(text, erasedDomain) ||
		strings.Contains(text, erasedStreet) || !strings.Contains(text, "lodger@example.com") {
		t.Errorf("the keys open too much or too little, %d bytes", len(text))
	}

	var kept int
	err := p.DB.Read.Get(&kept, p.DB.Read.Rebind(`SELECT COUNT(*) FROM identity_keys WHERE ir IN (?, ?)`),
		p.irs[0], p.irs[1])
	if err != nil || kept != 0 {
		t.Errorf("%d keys are left (%v)", kept, err)
	}
}

// A letter that a worker has claimed when its person is erased is not sent, and leaves no trace.
func TestLetterOfAnErasedPerson(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		inbox, sender := registertest.NewInbox(t)
		p := newErasedPerson(t, registertest.On(d), registertest.WithMail(sender))
		service := withKeys(t, p.Register, firstKey)
		claimed := must(p.Store.ListDueJobs(t.Context(), p.Now(), 1000, 1000))(t)
		if len(claimed) < 2 {
			t.Fatalf("%d letters wait", len(claimed))
		}

		p.erase(t)
		for _, job := range claimed {
			if _, err := service.OpenJob(t.Context(), job); !errors.Is(err, rules.ErrErased) {
				t.Errorf("%s: %v, want ErrErased", job.Subject, err)
			}
			if err := service.EndJob(t.Context(), job, rules.JobEnd{Outcome: store.OutcomeDropped}); err != nil {
				t.Errorf("%s: %v", job.Subject, err)
			}
		}

		p.WorkOff(t)
		for _, letter := range inbox.Messages() {
			if strings.Contains(fmt.Sprint(letter), erasedDomain) {
				t.Errorf("sent to %v", letter)
			}
		}
		if strings.Contains(p.Log.String(), erasedDomain) {
			t.Error("the log has the address")
		}
	})
}

// A request whose answer was erased with its person is refused, and not run again.
func TestErasedAnswerIsNotRepeated(t *testing.T) {
	t.Parallel()
	p := newErasedPerson(t)
	p.erase(t)
	in := registertest.IdentityRecord(registertest.MeterPoint, "erika@"+erasedDomain)
	in.PIIPrincipal.Address.AddressLine1 = erasedStreet
	keyed := registerclient.WithIdempotencyKey(t.Context(), "create")
	_, err := p.owner.CreateIdentityRecord(keyed, in)
	if !errors.Is(err, registerclient.ErrUnprocessable) {
		t.Errorf("the same request again: %v", err)
	}
}

// Erasures are replayed on a database that was restored from a backup: with everything that rests on the record, once,
// audited.
func TestReplayErasures(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		register := registertest.AccessRecord(h.ir, registerclient.BasisConsent)
		if _, err := h.register(t, h.owner, register); err != nil {
			t.Fatal(err)
		}

		h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		at := today.Add(-time.Hour)
		unknown := store.Erasure{IR: rules.NewID("ir"), ErasedAt: store.Millis(at)}
		list := []store.Erasure{unknown, {IR: h.ir, ErasedAt: store.Millis(at)}}
		for _, want := range []int{1, 0} {
			looked := 0
			erased, err := h.ReplayErasures(t.Context(), list, func(done int) { looked = done })
			if err != nil || erased != want || looked != len(list) {
				t.Errorf("erased %d of %d, want %d (%v)", erased, looked, want, err)
			}
		}

		row := must(h.store.FindIdentityRecord(t.Context(), h.ir))(t)
		if row.AnonymisedAt == nil || !row.AnonymisedAt.Time().Equal(at) || row.SealedEmail != nil ||
			row.WrappedKey != nil || len(h.jobs(t)) != 0 {
			t.Errorf("replayed %+v", row)
		}

		h.expectAudited(t, "identity-record.anonymised", 1)
		listed := must(h.store.ListErasures(t.Context(), at, store.Erasure{}, 10))(t)
		if len(listed) != 2 {
			t.Errorf("the list has %+v, want both", listed)
		}
		for _, statement := range []string{`DELETE FROM erasures`, `UPDATE erasures SET erased_at = 0`} {
			if _, err := h.db.Write.Exec(statement); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", statement, err)
			}
		}
	})
}

// An erasure before a record of an older program has a key of its own erases too: the values themselves, and the
// letters that do not name their record.
func TestEraseARecordOfAnOlderProgram(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		h.older(t, h.ir, customerEmail)
		ring := must(rules.NewKeyring(firstKey))(t)
		other := h.lives(t, h.owner, "other@example.com", "2022-06-30")
		for _, job := range h.jobs(t) {
			letter := `{"to":"` + customerEmail + `"}`
			h.exec(t, `UPDATE outbox SET ir = NULL, key_id = 'test', sealed_body = ? WHERE job = ?`,
				rules.SealForTest(ring, letter, "outbox.sealed_body "+job.ID), job.Job)
		}

		must(h.AnonymiseIdentityRecord(t.Context(), "owner", other))(t)
		if jobs := h.jobs(t); len(jobs) == 0 {
			t.Error("another person's letter is gone")
		}

		must(h.AnonymiseIdentityRecord(t.Context(), "owner", h.ir))(t)
		row := must(h.store.FindIdentityRecord(t.Context(), h.ir))(t)
		if jobs := h.jobs(t); len(jobs) != 0 || row.SealedEmail != nil || row.EmailMAC != nil || row.WrappedKey != nil {
			t.Errorf("%d letters are left of %+v", len(jobs), row)
		}
	})
}

// A contact that waits until the erased person has got a letter waits no longer: the letter is never sent.
func TestErasureEndsTheWaitForALetter(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.asking(t, "other", registerclient.RoleDataUser)
		lodger := h.lives(t, other, "lodger@example.com", "2023-01-01")
		must(h.WriteContactLetters(t.Context()))(t)
		told := func() bool {
			t.Helper()
			contacts := must(h.store.ListContactsOf(t.Context(), []string{lodger}))(t)

			return len(contacts) == 1 && contacts[0].ToldAt != nil
		}
		if told() {
			t.Fatal("told before the letter was sent")
		}

		must(h.AnonymiseIdentityRecord(t.Context(), "owner", h.ir))(t)
		if !told() || len(h.jobs(t)) != 0 {
			t.Errorf("told: %t, with %d letters", told(), len(h.jobs(t)))
		}
	})
}
