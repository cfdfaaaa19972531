package main

import (
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	out, err := try(t, "--help")
	if err != nil {
		t.Error(err)
	}
	for _, want := range []string{"PORTAL_LISTEN", "PORTAL_OPERATORS", "portal operator check", "portal operator new"} {
		if !strings.Contains(out, want) {
			t.Errorf("--help does not mention %s", want)
		}
	}

	for _, args := range [][]string{{"garbage"}, {"--help", "garbage"}, {"serve"}} {
		if _, err := try(t, args...); err == nil || !strings.Contains(err.Error(), args[len(args)-1]) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, err := try(t, "operator", "garbage"); err == nil || !strings.Contains(err.Error(), "check, new") {
		t.Errorf("operator garbage: %v", err)
	}

	for _, command := range []string{"check", "new"} {
		out, err := try(t, "operator", command, "--help")
		if err != nil || !strings.Contains(out, "Example:\n  portal operator "+command) {
			t.Errorf("operator %s --help: %v %s", command, err, out)
		}
	}
}

// Every setting is explained: none may be added without.
func TestHelpExplainsEachSetting(t *testing.T) {
	out, err := try(t, "--help")
	if err != nil {
		t.Fatal(err)
	}
	for name, doc := range docs {
		if doc.Help == "" || !strings.Contains(out, "\n  "+name) || !strings.Contains(out, "\n      "+doc.Help+"\n") {
			t.Errorf("%s is not explained", name)
		}
	}
	if strings.Count(out, "\n  PORTAL_") != len(docs) {
		t.Errorf("%d settings are explained:\n%s", len(docs), out)
	}
}
