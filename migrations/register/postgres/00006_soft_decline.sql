-- +goose Up

-- When a browser that does not say whether a person pressed the button declined a challenge. The decline counts unless
-- the right code is typed afterwards, which clears it.
ALTER TABLE reidentifications ADD COLUMN soft_declined_at BIGINT;

-- +goose Down
ALTER TABLE reidentifications DROP COLUMN soft_declined_at;
