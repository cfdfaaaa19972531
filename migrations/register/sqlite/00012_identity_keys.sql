-- Times are integers: milliseconds since 1970, UTC.

-- +goose Up

-- The key of each identity record, wrapped with a key of the key ring. It seals what is stored of the person, and
-- anonymisation destroys it. The program makes the keys of records that are here already, because that needs the key ring.
CREATE TABLE identity_keys (
    ir          TEXT PRIMARY KEY REFERENCES identity_records,
    key_id      TEXT NOT NULL,                      -- the key that it is wrapped with
    wrapped_key BLOB NOT NULL
);

-- The identity records that were anonymised. Append-only: it is replayed on a database that is restored from a backup.
CREATE TABLE erasures (
    ir        TEXT PRIMARY KEY,
    erased_at INTEGER NOT NULL
);
CREATE INDEX erasures_by_time ON erasures (erased_at, ir);
INSERT INTO erasures (ir, erased_at) SELECT ir, anonymised_at FROM identity_records WHERE anonymised_at IS NOT NULL;
-- +goose StatementBegin
CREATE TRIGGER erasures_no_update BEFORE UPDATE ON erasures BEGIN SELECT RAISE(ABORT, 'the list of erasures is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER erasures_no_delete BEFORE DELETE ON erasures BEGIN SELECT RAISE(ABORT, 'the list of erasures is append-only'); END;
-- +goose StatementEnd

-- One row: how many erasures there were when the files were last cleaned of what is deleted. Below zero if a cleaning is
-- due for another reason: older ciphertext was there, or has been replaced.
CREATE TABLE erasure_cleaning (erasures INTEGER NOT NULL);
INSERT INTO erasure_cleaning (erasures)
SELECT CASE WHEN EXISTS (SELECT 1 FROM identity_records) THEN -1 ELSE 0 END;

-- The form of what is sealed: below 3 with a key of the key ring, from 3 on with the record's own key.
DROP INDEX identity_records_by_former_email;
CREATE INDEX identity_records_by_former_form ON identity_records (ir)
    WHERE email_form < 3 AND (sealed_email IS NOT NULL OR sealed_detail IS NOT NULL);

-- The identity record to whose person a letter goes, or that an answer is about. Null for others and for older ones.
ALTER TABLE outbox ADD COLUMN ir TEXT;
CREATE INDEX outbox_by_identity_record ON outbox (ir) WHERE ir IS NOT NULL;
ALTER TABLE idempotency_keys ADD COLUMN ir TEXT;
CREATE INDEX idempotency_keys_by_identity_record ON idempotency_keys (ir) WHERE ir IS NOT NULL;
CREATE INDEX imports_by_record ON imports (ak);
CREATE INDEX contact_letters_by_recipient ON contact_letters (recipient);
CREATE INDEX access_records_by_first_identity_record ON access_records (first_ir) WHERE first_ir IS NOT NULL;

-- No attempt needs the body of a letter that has ended.
UPDATE outbox SET sealed_body = X'' WHERE kind = 'mail' AND outcome IS NOT NULL;

-- An access record that was registered by token rests on an identity record of its own account: a reference without a
-- person's data. Until this step it was linked to the record of the account whose customer confirmed.
ALTER TABLE identity_records ADD COLUMN by_token BOOLEAN NOT NULL DEFAULT FALSE;
CREATE TABLE token_references AS
SELECT ak, account_id, confirmed_ir, created_at, 'ir_' || LOWER(HEX(RANDOMBLOB(12))) AS ir FROM (
    SELECT r.ak, r.account_id, r.ir AS confirmed_ir, r.created_at
    FROM access_records r JOIN identity_records i ON i.ir = r.ir WHERE i.account_id <> r.account_id
    UNION
    SELECT r.ak, r.account_id, r.first_ir, r.created_at
    FROM access_records r JOIN identity_records i ON i.ir = r.first_ir WHERE i.account_id <> r.account_id
) linked;
INSERT INTO identity_records (ir, account_id, mpxn, move_in_date, former_move_ins, key_id, created_at, anonymised_at,
    email_form, by_token)
SELECT t.ir, t.account_id, i.mpxn, i.move_in_date, i.former_move_ins, i.key_id, t.created_at, i.anonymised_at, 3, TRUE
FROM token_references t JOIN identity_records i ON i.ir = t.confirmed_ir;
UPDATE access_records SET first_ir = t.ir FROM token_references t
WHERE t.ak = access_records.ak AND t.confirmed_ir = access_records.first_ir;
UPDATE access_records SET ir = t.ir FROM token_references t
WHERE t.ak = access_records.ak AND t.confirmed_ir = access_records.ir;
DROP TABLE token_references;

-- +goose Down
-- The references stay, and what is sealed with a key that goes cannot be read any more: restore a backup instead.
ALTER TABLE identity_records DROP COLUMN by_token;
DROP INDEX access_records_by_first_identity_record;
DROP INDEX contact_letters_by_recipient;
DROP INDEX imports_by_record;
DROP INDEX idempotency_keys_by_identity_record;
ALTER TABLE idempotency_keys DROP COLUMN ir;
DROP INDEX outbox_by_identity_record;
ALTER TABLE outbox DROP COLUMN ir;
DROP INDEX identity_records_by_former_form;
CREATE INDEX identity_records_by_former_email ON identity_records (ir)
    WHERE email_form < 2 AND email_mac IS NOT NULL;
DROP TABLE erasure_cleaning;
DROP TABLE erasures;
DROP TABLE identity_keys;
