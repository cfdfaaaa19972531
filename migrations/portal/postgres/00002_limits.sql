-- How often something was done of late, for the limits that hold for all replicas together. Bucket is a keyed hash of
-- what is counted and of whom, an address or a session, so that this table tells nobody who was here. Hits is a JSON
-- list of times, milliseconds since 1970, UTC, the oldest first. A row whose until has passed counts no more.

-- +goose Up
CREATE TABLE portal_limits (
    bucket BYTEA PRIMARY KEY NOT NULL CHECK (length(bucket) = 32),
    hits   TEXT NOT NULL,
    until  BIGINT NOT NULL
);
CREATE INDEX portal_limits_by_until ON portal_limits (until);

-- +goose Down
DROP TABLE portal_limits;
