-- Times are integers: milliseconds since 1970, UTC.

-- +goose Up

-- What an administrator asked for and another one has to approve.
CREATE TABLE approvals (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT, -- the order in which they were asked
    approval     TEXT NOT NULL UNIQUE,
    action       TEXT NOT NULL,
    parameters   TEXT NOT NULL,                     -- JSON object; an approval is for these alone
    reason       TEXT NOT NULL,                     -- of the request; empty if it gave none
    requested_by TEXT NOT NULL REFERENCES accounts,
    requested_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    verdict      TEXT NOT NULL DEFAULT '' CHECK (verdict IN ('', 'approved', 'refused')),
    decided_by   TEXT NOT NULL DEFAULT '',          -- empty for the command line on the register's host
    decided_at   INTEGER,
    used_at      INTEGER,
    finished_at  INTEGER,                           -- of a list, when its last page was read
    position     TEXT NOT NULL DEFAULT ''           -- of a list, where its next page begins
);
CREATE INDEX approvals_by_time ON approvals (requested_at, seq);
CREATE INDEX approvals_by_requester ON approvals (requested_by, expires_at);

-- The access records that an administrator was shown in the last day without an approval.
CREATE TABLE administrator_reads (
    account_id TEXT NOT NULL REFERENCES accounts,
    ak         TEXT NOT NULL,
    read_at    INTEGER NOT NULL,
    PRIMARY KEY (account_id, ak)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE administrator_reads;
DROP TABLE approvals;
