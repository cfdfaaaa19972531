-- Times are integers: milliseconds since 1970, UTC.

-- One customer's visit. The browser holds a random key; here stands its SHA-256, so that nobody who reads
-- this table can take a visit over. Version refuses a lost update. Sealed is the visit as JSON under
-- AES-256-GCM, with key_hash as additional data, so that a visit cannot be moved to another row.

-- +goose Up
CREATE TABLE portal_sessions (
    key_hash   BLOB PRIMARY KEY NOT NULL CHECK (length(key_hash) = 32),
    version    INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    expires_at INTEGER NOT NULL,                   -- put off by use, never past ends_at
    ends_at    INTEGER NOT NULL                    -- the end whatever the customer does
);
CREATE INDEX portal_sessions_by_expiry ON portal_sessions (expires_at);

-- +goose Down
DROP TABLE portal_sessions;
