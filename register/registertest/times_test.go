package registertest

import (
	"encoding/json"
	"testing"
)

func TestCheckTimes(t *testing.T) {
	t.Parallel()
	for body, valid := range map[string]bool{
		`{"at": "2026-06-01T09:00:00Z", "day": "2026-06-01", "name": "2026"}`: true,
		`{"detail": {"at": "2026-06-01T09:00:00.5Z"}}`:                        true,
		`{"at": null, "list": [1, true, "x"]}`:                                true,
		`{"at": "2026-06-01T09:00:00.25Z"}`:                                   false,
		`{"list": [{"at": "2026-06-01T09:00:00.0Z"}]}`:                        false,
		`{"at": "2026-06-01T10:00:00+01:00"}`:                                 false,
		`{"raised_at": "2026-06-01t09:00:00z"}`:                               false,
		`["2026-06-01T09:00:00"]`:                                             true,
	} {
		var value any
		if err := json.Unmarshal([]byte(body), &value); err != nil {
			t.Fatal(err)
		}
		if err := checkTimes(value); (err == nil) != valid {
			t.Errorf("%s: %v, want valid %t", body, err, valid)
		}
	}
}
