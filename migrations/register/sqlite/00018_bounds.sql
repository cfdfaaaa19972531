-- +goose Up

-- What an account has at a meter point is counted at each registration. On a database that was never analysed, the
-- planner must not prefer the index of all that the account has.
DROP INDEX access_records_by_meter_point;
CREATE INDEX access_records_by_meter_point ON access_records (mpxn, account_id, created_at, seq);
DROP INDEX identity_records_by_meter_point;
CREATE INDEX identity_records_by_meter_point ON identity_records (mpxn, account_id);

-- +goose Down
DROP INDEX identity_records_by_meter_point;
CREATE INDEX identity_records_by_meter_point ON identity_records (mpxn);
DROP INDEX access_records_by_meter_point;
CREATE INDEX access_records_by_meter_point ON access_records (mpxn, ak);
