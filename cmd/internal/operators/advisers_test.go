package operators

import (
	"fmt"
	"strings"
	"testing"

	"central.consent/dar/internal/web/argon"
)

// hashOf is a hash that costs this much. Its sum is that of no code.
func hashOf(memory, passes int) string {
	return fmt.Sprintf(
		"$argon2id$v=19$m=%d,t=%d,p=1$%s$%s",
		memory,
		passes,
		strings.Repeat("A", 22),
		strings.Repeat("A", 43),
	)
}

func adviser(name, hash string) string {
	return fmt.Sprintf("[[operator.adviser]]\nname = %q\nsecret-hash = %q\n", name, hash)
}

func TestAdvisers(t *testing.T) {
	t.Parallel()
	hash, err := HashAdviserCode("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}

	list, err := Parse([]byte(good+adviser("Sam Jones", hash)+adviser("Siân Hughes", hashOf(64<<10, 3))), read)
	if err != nil {
		t.Fatal(err)
	}

	advisers := list[0].Advisers
	if len(advisers) != 2 || advisers[0].Name != "Sam Jones" || advisers[1].Name != "Siân Hughes" {
		t.Fatalf("got %v", advisers)
	}
	if right, err := argon.Verify("correct horse battery", advisers[0].SecretHash.Reveal()); !right || err != nil {
		t.Errorf("the code is not accepted: %v", err)
	}
	if printed := fmt.Sprintf("%v %+v", list[0], advisers); strings.Contains(printed, "argon2id") {
		t.Error("a hash is printed")
	}
}

func TestBadAdvisers(t *testing.T) {
	t.Parallel()
	const who = `operator "advice": `
	ok := hashOf(19456, 2)
	for name, test := range map[string]struct {
		file string
		want []string
	}{
		"no table": {good + `adviser = "Sam"`, []string{who + "adviser: " + notTables}},
		"nothing": {
			good + "[[operator.adviser]]\n",
			[]string{"adviser[1].name: is missing", "adviser[1].secret-hash: is missing"},
		},
		"a name twice": {
			good + adviser("Sam  Jones", ok) + adviser("sam jones", ok),
			[]string{who + "adviser[2].name: two advisers have it"},
		},
		"a long name": {
			good + adviser(strings.Repeat("x", 61), ok),
			[]string{who + "adviser[1].name: has more than 60 characters"},
		},
		"a hidden sign": {
			good + adviser("Sam\u202eJones", ok),
			[]string{who + "adviser[1].name: holds a character that cannot be seen"},
		},
		"an unknown key": {
			good + adviser("Sam", ok) + adviser("Ali", ok) + "colour = 1\n",
			[]string{who + "adviser[2].colour: is not a setting"},
		},
		"a secret": {
			good + adviser("Sam", ok) + "secret = \"canary\"\n",
			[]string{who + "adviser[1].secret: a secret never stands in this file: " +
				"write what portal adviser hash makes of it, as secret-hash"},
		},
		"a secret for a hash": {
			good + adviser("Sam", "canary-0123456789"),
			[]string{who + "adviser[1].secret-hash: is not a hash: make one with portal adviser hash"},
		},
		"another hash": {
			good + adviser("Sam", "$2b$12$canarycanarycanarycanary"),
			[]string{who + "adviser[1].secret-hash: is not a hash: make one with portal adviser hash"},
		},
		"a cheap hash": {
			good + adviser("Sam", hashOf(64, 1)),
			[]string{"adviser[1].secret-hash: costs 64 KiB and 1 passes"},
		},
		"a hash that stops the portal": {
			good + adviser("Sam", hashOf(4<<20, 2)),
			[]string{"adviser[1].secret-hash: costs 4194304 KiB and 2 passes"},
		},
	} {
		_, err := Parse([]byte(test.file), read)
		if err == nil {
			t.Errorf("%s: no mistake", name)
			continue
		}

		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the mistake quotes a secret", name)
		}
	}
}

func TestHashAdviserCodeRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("canary", 40)
	for _, code := range []string{"", "canary", "canary-canary-\n-canary", " canary-canary-canary", long} {
		if hash, err := HashAdviserCode(code); err == nil || hash != "" || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %q, %v", code, hash, err)
		}
	}
}
