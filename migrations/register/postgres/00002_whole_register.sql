-- Times are integers: milliseconds since 1970, UTC. Days are text: YYYY-MM-DD.

-- +goose Up
ALTER TABLE accounts ADD COLUMN suspended_at BIGINT;     -- since when it is suspended or terminated

-- A change of tenancy that the DCC reported. A withdrawn one divides nobody.
CREATE TABLE tenancy_changes (
    cot              TEXT PRIMARY KEY,
    account_id       TEXT NOT NULL REFERENCES accounts,
    mpxn             TEXT NOT NULL,
    effective_date   TEXT NOT NULL,
    source_reference TEXT NOT NULL,
    affected         BIGINT NOT NULL,             -- active access records when it was reported
    notified         TEXT NOT NULL,               -- JSON array of DUIDs
    created_at       BIGINT NOT NULL,
    withdrawn_at     BIGINT,
    UNIQUE (mpxn, effective_date, source_reference)
);

CREATE TABLE webhooks (
    wid                TEXT PRIMARY KEY,
    account_id         TEXT NOT NULL REFERENCES accounts,
    callback_url       TEXT NOT NULL,
    notify_days_before BIGINT NOT NULL CHECK (notify_days_before BETWEEN 1 AND 90),
    event_types        TEXT NOT NULL,             -- JSON array
    key_id             TEXT NOT NULL,             -- the key of the sealed columns
    sealed_alert_email BYTEA NOT NULL,
    sealed_secret      BYTEA NOT NULL,
    sealed_previous    BYTEA,                     -- the secret before the last rotation
    rotated_at         BIGINT,
    created_at         BIGINT NOT NULL,
    deleted_at         BIGINT                     -- what is queued is still tried
);
-- One endpoint, one subscription of an account.
CREATE UNIQUE INDEX webhooks_by_address ON webhooks (account_id, callback_url) WHERE deleted_at IS NULL;

-- What has to happen after a change: written in the transaction of the change, done by a worker. An attempt
-- holds the job until leased_until, and only the attempt that is the latest may say how it ended.
CREATE TABLE outbox (
    job          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,            -- evt_ or msg_: the same at each attempt
    kind         TEXT NOT NULL CHECK (kind IN ('webhook', 'mail')),
    target       TEXT NOT NULL,                   -- the wid of a webhook; the host of a mail's address
    subject      TEXT NOT NULL,                   -- the type of the event or letter
    key_id       TEXT NOT NULL,
    sealed_body  BYTEA NOT NULL,
    created_at   BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    drop_at      BIGINT,                          -- worth nothing any more from then on
    attempts     BIGINT NOT NULL DEFAULT 0,
    leased_until BIGINT NOT NULL DEFAULT 0,
    outcome      TEXT CHECK (outcome IN ('delivered', 'undelivered', 'dropped')),
    ended_at     BIGINT CHECK ((outcome IS NULL) = (ended_at IS NULL)),
    last_error   TEXT
);
CREATE INDEX outbox_by_due ON outbox (due_at) WHERE outcome IS NULL;
CREATE INDEX outbox_by_target ON outbox (target, job);
CREATE INDEX outbox_by_end ON outbox (ended_at) WHERE outcome IS NOT NULL;

-- Which lines an unfinished job waits in: in each, one job at a time and the oldest first.
CREATE TABLE outbox_lines (
    line TEXT NOT NULL,
    job  BIGINT NOT NULL REFERENCES outbox ON DELETE CASCADE,
    PRIMARY KEY (line, job)
);
CREATE INDEX outbox_lines_by_job ON outbox_lines (job);

-- Which ends of which access records have been announced to which subscription.
CREATE TABLE expiry_notices (
    wid    TEXT NOT NULL REFERENCES webhooks,
    ak     TEXT NOT NULL,
    expiry BIGINT NOT NULL,
    PRIMARY KEY (wid, ak, expiry)
);

-- The answer to a POST that carried an Idempotency-Key.
CREATE TABLE idempotency_keys (
    account_id   TEXT NOT NULL REFERENCES accounts,
    idempotency_key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,                  -- SHA-256 of method, path and body
    status       BIGINT NOT NULL,
    location     TEXT NOT NULL,
    key_id       TEXT NOT NULL,
    sealed_answer BYTEA NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- The lines of an import that became access records, so that an import can be run again.
CREATE TABLE imports (
    account_id       TEXT NOT NULL REFERENCES accounts,
    import_reference TEXT NOT NULL,
    line_hash        BYTEA NOT NULL,              -- SHA-256 of the line
    ak               TEXT NOT NULL,
    PRIMARY KEY (account_id, import_reference)
);

-- Append-only: see the triggers. Several chains, so that transactions need not wait for each other; within one,
-- each row's hash covers the row before.
CREATE TABLE audit_chains (
    chain  BIGINT PRIMARY KEY,
    length BIGINT NOT NULL,
    hash   BYTEA NOT NULL                         -- of the last row
);
CREATE TABLE audit_events (
    chain      BIGINT NOT NULL,
    place      BIGINT NOT NULL,                   -- 1, 2, 3 ... within the chain
    event_id   TEXT NOT NULL UNIQUE,
    at         BIGINT NOT NULL,
    account_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    ak         TEXT NOT NULL,
    mpxn       TEXT NOT NULL,
    detail     TEXT NOT NULL,                     -- JSON
    hash       BYTEA NOT NULL,
    PRIMARY KEY (chain, place)
);
CREATE INDEX audit_events_by_time ON audit_events (at, event_id);
CREATE INDEX audit_events_by_meter_point ON audit_events (mpxn, at) WHERE mpxn <> '';
CREATE INDEX audit_events_by_record ON audit_events (ak, at) WHERE ak <> '';
CREATE INDEX audit_events_by_account ON audit_events (account_id, at);
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
INSERT INTO audit_chains (chain, length, hash) VALUES (0, 0, ''), (1, 0, ''), (2, 0, ''), (3, 0, ''), (4, 0, ''), (5, 0, ''), (6, 0, ''), (7, 0, ''), (8, 0, ''), (9, 0, ''), (10, 0, ''), (11, 0, ''), (12, 0, ''), (13, 0, ''), (14, 0, ''), (15, 0, '');

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
DROP FUNCTION refuse_change;
DROP TABLE imports;
DROP TABLE idempotency_keys;
DROP TABLE expiry_notices;
DROP TABLE outbox_lines;
DROP TABLE outbox;
DROP TABLE webhooks;
DROP TABLE tenancy_changes;
ALTER TABLE accounts DROP COLUMN suspended_at;
