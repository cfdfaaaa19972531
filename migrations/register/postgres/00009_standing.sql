-- Times are integers: milliseconds since 1970, UTC. Days are text: YYYY-MM-DD.

-- +goose Up

-- Why an account is suspended or terminated: the contacts of a failed supplier go on standing, those of a Data User that
-- misbehaved do not.
ALTER TABLE accounts ADD COLUMN status_cause TEXT CHECK (status_cause IN ('failure', 'misconduct'));
UPDATE accounts SET status_cause = 'misconduct' WHERE status <> 'active';

-- Whether the move-in date is another one than at the creation of the record.
ALTER TABLE identity_records ADD COLUMN moved_by_patch BOOLEAN NOT NULL DEFAULT FALSE;

-- The move-in dates that the record had before, oldest first, and until when: JSON. Null if it has had one only, and once
-- it is anonymised.
ALTER TABLE identity_records ADD COLUMN former_move_ins TEXT;

-- A contact is an e-mail address or a passkey on an identity record (docs/decisions.md, Which person).
CREATE TABLE contacts (
    contact       TEXT PRIMARY KEY,
    ir            TEXT NOT NULL REFERENCES identity_records,
    account_id    TEXT NOT NULL REFERENCES accounts,
    mpxn          TEXT NOT NULL,
    credential_id TEXT,                    -- of a passkey; null for an address
    replaces      TEXT,                    -- the contact whose address this one replaces once it stands
    key_id        TEXT NOT NULL,           -- the key of the sealed column
    sealed_email  BYTEA,                    -- of a replacement; the address is otherwise that of the identity record
    email_mac     BYTEA,
    imported      BOOLEAN NOT NULL DEFAULT FALSE,
    created_at    BIGINT NOT NULL,
    opened_at     BIGINT,                 -- when it first confirmed a challenge
    confirmed_at  BIGINT,                 -- when it last did
    bounced_at    BIGINT,                 -- when the mail server last refused its address for good
    told_at       BIGINT,                 -- when the standing addresses had been told of it
    letters       BIGINT NOT NULL DEFAULT 0, -- how many rounds of letters were written
    letter_due_at BIGINT,                 -- when the next round is due
    check_at      BIGINT,                 -- when its wait is looked at
    removal_at    BIGINT,                 -- when it is removed, unless somebody objects
    removal_by    TEXT,                    -- the contact that asked for that
    ended_at      BIGINT,
    ended_why     TEXT CHECK ((ended_at IS NULL) = (ended_why IS NULL))
);
CREATE INDEX contacts_by_meter_point ON contacts (mpxn, created_at);
CREATE INDEX contacts_by_identity_record ON contacts (ir);
CREATE INDEX contacts_by_email ON contacts (email_mac, account_id) WHERE email_mac IS NOT NULL;
CREATE UNIQUE INDEX contacts_by_credential ON contacts (credential_id) WHERE ended_at IS NULL;
CREATE INDEX contacts_by_letter ON contacts (account_id, imported, letter_due_at) WHERE letter_due_at IS NOT NULL;
CREATE INDEX contacts_by_check ON contacts (check_at) WHERE check_at IS NOT NULL;
CREATE INDEX contacts_by_removal ON contacts (removal_at) WHERE removal_at IS NOT NULL;

-- What the standing of a contact is and was. The row without an end is the present one.
CREATE TABLE standings (
    contact   TEXT NOT NULL REFERENCES contacts,
    state     TEXT NOT NULL CHECK (state IN ('stands', 'provisional', 'set-aside')),
    since     BIGINT NOT NULL,
    until     BIGINT,
    why       TEXT NOT NULL,
    household TEXT NOT NULL,               -- the first day of its household; empty without a change of tenancy
    account_id TEXT,                       -- the contact's account if it was the first, which is counted by day
    rests_on  TEXT                         -- the account of the first contact on whose word it rests
);
CREATE UNIQUE INDEX standings_present ON standings (contact) WHERE until IS NULL;
CREATE INDEX standings_by_contact ON standings (contact, since);
CREATE INDEX standings_first ON standings (account_id, since) WHERE account_id IS NOT NULL;

