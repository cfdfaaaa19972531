-- Times are integers: milliseconds since 1970, UTC. Days are text: YYYY-MM-DD.

-- +goose Up
ALTER TABLE accounts ADD COLUMN suspended_at INTEGER;     -- since when it is suspended or terminated

-- A change of tenancy that the DCC reported. A withdrawn one divides nobody.
CREATE TABLE tenancy_changes (
    cot              TEXT PRIMARY KEY,
    account_id       TEXT NOT NULL REFERENCES accounts,
    mpxn             TEXT NOT NULL,
    effective_date   TEXT NOT NULL,
    source_reference TEXT NOT NULL,
    affected         INTEGER NOT NULL,             -- active access records when it was reported
    notified         TEXT NOT NULL,               -- JSON array of DUIDs
    created_at       INTEGER NOT NULL,
    withdrawn_at     INTEGER,
    UNIQUE (mpxn, effective_date, source_reference)
);

CREATE TABLE webhooks (
    wid                TEXT PRIMARY KEY,
    account_id         TEXT NOT NULL REFERENCES accounts,
    callback_url       TEXT NOT NULL,
    notify_days_before INTEGER NOT NULL CHECK (notify_days_before BETWEEN 1 AND 90),
    event_types        TEXT NOT NULL,             -- JSON array
    key_id             TEXT NOT NULL,             -- the key of the sealed columns
    sealed_alert_email BLOB NOT NULL,
    sealed_secret      BLOB NOT NULL,
    sealed_previous    BLOB,                     -- the secret before the last rotation
    rotated_at         INTEGER,
    created_at         INTEGER NOT NULL,
    deleted_at         INTEGER                     -- what is queued is still tried
);
-- One endpoint, one subscription of an account.
CREATE UNIQUE INDEX webhooks_by_address ON webhooks (account_id, callback_url) WHERE deleted_at IS NULL;

-- What has to happen after a change: written in the transaction of the change, done by a worker. An attempt
-- holds the job until leased_until, and only the attempt that is the latest may say how it ended.
CREATE TABLE outbox (
    job          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,            -- evt_ or msg_: the same at each attempt
    kind         TEXT NOT NULL CHECK (kind IN ('webhook', 'mail')),
    target       TEXT NOT NULL,                   -- the wid of a webhook; the host of a mail's address
    subject      TEXT NOT NULL,                   -- the type of the event or letter
    key_id       TEXT NOT NULL,
    sealed_body  BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    drop_at      INTEGER,                          -- worth nothing any more from then on
    attempts     INTEGER NOT NULL DEFAULT 0,
    leased_until INTEGER NOT NULL DEFAULT 0,
    outcome      TEXT CHECK (outcome IN ('delivered', 'undelivered', 'dropped')),
    ended_at     INTEGER CHECK ((outcome IS NULL) = (ended_at IS NULL)),
    last_error   TEXT
);
CREATE INDEX outbox_by_due ON outbox (due_at) WHERE outcome IS NULL;
CREATE INDEX outbox_by_target ON outbox (target, job);
CREATE INDEX outbox_by_end ON outbox (ended_at) WHERE outcome IS NOT NULL;

-- Which lines an unfinished job waits in: in each, one job at a time and the oldest first.
CREATE TABLE outbox_lines (
    line TEXT NOT NULL,
    job  INTEGER NOT NULL REFERENCES outbox ON DELETE CASCADE,
    PRIMARY KEY (line, job)
);
CREATE INDEX outbox_lines_by_job ON outbox_lines (job);

-- Which ends of which access records have been announced to which subscription.
CREATE TABLE expiry_notices (
    wid    TEXT NOT NULL REFERENCES webhooks,
    ak     TEXT NOT NULL,
    expiry INTEGER NOT NULL,
    PRIMARY KEY (wid, ak, expiry)
);

-- The answer to a POST that carried an Idempotency-Key.
CREATE TABLE idempotency_keys (
    account_id   TEXT NOT NULL REFERENCES accounts,
    idempotency_key TEXT NOT NULL,
    request_hash BLOB NOT NULL,                  -- SHA-256 of method, path and body
    status       INTEGER NOT NULL,
    location     TEXT NOT NULL,
    key_id       TEXT NOT NULL,
    sealed_answer BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (account_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- The lines of an import that became access records, so that an import can be run again.
CREATE TABLE imports (
    account_id       TEXT NOT NULL REFERENCES accounts,
    import_reference TEXT NOT NULL,
    line_hash        BLOB NOT NULL,              -- SHA-256 of the line
    ak               TEXT NOT NULL,
    PRIMARY KEY (account_id, import_reference)
);

-- Append-only: see the triggers. Several chains, so that transactions need not wait for each other; within one,
-- each row's hash covers the row before.
CREATE TABLE audit_chains (
    chain  INTEGER PRIMARY KEY,
    length INTEGER NOT NULL,
    hash   BLOB NOT NULL                         -- of the last row
);
CREATE TABLE audit_events (
    chain      INTEGER NOT NULL,
    place      INTEGER NOT NULL,                   -- 1, 2, 3 ... within the chain
    event_id   TEXT NOT NULL UNIQUE,
    at         INTEGER NOT NULL,
    account_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    ak         TEXT NOT NULL,
    mpxn       TEXT NOT NULL,
    detail     TEXT NOT NULL,                     -- JSON
    hash       BLOB NOT NULL,
    PRIMARY KEY (chain, place)
);
CREATE INDEX audit_events_by_time ON audit_events (at, event_id);
CREATE INDEX audit_events_by_meter_point ON audit_events (mpxn, at) WHERE mpxn <> '';
CREATE INDEX audit_events_by_record ON audit_events (ak, at) WHERE ak <> '';
CREATE INDEX audit_events_by_account ON audit_events (account_id, at);
-- +goose StatementBegin
CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
INSERT INTO audit_chains (chain, length, hash) VALUES (0, 0, X''), (1, 0, X''), (2, 0, X''), (3, 0, X''), (4, 0, X''), (5, 0, X''), (6, 0, X''), (7, 0, X''), (8, 0, X''), (9, 0, X''), (10, 0, X''), (11, 0, X''), (12, 0, X''), (13, 0, X''), (14, 0, X''), (15, 0, X'');

-- For a Data User's own list, newest first, and for the notices of what will expire.
DROP INDEX access_records_by_account;
CREATE INDEX access_records_by_account ON access_records (account_id, created_at, ak);
CREATE INDEX access_records_by_expiry ON access_records (account_id, expiry) WHERE state = 'ACTIVE' AND expiry IS NOT NULL;
CREATE INDEX access_records_by_age ON access_records (created_at, ak);

-- +goose Down
DROP INDEX access_records_by_age;
DROP INDEX access_records_by_expiry;
DROP INDEX access_records_by_account;
CREATE INDEX access_records_by_account ON access_records (account_id, mpxn);
DROP TABLE audit_events;
DROP TABLE audit_chains;
DROP TABLE imports;
DROP TABLE idempotency_keys;
DROP TABLE expiry_notices;
DROP TABLE outbox_lines;
DROP TABLE outbox;
DROP TABLE webhooks;
DROP TABLE tenancy_changes;
ALTER TABLE accounts DROP COLUMN suspended_at;
