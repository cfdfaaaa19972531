package passkey

import "testing"

// TestOrigin holds the spelling of browsers: the origin that they sign is compared byte for byte.
func TestOrigin(t *testing.T) {
	t.Parallel()

	for origin, want := range map[string]string{
		"https://id.central.consent":      "https://id.central.consent",
		"https://ID.Central.Consent:443":  "https://id.central.consent",
		"https://id.central.consent:8443": "https://id.central.consent:8443",
		"http://localhost:80":             "http://localhost",
		"http://127.0.0.1:5002":           "http://127.0.0.1:5002",
	} {
		party, err := New(origin, "Central Access Register")
		if err != nil || party.origin != want {
			t.Errorf("%s: %v %v, want %s", origin, party, err, want)
		}
	}

	if _, err := New("https://192.0.2.1", "Central Access Register"); err == nil {
		t.Error("an IP address is accepted")
	}
}
