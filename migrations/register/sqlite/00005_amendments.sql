-- +goose Up

-- What a record said before its owner replaced it, JSON, the oldest first: so that customers are told what changed.
ALTER TABLE access_records ADD COLUMN amendments TEXT NOT NULL DEFAULT '[]';

-- +goose Down
ALTER TABLE access_records DROP COLUMN amendments;
