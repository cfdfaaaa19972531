-- +goose Up

-- Which access record the end of a permission is told of, so that whoever ended it can be told what became of the notice.
-- Null for whatever else waits, and for what was queued before.
ALTER TABLE outbox ADD COLUMN withdrawn_ak TEXT;
CREATE INDEX outbox_by_withdrawn_ak ON outbox (withdrawn_ak) WHERE withdrawn_ak IS NOT NULL;

-- +goose Down
DROP INDEX outbox_by_withdrawn_ak;
ALTER TABLE outbox DROP COLUMN withdrawn_ak;
