package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"central.consent/dar/internal/web/argon"
)

// hashOf runs the command with a standard input.
func hashOf(t *testing.T, input string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(path, []byte(input), 0o600); err != nil {
		t.Fatal(err)
	}

	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()

	var out strings.Builder
	err = run(t.Context(), []string{"adviser", "hash"}, in, &out, io.Discard)

	return out.String(), err
}

func TestAdviserHash(t *testing.T) {
	const code = "correct horse battery"
	for _, end := range []string{"", "\n", "\r\n", "\nnext line\n"} {
		out, err := hashOf(t, code+end)
		if err != nil {
			t.Fatal(err)
		}

		hash, ok := strings.CutSuffix(out, "\n")
		if right, err := argon.Verify(code, hash); !ok || !right || err != nil {
			t.Errorf("after %q: %q is not its hash: %v", end, out, err)
		}
		if cost, err := argon.CostOf(hash); err != nil || cost != argon.DefaultCost {
			t.Errorf("the hash costs %v, %v", cost, err)
		}
	}
}

func TestAdviserHashRefuses(t *testing.T) {
	long := strings.Repeat("canary", 40)
	for _, code := range []string{"", "canary", " canary-with-a-space", "canary-with-a-space ", long} {
		out, err := hashOf(t, code+"\n")
		if err == nil || out != "" || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: prints %q, %v", code, out, err)
		}
	}

	if out, err := try(t, "adviser", "hash", "correct horse battery"); err == nil || out != "" {
		t.Errorf("a code in the arguments is taken: %q", out)
	}
}
