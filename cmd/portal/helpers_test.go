package main

import (
	"encoding/base64"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tests set variables of the process, so they do not run in parallel.

var valid = map[string]string{
	"PORTAL_PUBLIC_URL":     "https://energy.example.org",
	"PORTAL_REGISTER_URL":   "http://127.0.0.1:1/v1",
	"PORTAL_ACCOUNT_ID":     "portal_ops",
	"PORTAL_ACCOUNT_SECRET": "secret canary",
	"PORTAL_SESSION_KEY":    base64.StdEncoding.EncodeToString(make([]byte, 32)),
	"PORTAL_OPERATOR_NAME":  "Citizens Example",
	"PORTAL_OPERATOR_PHONE": "0800 000 0000",
}

// set gives the process valid settings, with the given changes.
func set(t *testing.T, change map[string]string) {
	t.Helper()
	settings := maps.Clone(valid)
	maps.Copy(settings, change)
	for name, value := range settings {
		t.Setenv(name, value)
	}
}

// setFile is set for a file of operators, which replaces the settings of a single one.
func setFile(t *testing.T, path string, change map[string]string) {
	t.Helper()
	settings := map[string]string{
		"PORTAL_OPERATORS":      path,
		"PORTAL_ACCOUNT_ID":     "",
		"PORTAL_ACCOUNT_SECRET": "",
		"PORTAL_OPERATOR_NAME":  "",
		"PORTAL_OPERATOR_PHONE": "",
	}
	maps.Copy(settings, change)
	set(t, settings)
}

// try runs a command and returns what it prints.
func try(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	err := run(t.Context(), args, nil, &out, io.Discard)

	return out.String(), err
}

// folder makes a folder with these files, by their names, for the length of the test.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	path := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(path, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	return path
}
