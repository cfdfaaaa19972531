package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// leaves are the commands that do something, in the order of help.
func leaves(t *testing.T) []*cobra.Command {
	t.Helper()
	var found []*cobra.Command
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		for _, below := range c.Commands() {
			visit(below)
		}
		if !c.HasSubCommands() {
			found = append(found, c)
		}
	}
	visit(newCommand())

	var names []string
	for _, c := range found {
		names = append(names, c.CommandPath())
	}
	want := []string{
		"register serve",
		"register migrate",
		"register account add",
		"register account list",
		"register account show",
		"register account suspend",
		"register account reactivate",
		"register account rotate-secret",
		"register approvals list",
		"register approvals approve",
		"register approvals refuse",
		"register audit verify",
		"register import",
		"register key",
		"register keys rotate",
		"register backup",
		"register erasures list",
		"register erasures replay",
	}
	if !slices.Equal(names, want) {
		t.Fatalf("the commands are %q, want %q", names, want)
	}

	return found
}

func TestHelpExplainsEachCommand(t *testing.T) {
	for _, ask := range []string{"", "help", "--help", "-h"} {
		var args []string
		if ask != "" {
			args = []string{ask}
		}

		out := mustRun(t, args...)
		for _, c := range leaves(t) {
			if !strings.Contains(out, c.CommandPath()+" ") || !strings.Contains(out, " "+c.Short+"\n") {
				t.Errorf("%q does not list %s", ask, c.CommandPath())
			}
		}

		if !strings.Contains(out, "REGISTER_METRICS_LISTEN (default localhost:5003)") {
			t.Errorf("%q does not list the settings", ask)
		}
	}

	for _, c := range leaves(t) {
		words := strings.Fields(c.CommandPath())[1:]
		for _, ask := range []string{"--help", "-h"} {
			out := mustRun(t, append(slices.Clone(words), ask)...)
			if !strings.Contains(out, c.Short) || c.Example == "" || !strings.Contains(out, "Example:\n  "+c.Example) {
				t.Errorf("%s %s: %s", c.CommandPath(), ask, out)
			}
		}
	}

	if out := mustRun(t, "account", "add", "--help"); !strings.Contains(out, "\n  --contact-url\n") {
		t.Errorf("the flags are not explained: %s", out)
	}
}

// Every setting is explained: none may be added without.
func TestHelpExplainsEachSetting(t *testing.T) {
	out := mustRun(t, "--help")
	for name, doc := range docs {
		if doc.Help == "" || !strings.Contains(out, "\n  "+name) || !strings.Contains(out, "\n      "+doc.Help+"\n") {
			t.Errorf("%s is not explained", name)
		}
	}
	if strings.Count(out, "\n  REGISTER_") != len(docs) {
		t.Errorf("%d settings are explained:\n%s", len(docs), out)
	}
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	set(t, nil)
	refused(t, `no command "dance"`, "dance")
	const accountCommands = "the account commands are: add, list, show, suspend, reactivate, rotate-secret"
	refused(t, accountCommands, "account")
	refused(t, accountCommands, "account", "dance")
	refused(t, "the keys commands are: rotate", "keys", "dance")
	for _, c := range leaves(t) {
		words := strings.Fields(c.CommandPath())[1:]
		refused(t, "does not take", append(slices.Clone(words), "a", "b")...)
		refused(t, "-dance", append(slices.Clone(words), "--dance")...)
	}

	refused(t, "needs an id", "key")
	refused(t, "needs the path", "backup")
	for _, command := range []string{"show", "suspend", "reactivate", "rotate-secret"} {
		refused(t, "needs --id", "account", command)
	}
	refused(t, "needs the key of a request", "approvals", "approve")
	refused(t, "needs the key of a request", "approvals", "refuse")
	refused(t, "needs --account and a file", "import")
}
