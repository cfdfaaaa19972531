-- Times are integers: milliseconds since 1970, UTC.

-- +goose Up

-- What happened to an access record that the household has not been written to about yet. The letter that tells of it
-- deletes the row.
CREATE TABLE access_changes (
    change      TEXT PRIMARY KEY,
    mpxn        TEXT NOT NULL,
    account_id  TEXT NOT NULL REFERENCES accounts,
    ak          TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('amended', 'renewed', 'started-again')),
    detail      TEXT NOT NULL,    -- what changed: JSON
    happened_at BIGINT  NOT NULL,
    due_at      BIGINT  NOT NULL  -- when a letter may tell of it
);
CREATE INDEX access_changes_by_meter_point ON access_changes (mpxn, account_id, happened_at);
CREATE INDEX access_changes_by_due ON access_changes (account_id, due_at, mpxn);
CREATE UNIQUE INDEX access_changes_renewed ON access_changes (ak) WHERE kind = 'renewed';
CREATE INDEX access_changes_by_age ON access_changes (happened_at);

-- +goose Down
DROP TABLE access_changes;
