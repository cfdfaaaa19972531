-- Times are integers: milliseconds since 1970, UTC. Days are text: YYYY-MM-DD.

-- +goose Up

-- The earliest move-in date of the household that moved in. Null if an older program stored the report: the effective
-- date then counts.
ALTER TABLE tenancy_changes ADD COLUMN move_in_from TEXT;
UPDATE tenancy_changes SET move_in_from = to_char(effective_date::date - 30, 'YYYY-MM-DD');

-- Which household an access record belongs to is decided by its first registration. The first two are null until the
-- record is replaced: ir and the document then still are those of the registration. What a replacement changed before
-- this step was not kept.
ALTER TABLE access_records ADD COLUMN first_ir TEXT REFERENCES identity_records;
ALTER TABLE access_records ADD COLUMN first_registered_at BIGINT;
ALTER TABLE access_records ADD COLUMN ended_at_registration BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE access_records SET ended_at_registration = TRUE
WHERE state = 'EXPIRED' OR revoked_at <= created_at OR expiry <= created_at;

-- +goose Down
ALTER TABLE access_records DROP COLUMN ended_at_registration;
ALTER TABLE access_records DROP COLUMN first_registered_at;
ALTER TABLE access_records DROP COLUMN first_ir;
ALTER TABLE tenancy_changes DROP COLUMN move_in_from;
