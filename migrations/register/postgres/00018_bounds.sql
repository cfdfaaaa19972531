-- +goose Up

-- What an account has at a meter point is counted at each registration.
DROP INDEX identity_records_by_meter_point;
CREATE INDEX identity_records_by_meter_point ON identity_records (mpxn, account_id);

-- +goose Down
DROP INDEX identity_records_by_meter_point;
CREATE INDEX identity_records_by_meter_point ON identity_records (mpxn);
