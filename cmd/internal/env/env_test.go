package env

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type settings struct {
	Listen  string        `env:"TEST_ENV_LISTEN"           envDefault:"localhost:1" help:"Where to listen."`
	Account string        `env:"TEST_ENV_ACCOUNT,required"                          help:"The account."     example:"portal_ops"`
	Wait    time.Duration `env:"TEST_ENV_WAIT"             envDefault:"10s"`
	Show    bool          `env:"TEST_ENV_SHOW"`
	Key     Secret        `env:"TEST_ENV_KEY,required"                              help:"The key."`
	Plain   string
}

// The tests set variables of the process, and so cannot run in parallel.

func TestLoad(t *testing.T) {
	t.Setenv("TEST_ENV_ACCOUNT", "a")
	t.Setenv("TEST_ENV_KEY", "k")
	t.Setenv("TEST_ENV_LISTEN", "")
	t.Setenv("TEST_ENV_SHOW", "true")
	var got settings
	if err := Load(&got); err != nil {
		t.Fatal(err)
	}

	want := settings{Listen: "localhost:1", Account: "a", Wait: 10 * time.Second, Show: true, Key: NewSecret("k")}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestLoadTakesASecretFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	t.Setenv("TEST_ENV_ACCOUNT", "a")
	t.Setenv("TEST_ENV_KEY_FILE", path)
	var got settings
	if err := Load(&got); err != nil {
		t.Fatal(err)
	}
	if got.Key.Reveal() != "from a file" {
		t.Errorf("got %q", got.Key.Reveal())
	}
}

func TestLoadReportsAllMistakesTogether(t *testing.T) {
	t.Setenv("TEST_ENV_WAIT", "ten")
	t.Setenv("TEST_ENV_SHOW", "perhaps")
	t.Setenv("TEST_ENV_KEY", "canary")
	t.Setenv("TEST_ENV_KEY_FILE", "/nowhere")
	err := Load(new(settings))
	if err == nil {
		t.Fatal("accepted")
	}

	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 4 {
		t.Errorf("got %d lines, want 4:\n%v", len(lines), err)
	}
	for _, want := range []string{"TEST_ENV_ACCOUNT is missing", "TEST_ENV_WAIT: ", "TEST_ENV_SHOW: ", "TEST_ENV_KEY and TEST_ENV_KEY_FILE"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("does not say %q:\n%v", want, err)
		}
	}

	if strings.Contains(err.Error(), "canary") {
		t.Errorf("shows a secret: %v", err)
	}

	os.Unsetenv("TEST_ENV_KEY") // t.Setenv puts it back
	if err := Load(new(settings)); !strings.Contains(err.Error(), "TEST_ENV_KEY_FILE: open /nowhere") {
		t.Errorf("does not name the missing file: %v", err)
	}
}

func TestUsage(t *testing.T) {
	var b bytes.Buffer
	Usage(&b, new(settings))
	for _, want := range []string{
		"TEST_ENV_LISTEN (default localhost:1)\n      Where to listen.",
		"TEST_ENV_ACCOUNT (required)\n      The account.\n      example: TEST_ENV_ACCOUNT=portal_ops",
		"TEST_ENV_KEY or TEST_ENV_KEY_FILE (required)",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("does not say %q:\n%s", want, b.String())
		}
	}
}

func TestSecretShowsNowhere(t *testing.T) {
	t.Parallel()
	s := struct{ Key Secret }{NewSecret("canary")}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "key", s.Key, "in", s)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "key", s.Key, "in", s)
	fmt.Fprintf(&b, "%v %+v %#v %s %q %v", s, s, s, s.Key, s.Key, &s)
	if err := json.NewEncoder(&b).Encode(s); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "canary") {
		t.Errorf("shown: %s", b.String())
	}
}
