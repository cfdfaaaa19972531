-- +goose Up

-- The display name in the form in which names are compared (docs/decisions.md, Names). Empty until the program has folded
-- it, which it does when it starts.
ALTER TABLE accounts ADD COLUMN folded_name TEXT NOT NULL DEFAULT '';
CREATE INDEX accounts_by_folded_name ON accounts (folded_name);

-- +goose Down
DROP INDEX accounts_by_folded_name;
ALTER TABLE accounts DROP COLUMN folded_name;
