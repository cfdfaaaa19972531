-- Times are integers: milliseconds since 1970, UTC. Days are text: YYYY-MM-DD.

-- +goose Up
CREATE TABLE accounts (
    account_id             TEXT PRIMARY KEY,
    secret_hash            TEXT NOT NULL,          -- argon2id, PHC form
    duid                   TEXT NOT NULL UNIQUE,
    display_name           TEXT NOT NULL,
    role                   TEXT NOT NULL CHECK (role IN ('data_user', 'data_provider', 'dcc', 'admin', 'portal')),
    status                 TEXT NOT NULL CHECK (status IN ('active', 'suspended', 'terminated')),
    contact_url            TEXT NOT NULL,
    organisation_reference TEXT,                   -- Smart Energy Code reference, as SEC-OU-00429
    data_types             TEXT NOT NULL,          -- JSON array
    return_urls            TEXT NOT NULL,          -- JSON array
    registered_at          BIGINT NOT NULL
);
CREATE INDEX accounts_by_organisation_reference ON accounts (organisation_reference);

CREATE TABLE bearer_tokens (
    token_hash BYTEA PRIMARY KEY,                   -- SHA-256
    account_id TEXT NOT NULL REFERENCES accounts,
    expires_at BIGINT NOT NULL
);
CREATE INDEX bearer_tokens_by_end ON bearer_tokens (expires_at);

CREATE TABLE identity_records (
    ir            TEXT PRIMARY KEY,
    account_id    TEXT NOT NULL REFERENCES accounts,
    mpxn          TEXT,                            -- null once anonymised, as all below
    move_in_date  TEXT,
    expressed_by  TEXT,
    key_id        TEXT NOT NULL,                   -- the key of the sealed columns
    sealed_email  BYTEA,
    email_mac     BYTEA,                            -- keyed hash, for look-up
    sealed_detail BYTEA,                            -- address and evidence
    created_at    BIGINT NOT NULL,
    anonymised_at BIGINT
);
CREATE INDEX identity_records_by_meter_point ON identity_records (mpxn);
CREATE INDEX identity_records_by_email ON identity_records (email_mac, account_id);

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

-- Divided by meter point, the one thing that every query on the customer's path knows.
CREATE TABLE access_records (
    ak            TEXT NOT NULL,
    mpxn          TEXT NOT NULL,
    account_id    TEXT NOT NULL REFERENCES accounts,
    ir            TEXT NOT NULL REFERENCES identity_records,
    state         TEXT NOT NULL CHECK (state IN ('ACTIVE', 'EXPIRED', 'REVOKED')),
    legal_basis   TEXT NOT NULL,
    expiry        BIGINT,
    record        TEXT NOT NULL,                   -- the access record as submitted, JSON
    created_at    BIGINT NOT NULL,
    revoked_at    BIGINT CHECK ((state = 'REVOKED') = (revoked_at IS NOT NULL)),
    revoked_by    TEXT CHECK (revoked_by IN ('customer', 'organisation')),
    revoke_reason TEXT,
    PRIMARY KEY (mpxn, ak)
) PARTITION BY HASH (mpxn);
-- +goose StatementBegin
DO $$
BEGIN
    FOR i IN 0..15 LOOP
        EXECUTE format('CREATE TABLE access_records_%s PARTITION OF access_records FOR VALUES WITH (MODULUS 16, REMAINDER %s)', i, i);
    END LOOP;
END $$;
-- +goose StatementEnd
CREATE INDEX access_records_by_key ON access_records (ak);
CREATE INDEX access_records_by_identity_record ON access_records (ir);
CREATE INDEX access_records_by_account ON access_records (account_id, mpxn);

-- The access records that a token opened: what the customer saw, and may withdraw for the rest of the hour.
CREATE TABLE readings (
    token_hash BYTEA NOT NULL REFERENCES reidentifications ON DELETE CASCADE,
    ak         TEXT NOT NULL,
    PRIMARY KEY (token_hash, ak)
);

CREATE TABLE discovered_access (
    ak                     TEXT PRIMARY KEY,
    mpxn                   TEXT NOT NULL,
    organisation_name      TEXT NOT NULL,
    organisation_reference TEXT NOT NULL,
    first_seen             TEXT NOT NULL,
    last_seen              TEXT NOT NULL,
    data_types             TEXT NOT NULL,          -- JSON array
    source_reference       TEXT NOT NULL,
    superseded_by          TEXT,                   -- the access record with which the organisation registered
    created_at             BIGINT NOT NULL,
    UNIQUE (mpxn, organisation_reference)
);

-- +goose Down
DROP TABLE discovered_access;
DROP TABLE readings;
DROP TABLE access_records;
DROP TABLE reidentifications;
DROP TABLE credentials;
DROP TABLE identity_records;
DROP TABLE bearer_tokens;
DROP TABLE accounts;
