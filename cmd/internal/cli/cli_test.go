package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/env"
)

// run runs a program with some commands, and returns what it prints.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	file := ""
	add := &cobra.Command{
		Use:     "add FILE",
		Short:   "add a thing",
		Long:    "Why one would.",
		Example: "thing box add x",
		Args:    OneArg("a file"),
		RunE: func(c *cobra.Command, args []string) error {
			if args[0] == "broken" {
				return errors.New("broken")
			}

			_, err := io.WriteString(c.OutOrStdout(), "added "+args[0]+" from "+file)

			return err
		},
	}
	add.Flags().StringVar(&file, "from", "nowhere", "where it comes from")
	list := &cobra.Command{Use: "list", Short: "list things", Args: NoArgs, RunE: func(*cobra.Command, []string) error {
		return nil
	}}

	root := &cobra.Command{Use: "thing", Short: "things", RunE: func(c *cobra.Command, _ []string) error {
		_, err := io.WriteString(c.OutOrStdout(), "alone")
		return err
	}}
	root.AddCommand(Group("box", "things in boxes", add, list))
	program := Program{
		Alone: "do nothing",
		Note:  "All settings:",
		Settings: []env.Setting{
			{Name: "THING_KEY", Required: true, Secret: true, Doc: env.Doc{Help: ".help", Example: `a\b`}},
			{Name: "THING_AT", Default: "here"},
		},
	}

	var out bytes.Buffer
	err := Run(t.Context(), root, program, args, &out, io.Discard)

	return out.String(), err
}

func TestRun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args string
		want string
	}{
		{"", "alone"},
		{"box add x", "added x from nowhere"},
		{"box add x --from there", "added x from there"},
		{"box add --from=there x", "added x from there"},
		{"box add -from there x", "added x from there"},
		{"box add -from=there -- -from", "added -from from there"},
	} {
		out, err := run(t, strings.Fields(test.args)...)
		if err != nil || out != test.want {
			t.Errorf("%q: %q, %v; want %q", test.args, out, err, test.want)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"dance":                      `there is no command "dance"; try thing --help`,
		"--help dance":               `there is no command "dance"; try thing --help`,
		"help box dance":             `there is no command "dance"; try thing --help`,
		"box":                        "the box commands are: add, list",
		"box dance":                  "the box commands are: add, list",
		"box add":                    "thing box add needs a file",
		"box add a b":                `thing box add does not take "b"`,
		"box list a":                 `thing box list does not take "a"`,
		"box add broken":             "broken",
		"box list --dance":           "thing box list: unknown flag: --dance",
		"box add --from":             "thing box add: flag needs an argument: --from",
		"man":                        "thing man needs the folder to write the manual pages into",
		"--dance":                    "thing: unknown flag: --dance",
		"box add x --from=a --dance": "thing box add: unknown flag: --dance",
	} {
		out, err := run(t, strings.Fields(args)...)
		if err == nil || err.Error() != want || out != "" {
			t.Errorf("%q: %v, want %q (prints %q)", args, err, want, out)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, ask := range []string{"--help", "-help", "-h", "help"} {
		out, err := run(t, ask)
		if err != nil {
			t.Errorf("%s: %v", ask, err)
		}
		for _, want := range []string{
			"thing - things\n",
			"  thing                          do nothing\n",
			"  thing box add                  add a thing\n",
			"  thing completion ",
			"\n  --version\n",
			"Each command takes --help. All settings:\n",
			"\n  THING_KEY or THING_KEY_FILE (required)\n      .help\n      example: THING_KEY=a\\b\n",
			"\n  THING_AT (default here)\n",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not say %q:\n%s", ask, want, out)
			}
		}
	}

	want := "thing box add - add a thing\n\nWhy one would.\n\nUsage:\n  thing box add FILE [flags]\n\n" +
		"Example:\n  thing box add x\n\n  --from\n      where it comes from\n\n" +
		"Settings come from the environment: thing --help lists them.\n"
	for _, ask := range []string{"box add --help", "box add x -h", "help box add", "--help box add"} {
		if out, err := run(t, strings.Fields(ask)...); err != nil || out != want {
			t.Errorf("%s: %v\n%s", ask, err, out)
		}
	}
	for _, ask := range []string{"box --help", "box help", "help box"} {
		out, err := run(t, strings.Fields(ask)...)
		if err != nil || !strings.Contains(out, "thing box list") {
			t.Errorf("%s: %v\n%s", ask, err, out)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if out, err := run(t, "--version"); err != nil || out != "thing version "+Version()+"\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out, err := run(t, "completion", shell); err != nil || !strings.Contains(out, "thing") {
			t.Errorf("%s: %v, %d bytes", shell, err, len(out))
		}
	}
	if out, err := run(t, "__complete", "box", ""); err != nil || !strings.Contains(out, "add\tadd a thing\n") {
		t.Errorf("%q, %v", out, err)
	}
}

func TestManual(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "man")
	if _, err := run(t, "man", folder); err != nil {
		t.Fatal(err)
	}

	for name, wants := range map[string][]string{
		"thing.1": {
			".SH ENVIRONMENT\n.TP\n\\fBTHING_KEY\\fP or \\fBTHING_KEY_FILE\\fP (required)\n\\&.help\n",
			"example: THING_KEY=a\\eb\n",
		},
		"thing-box-add.1": {"thing box add x", "where it comes from"},
	} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s does not say %q:\n%s", name, want, text)
			}
		}
	}
}
