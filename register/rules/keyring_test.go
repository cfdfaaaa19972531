package rules

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

// ringOf parses a key ring.
func ringOf(t *testing.T, text string) *Keyring {
	t.Helper()
	ring, err := NewKeyring(text)
	if err != nil {
		t.Fatal(err)
	}

	return ring
}

// A wrong key ring is refused, and the message shows no key.
func TestNewKeyring(t *testing.T) {
	t.Parallel()
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	for _, test := range []struct{ name, text, want string }{
		{"one key", "a:" + key, ""},
		{"two keys and spaces", "a:" + key + " , b:" + key, ""},
		{"nothing", "", "keys are written as id:key"},
		{"no id", ":" + key, "keys are written as id:key"},
		{"id with a space", "a b:" + key, "keys are written as id:key"},
		{"long id", strings.Repeat("a", 33) + ":" + key, "keys are written as id:key"},
		{"no key", "a:", `key "a" is not 32 bytes`},
		{"short key", "a:" + key[:40], `key "a" is not 32 bytes`},
		{"not base64", "a:" + strings.Repeat("!", 44), `key "a" is not 32 bytes`},
		{"id twice", "a:" + key + ",a:" + key, `key id "a" is used twice`},
		{"comma at the end", "a:" + key + ",", "keys are written as id:key"},
	} {
		_, err := NewKeyring(test.text)
		if test.want == "" && err == nil {
			continue
		}
		if err == nil || test.want == "" || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), key[:8]) {
			t.Errorf("%s: the message shows the key: %v", test.name, err)
		}
	}
}

// A sealed value opens with its key, in its place and unchanged only.
func TestOpenSealed(t *testing.T) {
	t.Parallel()
	ring := ringOf(t, GenerateKey("new")+","+GenerateKey("old"))
	sealed := ring.sealer().sealed([]byte("secret"), "table.column 1")
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for _, test := range []struct {
		name  string
		id    string
		value []byte
		place string
		want  bool
	}{
		{"as sealed", "new", sealed, "table.column 1", true},
		{"another row", "new", sealed, "table.column 2", false},
		{"another key", "old", sealed, "table.column 1", false},
		{"unknown key", "lost", sealed, "table.column 1", false},
		{"changed", "new", changed, "table.column 1", false},
		{"cut off", "new", sealed[:10], "table.column 1", false},
		{"nothing", "new", nil, "table.column 1", false},
	} {
		plain, err := ring.open(test.id, test.value, test.place)
		if (err == nil) != test.want || test.want && string(plain) != "secret" {
			t.Errorf("%s: opened %q, %v", test.name, plain, err)
		}
	}

	if again := ring.sealer().sealed([]byte("secret"), "table.column 1"); bytes.Equal(again, sealed) {
		t.Error("the same value is sealed to the same bytes twice")
	}
}

// The first key seals. After a rotation the old key still opens.
func TestFirstKeySeals(t *testing.T) {
	t.Parallel()
	old := GenerateKey("old")
	sealed := ringOf(t, old).sealer().sealed([]byte("secret"), "place")
	rotated := ringOf(t, GenerateKey("new")+","+old)
	if got := rotated.sealer().id; got != "new" {
		t.Errorf("key %q seals, want the first one", got)
	}
	if plain, err := rotated.open("old", sealed, "place"); err != nil || string(plain) != "secret" {
		t.Errorf("with the old key: %q, %v", plain, err)
	}
}

// An address is found in any case and under every key, and not without a key.
func TestMAC(t *testing.T) {
	t.Parallel()
	old := GenerateKey("old")
	ring := ringOf(t, GenerateKey("new")+","+old)
	macs := ring.macs("Customer@Example.com")
	if len(macs) != 2 || bytes.Equal(macs[0], macs[1]) {
		t.Fatalf("the hashes are %x", macs)
	}
	if before := ringOf(t, old).sealer().mac("customer@example.com"); !bytes.Equal(macs[1], before) {
		t.Error("an address that was stored under the old key is not found")
	}
	if bytes.Equal(macs[0], ring.sealer().mac("customer@example.org")) {
		t.Error("another address has the same hash")
	}
}
