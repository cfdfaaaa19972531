-- +goose Up

-- The browser in which a challenge was started, as the account that asks says; empty if it did not.
ALTER TABLE reidentifications ADD COLUMN started_from TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE reidentifications DROP COLUMN started_from;
