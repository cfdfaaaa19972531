package rules_test

import (
	"testing"

	"central.consent/dar/register/rules"
)

// The directory lists Data Users only, suspended ones included.
func TestFindDataUser(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		for _, test := range []struct{ name, duid, want string }{
			{"Data User", h.owner.DUID, ""},
			{"portal", h.portal.DUID, "not found NOT001"},
			{"unknown", "duid_0123456789abcdef01234567", "not found NOT001"},
			{"malformed", "owner", "not found NOT001"},
		} {
			found, err := h.FindDataUser(t.Context(), test.duid)
			expectRefusal(t, test.name, err, test.want)
			if err == nil && (found.DisplayName != "Example owner" || found.Status != "active" ||
				found.SuspendedAt != nil || len(found.DataTypesSupported) != len(rules.AllDataTypes)) {
				t.Errorf("%s: %+v", test.name, found)
			}
		}

		h.setStatus(t, rules.Suspend, "owner")
		found := must(h.FindDataUser(t.Context(), h.owner.DUID))(t)
		if found.Status != "suspended" || found.SuspendedAt == nil || !found.SuspendedAt.Equal(today) {
			t.Errorf("suspended: %+v", found)
		}
	})
}
