-- Times are integers: milliseconds since 1970, UTC.

-- +goose Up

-- The order in which rows were created: times are whole seconds, and keys are random.
ALTER TABLE accounts ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE accounts SET seq = rowid;
-- +goose StatementBegin
CREATE TRIGGER accounts_in_order AFTER INSERT ON accounts
BEGIN UPDATE accounts SET seq = NEW.rowid WHERE rowid = NEW.rowid; END;
-- +goose StatementEnd
ALTER TABLE identity_records ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE identity_records SET seq = rowid;
-- +goose StatementBegin
CREATE TRIGGER identity_records_in_order AFTER INSERT ON identity_records
BEGIN UPDATE identity_records SET seq = NEW.rowid WHERE rowid = NEW.rowid; END;
-- +goose StatementEnd
ALTER TABLE credentials ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE credentials SET seq = rowid;
-- +goose StatementBegin
CREATE TRIGGER credentials_in_order AFTER INSERT ON credentials
BEGIN UPDATE credentials SET seq = NEW.rowid WHERE rowid = NEW.rowid; END;
-- +goose StatementEnd
ALTER TABLE contacts ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE contacts SET seq = rowid;
-- +goose StatementBegin
CREATE TRIGGER contacts_in_order AFTER INSERT ON contacts
BEGIN UPDATE contacts SET seq = NEW.rowid WHERE rowid = NEW.rowid; END;
-- +goose StatementEnd
ALTER TABLE access_records ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE access_records SET seq = rowid;
-- +goose StatementBegin
CREATE TRIGGER access_records_in_order AFTER INSERT ON access_records
BEGIN UPDATE access_records SET seq = NEW.rowid WHERE rowid = NEW.rowid; END;
-- +goose StatementEnd
ALTER TABLE discovered_access ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE discovered_access SET seq = rowid;
-- +goose StatementBegin
CREATE TRIGGER discovered_access_in_order AFTER INSERT ON discovered_access
BEGIN UPDATE discovered_access SET seq = NEW.rowid WHERE rowid = NEW.rowid; END;
-- +goose StatementEnd
ALTER TABLE tenancy_changes ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE tenancy_changes SET seq = rowid;
-- +goose StatementBegin
CREATE TRIGGER tenancy_changes_in_order AFTER INSERT ON tenancy_changes
BEGIN UPDATE tenancy_changes SET seq = NEW.rowid WHERE rowid = NEW.rowid; END;
-- +goose StatementEnd
ALTER TABLE webhooks ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE webhooks SET seq = rowid;
-- +goose StatementBegin
CREATE TRIGGER webhooks_in_order AFTER INSERT ON webhooks
BEGIN UPDATE webhooks SET seq = NEW.rowid WHERE rowid = NEW.rowid; END;
-- +goose StatementEnd
ALTER TABLE alarms ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE alarms SET seq = rowid;
-- +goose StatementBegin
CREATE TRIGGER alarms_in_order AFTER INSERT ON alarms
BEGIN UPDATE alarms SET seq = NEW.rowid WHERE rowid = NEW.rowid; END;
-- +goose StatementEnd

-- When the row last changed: it was registered, replaced or ended; and the owner's own reference for it.
ALTER TABLE access_records ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE access_records ADD COLUMN controller_reference TEXT;
UPDATE access_records SET
    changed_at = MAX(created_at, COALESCE(revoked_at, 0),
        COALESCE(CAST(strftime('%s', json_extract(amendments, '$[#-1]."amended-at"')) AS INTEGER) * 1000, 0)),
    controller_reference = NULLIF(json_extract(record, '$."access-event"."controller-reference"'), '');

-- Lists are sorted by time and this order.
DROP INDEX access_records_by_account;
DROP INDEX access_records_by_age;
DROP INDEX audit_events_by_time;
CREATE INDEX access_records_by_account ON access_records (account_id, created_at, seq);
CREATE INDEX access_records_by_age ON access_records (created_at, seq);
CREATE INDEX access_records_by_change ON access_records (account_id, changed_at, seq);
CREATE INDEX access_records_by_reference ON access_records (account_id, controller_reference, created_at, seq)
    WHERE controller_reference IS NOT NULL;