-- A letter to a standing address that can be answered by its link and the characters that it shows.
CREATE TABLE contact_letters (
    letter      TEXT PRIMARY KEY,
    secret_hash BYTEA NOT NULL UNIQUE,      -- SHA-256 of the secret in the link
    code        TEXT NOT NULL,
    wrong_codes BIGINT NOT NULL DEFAULT 0,
    kind        TEXT NOT NULL CHECK (kind IN ('addition', 'removal', 'reading', 'tenancy')),
    mpxn        TEXT NOT NULL,
    contact     TEXT REFERENCES contacts,  -- the contact that it is about
    recipient   TEXT NOT NULL REFERENCES contacts,
    account_id  TEXT REFERENCES accounts,  -- the account that added the contact, or read the list
    challenge   TEXT,                      -- of a reading
    cot         TEXT,                      -- of a change of tenancy
    round       BIGINT NOT NULL DEFAULT 1,
    job         TEXT NOT NULL UNIQUE,      -- its id in the outbox
    written_at  BIGINT NOT NULL,
    accepted_at BIGINT,                   -- by the mail server
    refused_at  BIGINT,                   -- by the mail server, for good
    answered_at BIGINT,
    answer      TEXT CHECK (answer IN ('yes', 'no') AND answered_at IS NOT NULL OR answer IS NULL),
    open_until  BIGINT NOT NULL
);
CREATE INDEX contact_letters_by_contact ON contact_letters (contact, written_at);
CREATE INDEX contact_letters_by_meter_point ON contact_letters (mpxn, written_at);
CREATE INDEX contact_letters_by_time ON contact_letters (written_at);
CREATE INDEX contact_letters_objections ON contact_letters (answered_at) WHERE kind = 'addition' AND answer = 'no';
CREATE INDEX contact_letters_additions ON contact_letters (account_id, written_at) WHERE kind = 'addition';

-- The contact that a challenge goes to, or the passkey that confirmed it.
ALTER TABLE reidentifications ADD COLUMN contact TEXT;
ALTER TABLE reidentifications ADD COLUMN contact_ended BOOLEAN NOT NULL DEFAULT FALSE; -- it stands no more
CREATE INDEX reidentifications_by_contact ON reidentifications (contact) WHERE contact IS NOT NULL;

-- The ticket with which the browser of a confirmed customer opens the page of their own contacts, and its end.
ALTER TABLE reidentifications ADD COLUMN visit_hash BYTEA;
ALTER TABLE reidentifications ADD COLUMN visit_until BIGINT;
CREATE UNIQUE INDEX reidentifications_by_visit ON reidentifications (visit_hash) WHERE visit_hash IS NOT NULL;

-- When a report began to divide the standing of contacts, when an earlier occupant said to live there still, and when
-- an administrator decided that the report is right.
ALTER TABLE tenancy_changes ADD COLUMN settled_at BIGINT;
ALTER TABLE tenancy_changes ADD COLUMN disputed_at BIGINT;
ALTER TABLE tenancy_changes ADD COLUMN upheld_at BIGINT;
UPDATE tenancy_changes SET settled_at = created_at WHERE effective_date <= to_char(now() AT TIME ZONE 'Europe/London', 'YYYY-MM-DD');
CREATE INDEX tenancy_changes_to_settle ON tenancy_changes (effective_date)
    WHERE settled_at IS NULL AND withdrawn_at IS NULL;

-- What an administrator should look into: at most one row for each account, kind and day.
CREATE TABLE alarms (
    alarm      TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts,
    kind       TEXT NOT NULL CHECK (kind IN ('objections', 'first-contacts')),
    day        TEXT NOT NULL,              -- in London
    raised_at  BIGINT NOT NULL,
    UNIQUE (account_id, kind, day)
);
CREATE INDEX alarms_by_time ON alarms (raised_at, alarm);

