-- Times are integers: milliseconds since 1970, UTC.

-- +goose Up

-- A seal holds the head of each chain of the audit log at one moment. Rows after it carry its number and are keyed with
-- its key. The register adds the first one when it starts with its keys, and another when they are rotated.
CREATE TABLE audit_seals (
    number      BIGINT PRIMARY KEY,                 -- 1, 2, 3 ...
    sealed_at   BIGINT NOT NULL,
    heads       TEXT NOT NULL,                      -- JSON array, one head a chain
    key_id      TEXT NOT NULL,                      -- the master key that the key is derived from, or wrapped with
    wrapped_key BYTEA,                              -- of a retired key; null for the last seal
    mac         BYTEA NOT NULL                      -- with the key, over this seal and all seals before it
);

-- 0 before the first seal.
ALTER TABLE audit_events ADD COLUMN seal BIGINT NOT NULL DEFAULT 0;
-- How many rows the whole log had with this one, as far as its transaction saw; 0 before the first seal.
ALTER TABLE audit_events ADD COLUMN log_rows BIGINT NOT NULL DEFAULT 0;

-- The seal whose key is in use, log_rows of the last row, and the keyed hash of the head, which the next row begins with.
ALTER TABLE audit_chains ADD COLUMN seal BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit_chains ADD COLUMN log_rows BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit_chains ADD COLUMN mac BYTEA NOT NULL DEFAULT '';

-- A program without keys for the log locks a chain by setting its length to what it is. Once the log is sealed, such a
-- program is refused before it writes a row; if the chain is empty, when it moves the head and leaves mac as it is.
-- +goose StatementBegin
CREATE FUNCTION refuse_older_program() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is sealed: this program is older than its seal';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_chains_refuse_older_programs BEFORE UPDATE OF length ON audit_chains FOR EACH ROW
    WHEN (OLD.seal <> 0 AND NEW.mac = OLD.mac AND (OLD.length > 0 AND NEW.length = OLD.length
        OR OLD.length = 0 AND NEW.length > 0 AND NEW.hash <> OLD.hash)) EXECUTE FUNCTION refuse_older_program();

-- +goose Down
DROP TRIGGER audit_chains_refuse_older_programs ON audit_chains;
DROP FUNCTION refuse_older_program;
ALTER TABLE audit_chains DROP COLUMN mac;
ALTER TABLE audit_chains DROP COLUMN log_rows;
ALTER TABLE audit_chains DROP COLUMN seal;
ALTER TABLE audit_events DROP COLUMN log_rows;
ALTER TABLE audit_events DROP COLUMN seal;
DROP TABLE audit_seals;
