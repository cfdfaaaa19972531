-- Times are integers: milliseconds since 1970, UTC.

-- +goose Up

-- The order in which rows were created: times are whole seconds, and keys are random.
CREATE SEQUENCE creation_order;
ALTER TABLE accounts ADD COLUMN seq BIGINT NOT NULL DEFAULT nextval('creation_order');
ALTER TABLE identity_records ADD COLUMN seq BIGINT NOT NULL DEFAULT nextval('creation_order');
ALTER TABLE credentials ADD COLUMN seq BIGINT NOT NULL DEFAULT nextval('creation_order');
ALTER TABLE contacts ADD COLUMN seq BIGINT NOT NULL DEFAULT nextval('creation_order');
ALTER TABLE access_records ADD COLUMN seq BIGINT NOT NULL DEFAULT nextval('creation_order');
ALTER TABLE discovered_access ADD COLUMN seq BIGINT NOT NULL DEFAULT nextval('creation_order');
ALTER TABLE tenancy_changes ADD COLUMN seq BIGINT NOT NULL DEFAULT nextval('creation_order');
ALTER TABLE webhooks ADD COLUMN seq BIGINT NOT NULL DEFAULT nextval('creation_order');
ALTER TABLE alarms ADD COLUMN seq BIGINT NOT NULL DEFAULT nextval('creation_order');

-- When the row last changed: it was registered, replaced or ended; and the owner's own reference for it.
ALTER TABLE access_records ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE access_records ADD COLUMN controller_reference TEXT;
UPDATE access_records SET
    changed_at = GREATEST(created_at, revoked_at,
        CAST(EXTRACT(EPOCH FROM CAST(amendments::jsonb -> -1 ->> 'amended-at' AS TIMESTAMPTZ)) * 1000 AS BIGINT)),
    controller_reference = NULLIF(record::jsonb -> 'access-event' ->> 'controller-reference', '');

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
    look       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mpxn       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('customer-list', 'own-records', 'administrator')),
    account_id TEXT NOT NULL,
    ir         TEXT REFERENCES identity_records, -- of the customer who confirmed; null if none was asked
    adviser    TEXT,                             -- the name that the portal gave; null without one
    at         BIGINT NOT NULL,
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
    request_hash    BYTEA NOT NULL,                -- SHA-256 of method, path and query
    token_hash      BYTEA NOT NULL REFERENCES reidentifications (token_hash) ON DELETE CASCADE,
    records_hash    BYTEA NOT NULL,                -- SHA-256 of the records as they were shown
    key_id          TEXT NOT NULL,
    sealed_answer   BYTEA NOT NULL,
    created_at      BIGINT NOT NULL,
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
ALTER TABLE alarms DROP COLUMN seq;
ALTER TABLE webhooks DROP COLUMN seq;
ALTER TABLE tenancy_changes DROP COLUMN seq;
ALTER TABLE discovered_access DROP COLUMN seq;
ALTER TABLE access_records DROP COLUMN seq;
ALTER TABLE contacts DROP COLUMN seq;
ALTER TABLE credentials DROP COLUMN seq;
ALTER TABLE identity_records DROP COLUMN seq;
ALTER TABLE accounts DROP COLUMN seq;
DROP SEQUENCE creation_order;
