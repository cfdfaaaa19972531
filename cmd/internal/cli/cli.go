// Package cli is what the command lines of the programs share: help with every setting, refusals in one form, the
// version, shell completion and manual pages. Commands are those of github.com/spf13/cobra.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"central.consent/dar/cmd/internal/env"
)

func init() {
	// Help lists commands in the order in which they are added, the most used first.
	cobra.EnableCommandSorting = false
}

// Program is what help and manual pages say beside the commands.
type Program struct {
	// Alone says what the program does without a command; empty if it needs one.
	Alone string
	// Note stands before the settings and says which command needs which.
	Note string
	// Settings are read from the environment.
	Settings []env.Setting
}

// Run runs the command of root that the arguments name, and returns its error. To ask for help is no error. Only out
// and log are written to: errors are for the caller to print.
func Run(ctx context.Context, root *cobra.Command, program Program, args []string, out, log io.Writer) error {
	root.Version = Version()
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.DisableAutoGenTag = true
	root.SetOut(out)
	root.SetErr(log)
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { writeHelp(c.OutOrStdout(), c, program) })
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return fmt.Errorf("%s: %w", c.CommandPath(), err) })
	root.SetHelpCommand(helpCommand())
	root.AddCommand(manCommand(program.Settings))
	root.InitDefaultHelpFlag()
	root.InitDefaultVersionFlag()
	root.Flags().Lookup("version").Usage = "print the version"
	if root.Args == nil {
		root.Args = refuseCommand
	}

	args = withTwoDashes(root, args)
	if len(args) > 0 && (args[0] == "--help" || args[0] == "-h") {
		args[0] = "help"
	}
	root.SetArgs(args)

	return root.ExecuteContext(ctx)
}

// refuseCommand refuses words that name no command.
func refuseCommand(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("there is no command %q; try %s --help", args[0], c.Root().Name())
	}
	return nil
}

// Group returns a command that only has other commands below it. Without one of them it is refused.
func Group(name, short string, commands ...*cobra.Command) *cobra.Command {
	names := make([]string, len(commands))
	for i, c := range commands {
		names[i] = c.Name()
	}

	group := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == "help" {
				return c.Help()
			}
			return fmt.Errorf("the %s commands are: %s", name, strings.Join(names, ", "))
		},
	}
	group.AddCommand(commands...)

	return group
}

// NoArgs refuses arguments.
func NoArgs(c *cobra.Command, args []string) error { return MaxArgs(0)(c, args) }

// MaxArgs refuses more than n arguments.
func MaxArgs(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > n {
			return fmt.Errorf("%s does not take %q", c.CommandPath(), args[n])
		}
		return nil
	}
}

// OneArg wants one argument. Missing completes "needs ..." if there is none.
func OneArg(missing string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return errors.New(c.CommandPath() + " needs " + missing)
		}
		return MaxArgs(1)(c, args)
	}
}

// withTwoDashes writes the known flags with two dashes, as they may also be given with one: -checkpoint FILE.
func withTwoDashes(root *cobra.Command, args []string) []string {
	known := map[string]bool{}
	note := func(f *pflag.Flag) { known[f.Name] = true }
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		c.Flags().VisitAll(note)
		for _, below := range c.Commands() {
			visit(below)
		}
	}
	visit(root)

	rewritten := make([]string, len(args))
	copy(rewritten, args)
	for i, arg := range rewritten {
		if arg == "--" {
			break
		}

		flag, isFlag := strings.CutPrefix(arg, "-")
		name, _, _ := strings.Cut(flag, "=")
		if isFlag && known[name] {
			rewritten[i] = "--" + flag
		}
	}

	return rewritten
}
