-- A session belongs to one operator, named by the slug of its settings; '' is the one of a portal that has no file of
-- operators. Rows that are there were made before there was one.

-- +goose Up
ALTER TABLE portal_sessions ADD COLUMN operator TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE portal_sessions DROP COLUMN operator;
