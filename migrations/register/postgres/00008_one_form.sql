-- +goose Up

-- An MPRN has one spelling: without leading zeros, but with 6 digits at least. The audit log and the outbox are not
-- changed.
CREATE TABLE mprn_spellings (spelling TEXT PRIMARY KEY, normal TEXT NOT NULL);
INSERT INTO mprn_spellings (spelling, normal)
SELECT mpxn, LPAD(LTRIM(mpxn, '0'), GREATEST(6, LENGTH(LTRIM(mpxn, '0'))), '0')
FROM (
    SELECT mpxn FROM identity_records WHERE mpxn >= '0' AND mpxn < '1'
    UNION SELECT mpxn FROM access_records WHERE mpxn >= '0' AND mpxn < '1'
    UNION SELECT mpxn FROM discovered_access WHERE mpxn >= '0' AND mpxn < '1'
    UNION SELECT mpxn FROM tenancy_changes WHERE mpxn >= '0' AND mpxn < '1'
    UNION SELECT mpxn FROM reidentifications WHERE mpxn >= '0' AND mpxn < '1'
) numbers
WHERE mpxn ~ '^0[0-9]{6,9}$';

-- Sightings of one organisation under several spellings become the first of them, with what the latest one says.
CREATE TABLE merged_sightings AS
SELECT d.ak,
    FIRST_VALUE(d.ak) OVER (PARTITION BY COALESCE(s.normal, d.mpxn), d.organisation_reference
        ORDER BY d.created_at, d.ak) AS kept,
    FIRST_VALUE(d.ak) OVER (PARTITION BY COALESCE(s.normal, d.mpxn), d.organisation_reference
        ORDER BY d.last_seen DESC, d.created_at DESC, d.ak) AS latest
FROM discovered_access d LEFT JOIN mprn_spellings s ON s.spelling = d.mpxn
WHERE d.mpxn IN (SELECT spelling FROM mprn_spellings UNION SELECT normal FROM mprn_spellings);
UPDATE discovered_access SET
    organisation_name = latest.organisation_name,
    last_seen = latest.last_seen,
    data_types = latest.data_types,
    source_reference = latest.source_reference,
    first_seen = (SELECT MIN(d.first_seen) FROM discovered_access d JOIN merged_sightings g ON g.ak = d.ak
        WHERE g.kept = m.kept),
    superseded_by = (SELECT MAX(d.superseded_by) FROM discovered_access d JOIN merged_sightings g ON g.ak = d.ak
        WHERE g.kept = m.kept)
FROM merged_sightings m JOIN discovered_access latest ON latest.ak = m.latest
WHERE m.ak = m.kept AND discovered_access.ak = m.ak;
DELETE FROM discovered_access WHERE ak IN (SELECT ak FROM merged_sightings WHERE ak <> kept);
DROP TABLE merged_sightings;

-- A change of tenancy that was reported under several spellings becomes the first report. It is withdrawn if one of
-- them is: the administrator found that the change is false.
CREATE TABLE merged_changes AS
SELECT c.cot,
    FIRST_VALUE(c.cot) OVER (PARTITION BY COALESCE(s.normal, c.mpxn), c.effective_date, c.source_reference
        ORDER BY c.created_at, c.cot) AS kept
FROM tenancy_changes c LEFT JOIN mprn_spellings s ON s.spelling = c.mpxn
WHERE c.mpxn IN (SELECT spelling FROM mprn_spellings UNION SELECT normal FROM mprn_spellings);
UPDATE tenancy_changes SET withdrawn_at = (SELECT MIN(c.withdrawn_at) FROM tenancy_changes c
    JOIN merged_changes m ON m.cot = c.cot WHERE m.kept = tenancy_changes.cot)
WHERE cot IN (SELECT kept FROM merged_changes);
DELETE FROM tenancy_changes WHERE cot IN (SELECT cot FROM merged_changes WHERE cot <> kept);
DROP TABLE merged_changes;

UPDATE identity_records SET mpxn = s.normal FROM mprn_spellings s WHERE identity_records.mpxn = s.spelling;
UPDATE access_records SET mpxn = s.normal FROM mprn_spellings s WHERE access_records.mpxn = s.spelling;
UPDATE discovered_access SET mpxn = s.normal FROM mprn_spellings s WHERE discovered_access.mpxn = s.spelling;
UPDATE tenancy_changes SET mpxn = s.normal FROM mprn_spellings s WHERE tenancy_changes.mpxn = s.spelling;
UPDATE reidentifications SET mpxn = s.normal FROM mprn_spellings s WHERE reidentifications.mpxn = s.spelling;
DROP TABLE mprn_spellings;

-- The form in which the e-mail address is sealed and hashed: 1 as it was given, hashed in lower case; 2 its normal form.
-- The program brings rows to form 2, because that needs the keys. An older program that still runs adds rows of form 1.
ALTER TABLE identity_records ADD COLUMN email_form BIGINT NOT NULL DEFAULT 1;
CREATE INDEX identity_records_by_former_email ON identity_records (ir)
    WHERE email_form < 2 AND email_mac IS NOT NULL;

-- +goose Down
-- The spellings are not brought back.
DROP INDEX identity_records_by_former_email;
ALTER TABLE identity_records DROP COLUMN email_form;
