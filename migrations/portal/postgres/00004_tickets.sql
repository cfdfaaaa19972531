-- What leads out of a frame into a tab of the portal's own, once: the SHA-256 of a random ticket, for the operator whose frame
-- it was, the row of the visit there, and the handle of the record that the customer wants to stop. Times are milliseconds
-- since 1970, UTC.

-- +goose Up
CREATE TABLE portal_tickets (
    ticket_hash BYTEA PRIMARY KEY NOT NULL CHECK (octet_length(ticket_hash) = 32),
    operator    TEXT NOT NULL,
    session_key BYTEA NOT NULL,
    handle      TEXT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX portal_tickets_by_expiry ON portal_tickets (expires_at);

-- +goose Down
DROP TABLE portal_tickets;
