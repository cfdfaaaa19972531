package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"central.consent/dar/cmd/internal/operators"
)

func TestOperatorNew(t *testing.T) {
	if out, err := try(t, "operator", "new"); err != nil || out != operators.Example {
		t.Errorf("%v, %d bytes", err, len(out))
	}

	path := filepath.Join(t.TempDir(), "operators.toml")
	if _, err := try(t, "operator", "new", path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}

	if _, err := try(t, "operator", "new", path); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("over another file: %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "mine" {
		t.Error("a file was overwritten")
	}
}

// TestOperatorNewAsks answers each question. The file that it makes must pass.
func TestOperatorNewAsks(t *testing.T) {
	answers := "adviceline\nAdvice \"Line\"\nenergy.advice.example\nadvice_1\n\n\n0800 111 2222\n"
	text := fillIn(operators.Example, strings.NewReader(answers), io.Discard)
	path := folder(t, map[string]string{"operators.toml": text, "my-operator.secret": "canary"})
	list, err := operators.Load(filepath.Join(path, "operators.toml"))
	if err != nil {
		t.Fatal(err)
	}

	o := list[0]
	if o.Slug != "adviceline" || o.Brand.Name != `Advice "Line"` || o.Hosts[0] != "energy.advice.example" ||
		o.AccountID != "advice_1" || o.Brand.Phone != "0800 111 2222" {
		t.Errorf("got %+v", o)
	}
}