-- What is on the register: in each household the oldest address stands, with every record of the same address and the
-- passkeys whose enrolment was confirmed by a link. The rest is provisional. No letter is due until it is first needed.
CREATE TABLE migrated AS
SELECT i.ir, i.account_id, i.mpxn, i.email_mac, i.key_id, i.created_at,
    COALESCE((SELECT MAX(c.effective_date) FROM tenancy_changes c WHERE c.mpxn = i.mpxn AND c.withdrawn_at IS NULL
        AND c.effective_date <= to_char(now() AT TIME ZONE 'Europe/London', 'YYYY-MM-DD')), '') AS household,
    NOT EXISTS (SELECT 1 FROM tenancy_changes c WHERE c.mpxn = i.mpxn AND c.withdrawn_at IS NULL
        AND c.effective_date <= to_char(now() AT TIME ZONE 'Europe/London', 'YYYY-MM-DD')
        AND COALESCE(c.move_in_from, c.effective_date) > i.move_in_date) AS present,
    i.move_in_date <= to_char(now() AT TIME ZONE 'Europe/London', 'YYYY-MM-DD') AND EXISTS (SELECT 1 FROM accounts a
        WHERE a.account_id = i.account_id AND a.status = 'active') AS answers
FROM identity_records i WHERE i.anonymised_at IS NULL;
CREATE TABLE oldest AS
SELECT mpxn, present, email_mac FROM (
    SELECT mpxn, present, email_mac, ROW_NUMBER() OVER (PARTITION BY mpxn, present ORDER BY created_at, ir) AS place
    FROM migrated WHERE answers AND email_mac IS NOT NULL) addresses
WHERE place = 1;
INSERT INTO contacts (contact, ir, account_id, mpxn, key_id, created_at, opened_at)
SELECT 'cnt_' || SUBSTR(ir, 4), ir, account_id, mpxn, key_id, created_at, created_at
FROM migrated WHERE email_mac IS NOT NULL;
INSERT INTO standings (contact, state, since, why, household)
SELECT 'cnt_' || SUBSTR(m.ir, 4), CASE WHEN o.mpxn IS NULL OR NOT m.answers THEN 'provisional' ELSE 'stands' END,
    m.created_at, 'migrated', CASE WHEN m.present THEN m.household ELSE '' END
FROM migrated m LEFT JOIN oldest o ON o.mpxn = m.mpxn AND o.present = m.present AND o.email_mac = m.email_mac
WHERE m.email_mac IS NOT NULL;
INSERT INTO contacts (contact, ir, account_id, mpxn, credential_id, key_id, created_at, opened_at)
SELECT 'cnt_' || SUBSTR(c.credential_id, 6), m.ir, m.account_id, m.mpxn, c.credential_id, m.key_id, c.registered_at,
    c.used_at
FROM credentials c JOIN migrated m ON m.ir = c.ir;
INSERT INTO standings (contact, state, since, why, household)
SELECT 'cnt_' || SUBSTR(c.credential_id, 6),
    CASE WHEN m.answers AND EXISTS (SELECT 1 FROM audit_events e WHERE e.mpxn = m.mpxn AND e.mpxn <> ''
        AND e.event_type = 'credential.created' AND e.detail::jsonb ->> 'credential' = c.credential_id
        AND (e.detail::jsonb ->> 'method' = 'magic-link' OR e.account_id <> m.account_id))
    THEN 'stands' ELSE 'provisional' END, c.registered_at, 'migrated',
    CASE WHEN m.present THEN m.household ELSE '' END
FROM credentials c JOIN migrated m ON m.ir = c.ir;
DROP TABLE oldest;
DROP TABLE migrated;

-- +goose Down
DROP TABLE alarms;
DROP INDEX tenancy_changes_to_settle;
ALTER TABLE tenancy_changes DROP COLUMN upheld_at;
ALTER TABLE tenancy_changes DROP COLUMN disputed_at;
ALTER TABLE tenancy_changes DROP COLUMN settled_at;
DROP INDEX reidentifications_by_visit;
ALTER TABLE reidentifications DROP COLUMN visit_until;
ALTER TABLE reidentifications DROP COLUMN visit_hash;
DROP INDEX reidentifications_by_contact;
ALTER TABLE reidentifications DROP COLUMN contact_ended;
ALTER TABLE reidentifications DROP COLUMN contact;
DROP TABLE contact_letters;
DROP TABLE standings;
DROP TABLE contacts;
ALTER TABLE identity_records DROP COLUMN former_move_ins;
ALTER TABLE identity_records DROP COLUMN moved_by_patch;
ALTER TABLE accounts DROP COLUMN status_cause;
