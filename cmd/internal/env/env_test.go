package env

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type settings struct {
	Listen  string        `env:"TEST_ENV_LISTEN"           envDefault:"localhost:1"`
	Account string        `env:"TEST_ENV_ACCOUNT,required"`
	Wait    time.Duration `env:"TEST_ENV_WAIT"             envDefault:"10s"`
	Show    bool          `env:"TEST_ENV_SHOW"`
	Key     Secret        `env:"TEST_ENV_KEY,required"`
	Plain   string
}

// The tests set variables of the process, so they do not run in parallel.

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
	for _, want := range []string{
		"TEST_ENV_ACCOUNT is missing",
		"TEST_ENV_WAIT: ",
		"TEST_ENV_SHOW: ",
		"TEST_ENV_KEY and TEST_ENV_KEY_FILE",
	} {
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
