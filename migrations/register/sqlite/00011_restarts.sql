-- Times are integers: milliseconds since 1970, UTC.

-- +goose Up

-- When a customer last stopped access of the account at the meter point before it registered the record; null without
-- such a stop. Times are whole seconds, so it cannot be told later which of the two came first.
ALTER TABLE access_records ADD COLUMN stopped_before INTEGER;
UPDATE access_records SET stopped_before = (
    SELECT MAX(s.revoked_at) FROM access_records s
    WHERE s.mpxn = access_records.mpxn AND s.account_id = access_records.account_id AND s.ak <> access_records.ak
        AND s.revoked_by = 'customer' AND s.revoked_at <= access_records.created_at)
WHERE mpxn IN (SELECT mpxn FROM access_records WHERE revoked_by = 'customer');

-- +goose Down
ALTER TABLE access_records DROP COLUMN stopped_before;