DROP INDEX alarms_by_time;
CREATE INDEX alarms_by_time ON alarms (raised_at, seq);
CREATE INDEX audit_events_by_time ON audit_events (at, log_rows, event_id);

-- Who looked at the list of a meter point, for the household to read. A Data User's readings of its own records make one
-- row a day.
CREATE TABLE looks (
    look       INTEGER PRIMARY KEY AUTOINCREMENT,
    mpxn       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('customer-list', 'own-records', 'administrator')),
    account_id TEXT NOT NULL,
    ir         TEXT REFERENCES identity_records, -- of the customer who confirmed; null if none was asked
    adviser    TEXT,                             -- the name that the portal gave; null without one
    at         INTEGER NOT NULL,
    day        TEXT                              -- in London, of what makes one row a day; null of all else
);
CREATE INDEX looks_by_meter_point ON looks (mpxn, at, look);
CREATE INDEX looks_by_age ON looks (at);
CREATE UNIQUE INDEX looks_by_day ON looks (mpxn, account_id, kind, day) WHERE day IS NOT NULL;
INSERT INTO looks (mpxn, kind, account_id, at)
SELECT e.mpxn, 'customer-list', e.account_id, e.at FROM audit_events e JOIN accounts a ON a.account_id = e.account_id
WHERE a.role = 'portal' AND e.event_type = 'records.read' AND e.mpxn <> '' ORDER BY e.at, e.log_rows, e.event_id;

-- The response to a reading by token, for a repetition with the same Idempotency-Key within two minutes.
CREATE TABLE kept_readings (
    account_id      TEXT NOT NULL REFERENCES accounts,
    idempotency_key TEXT NOT NULL,
    request_hash    BLOB NOT NULL,                -- SHA-256 of method, path and query
    token_hash      BLOB NOT NULL REFERENCES reidentifications (token_hash) ON DELETE CASCADE,
    records_hash    BLOB NOT NULL,                -- SHA-256 of the records as they were shown
    key_id          TEXT NOT NULL,
    sealed_answer   BLOB NOT NULL,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (account_id, idempotency_key)
);
CREATE INDEX kept_readings_by_token ON kept_readings (token_hash);
CREATE INDEX kept_readings_by_age ON kept_readings (created_at);

-- +goose Down
DROP TABLE kept_readings;
DROP TABLE looks;
DROP INDEX audit_events_by_time;
CREATE INDEX audit_events_by_time ON audit_events (at, event_id);
DROP INDEX alarms_by_time;
CREATE INDEX alarms_by_time ON alarms (raised_at, alarm);
DROP INDEX access_records_by_reference;
DROP INDEX access_records_by_change;
DROP INDEX access_records_by_age;
DROP INDEX access_records_by_account;
CREATE INDEX access_records_by_age ON access_records (created_at, ak);
CREATE INDEX access_records_by_account ON access_records (account_id, created_at, ak);
ALTER TABLE access_records DROP COLUMN controller_reference;
ALTER TABLE access_records DROP COLUMN changed_at;
DROP TRIGGER alarms_in_order;
ALTER TABLE alarms DROP COLUMN seq;
DROP TRIGGER webhooks_in_order;
ALTER TABLE webhooks DROP COLUMN seq;
DROP TRIGGER tenancy_changes_in_order;
ALTER TABLE tenancy_changes DROP COLUMN seq;
DROP TRIGGER discovered_access_in_order;
ALTER TABLE discovered_access DROP COLUMN seq;
DROP TRIGGER access_records_in_order;
ALTER TABLE access_records DROP COLUMN seq;
DROP TRIGGER contacts_in_order;
ALTER TABLE contacts DROP COLUMN seq;
DROP TRIGGER credentials_in_order;
ALTER TABLE credentials DROP COLUMN seq;
DROP TRIGGER identity_records_in_order;
ALTER TABLE identity_records DROP COLUMN seq;
DROP TRIGGER accounts_in_order;
ALTER TABLE accounts DROP COLUMN seq;
