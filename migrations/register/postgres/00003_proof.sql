-- Times are integers: milliseconds since 1970, UTC.

-- +goose Up
-- Challenges live for an hour and are forgotten after a day, and no passkey could be enrolled before this step: these
-- tables are made anew. A customer who is being asked while it runs is asked again.
DROP TABLE readings;
DROP TABLE reidentifications;
DROP TABLE credentials;

-- One passkey of a person.
CREATE TABLE credentials (
    credential_id TEXT PRIMARY KEY,
    ir            TEXT NOT NULL REFERENCES identity_records,
    webauthn_id   BYTEA NOT NULL UNIQUE,            -- the authenticator's own id of it
    user_handle   BYTEA NOT NULL,                   -- random; the same for all passkeys of a person
    public_key    BYTEA NOT NULL,                   -- COSE
    aaguid        BYTEA NOT NULL,                   -- the make of the authenticator; zeros where it does not tell
    sign_count    BIGINT NOT NULL,                -- of its last use; 0 where it does not count
    flags         BIGINT NOT NULL,                -- of authenticator data, at its last use
    name          TEXT NOT NULL,                   -- what its person is told that it is on, such as an iPhone
    transports    TEXT NOT NULL,                   -- JSON array
    registered_at BIGINT NOT NULL,
    used_at       BIGINT
);
CREATE INDEX credentials_by_identity_record ON credentials (ir);

-- One request to a customer to confirm who they are. Each hash is the SHA-256 of a secret of its own.
CREATE TABLE reidentifications (
    challenge       TEXT PRIMARY KEY,                -- a name without authority
    token_hash      BYTEA NOT NULL UNIQUE,            -- of the token-ref, which the account that asks holds
    link_hash       BYTEA UNIQUE,                     -- of the mailed link's
    session_hash    BYTEA UNIQUE,                     -- of the passkey page's
    enrol_hash      BYTEA UNIQUE,                     -- of the ticket to enrol a passkey, which a confirmed customer's browser holds
    completion_hash BYTEA,                            -- of the code that leads from the passkey back to the page that asked
    account_id      TEXT NOT NULL REFERENCES accounts,
    mpxn            TEXT NOT NULL,
    ir              TEXT NOT NULL REFERENCES identity_records,
    method          TEXT NOT NULL CHECK (method IN ('magic-link', 'passkey-assert', 'passkey-register')),
    own_record      BOOLEAN NOT NULL DEFAULT FALSE,  -- only this very record can answer: its own Data User asks
    redirect_url    TEXT,                            -- where the customer goes afterwards
    match_code      TEXT,
    wrong_codes     BIGINT NOT NULL DEFAULT 0,      -- how often it was typed wrong
    language        TEXT NOT NULL,                   -- the customer's; empty where it is not known
    key_id          TEXT NOT NULL,                   -- the key of the sealed column
    sealed_token    BYTEA,                            -- the token-ref, where the customer takes it back
    issued_at       BIGINT NOT NULL,
    confirm_by      BIGINT NOT NULL,
    asserted_at     BIGINT,                         -- when a passkey was shown, where a completion code has yet to come back
    confirmed_at    BIGINT,
    declined_at     BIGINT,
    consumed_at     BIGINT CHECK (consumed_at IS NULL OR confirmed_at IS NOT NULL)
);
CREATE INDEX reidentifications_by_issue ON reidentifications (issued_at);
CREATE INDEX reidentifications_by_identity_record ON reidentifications (ir);

CREATE TABLE readings (
    token_hash BYTEA NOT NULL REFERENCES reidentifications (token_hash) ON DELETE CASCADE,
    ak         TEXT NOT NULL,
    PRIMARY KEY (token_hash, ak)
);

-- What a browser is asked to sign with a passkey. It is deleted as it is read.
CREATE TABLE passkey_ceremonies (
    challenge_hash BYTEA PRIMARY KEY,
    token_hash     BYTEA NOT NULL REFERENCES reidentifications (token_hash) ON DELETE CASCADE,
    kind           TEXT NOT NULL CHECK (kind IN ('assert', 'register')),
    session        TEXT NOT NULL,                    -- what go-webauthn wants back, JSON
    expires_at     BIGINT NOT NULL
);
CREATE INDEX passkey_ceremonies_by_end ON passkey_ceremonies (expires_at);

-- How often something was done of late, for the limits.
CREATE TABLE limits (
    bucket TEXT PRIMARY KEY,                         -- what is counted, and of whom
    hits   TEXT NOT NULL,                            -- JSON array of times, the oldest first
    until  BIGINT NOT NULL                          -- when the last of them no longer counts
);
CREATE INDEX limits_by_end ON limits (until);

-- When a letter that must not come twice was handed to the mail server: if nothing is known of it after that, it is
-- not sent again.
ALTER TABLE outbox ADD COLUMN handed_at BIGINT;

-- +goose Down
ALTER TABLE outbox DROP COLUMN handed_at;
DROP TABLE limits;
DROP TABLE passkey_ceremonies;
DROP TABLE readings;
DROP TABLE reidentifications;
DROP TABLE credentials;
CREATE TABLE credentials (
    credential_id TEXT PRIMARY KEY,
    ir            TEXT NOT NULL REFERENCES identity_records,
    transports    TEXT NOT NULL,                   -- JSON array
    registered_at BIGINT NOT NULL
);
CREATE INDEX credentials_by_identity_record ON credentials (ir);

CREATE TABLE reidentifications (
    token_hash   BYTEA PRIMARY KEY,                 -- SHA-256 of the token-ref
    account_id   TEXT NOT NULL REFERENCES accounts,
    mpxn         TEXT NOT NULL,
    ir           TEXT NOT NULL REFERENCES identity_records,
    method       TEXT NOT NULL CHECK (method IN ('magic-link', 'passkey-assert', 'passkey-register')),
    redirect_url TEXT,                             -- where the customer goes afterwards
    match_code   TEXT,
    issued_at    BIGINT NOT NULL,
    confirm_by   BIGINT NOT NULL,
    confirmed_at BIGINT,
    declined_at  BIGINT,
    consumed_at  BIGINT CHECK (consumed_at IS NULL OR confirmed_at IS NOT NULL)
);
CREATE INDEX reidentifications_by_issue ON reidentifications (issued_at);

CREATE TABLE readings (
    token_hash BYTEA NOT NULL REFERENCES reidentifications ON DELETE CASCADE,
    ak         TEXT NOT NULL,
    PRIMARY KEY (token_hash, ak)
);
