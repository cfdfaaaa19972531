package store_test

import (
	"testing"

	"central.consent/dar/register/store"
)

func TestReadings(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		challenge := d.challenge("bright", d.identity("bright", "2020-01-01"))
		d.change(func(tx *store.Tx) error {
			return tx.InsertReading(t.Context(), challenge.TokenHash, []string{"ak_1", "ak_2"})
		})
		for _, test := range []struct {
			token []byte
			ak    string
			want  bool
		}{
			{challenge.TokenHash, "ak_1", true},
			{challenge.TokenHash, "ak_2", true},
			{challenge.TokenHash, "ak_3", false},
			{hash("another"), "ak_1", false},
		} {
			has, err := d.HasReading(t.Context(), test.token, test.ak)
			if err != nil || has != test.want {
				t.Errorf("%s: %t, want %t (%v)", test.ak, has, test.want, err)
			}
		}
	})
}
