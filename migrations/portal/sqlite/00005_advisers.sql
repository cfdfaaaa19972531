-- An adviser who has signed in. The browser holds a random key; here stands its SHA-256. Name is that of the operator's
-- settings, and empty for the code that advisers share. Proof is a keyed hash of the credential, so that a new code
-- ends what the former one began. The row is deleted when the adviser signs out. Times are milliseconds since 1970, UTC.

-- +goose Up
CREATE TABLE portal_advisers (
    key_hash BLOB PRIMARY KEY NOT NULL CHECK (length(key_hash) = 32),
    operator TEXT NOT NULL,
    name     TEXT NOT NULL,
    proof    BLOB NOT NULL,
    ends_at  INTEGER NOT NULL
);
CREATE INDEX portal_advisers_by_end ON portal_advisers (ends_at);

-- +goose Down
DROP TABLE portal_advisers;
