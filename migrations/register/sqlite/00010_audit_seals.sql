-- Times are integers: milliseconds since 1970, UTC.

-- +goose Up

-- A seal holds the head of each chain of the audit log at one moment. Rows after it carry its number and are keyed with
-- its key. The register adds the first one when it starts with its keys, and another when they are rotated.
CREATE TABLE audit_seals (
    number      INTEGER PRIMARY KEY,                -- 1, 2, 3 ...
    sealed_at   INTEGER NOT NULL,
    heads       TEXT NOT NULL,                      -- JSON array, one head a chain
    key_id      TEXT NOT NULL,                      -- the master key that the key is derived from, or wrapped with
    wrapped_key BLOB,                               -- of a retired key; null for the last seal
    mac         BLOB NOT NULL                       -- with the key, over this seal and all seals before it
);

-- 0 before the first seal.
ALTER TABLE audit_events ADD COLUMN seal INTEGER NOT NULL DEFAULT 0;
-- How many rows the whole log had with this one, as far as its transaction saw; 0 before the first seal.
ALTER TABLE audit_events ADD COLUMN log_rows INTEGER NOT NULL DEFAULT 0;

-- The seal whose key is in use, log_rows of the last row, and the keyed hash of the head, which the next row begins with.
ALTER TABLE audit_chains ADD COLUMN seal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit_chains ADD COLUMN log_rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit_chains ADD COLUMN mac BLOB NOT NULL DEFAULT X'';

-- A program without keys for the log locks a chain by setting its length to what it is. Once the log is sealed, such a
-- program is refused before it writes a row; if the chain is empty, when it moves the head and leaves mac as it is.
-- +goose StatementBegin
CREATE TRIGGER audit_chains_refuse_older_programs BEFORE UPDATE OF length ON audit_chains
WHEN OLD.seal <> 0 AND NEW.mac = OLD.mac AND (OLD.length > 0 AND NEW.length = OLD.length
    OR OLD.length = 0 AND NEW.length > 0 AND NEW.hash <> OLD.hash)
BEGIN SELECT RAISE(ABORT, 'the audit log is sealed: this program is older than its seal'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER audit_chains_refuse_older_programs;
ALTER TABLE audit_chains DROP COLUMN mac;
ALTER TABLE audit_chains DROP COLUMN log_rows;
ALTER TABLE audit_chains DROP COLUMN seal;
ALTER TABLE audit_events DROP COLUMN log_rows;
ALTER TABLE audit_events DROP COLUMN seal;
DROP TABLE audit_seals;
