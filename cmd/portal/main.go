// Command portal runs transparency portals, one for each operator: customers name a meter point, prove that it is
// theirs, see who can read its data, and stop what they once permitted. It keeps sessions in a database of its own and
// reaches the register over HTTP. Run it with --help for its commands and settings.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/cli"
	"central.consent/dar/cmd/internal/env"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves if there are no arguments, and otherwise runs the command that they name. An argument that is no command
// is refused: a typing error must not start the portal.
func run(ctx context.Context, args []string, in *os.File, out, log io.Writer) error {
	return cli.Run(ctx, newCommand(in), cli.Program{
		Alone:    "serve until it is stopped",
		Note:     "Settings are environment variables:",
		Settings: env.Settings(new(config), docs),
	}, args, out, log)
}

func newCommand(in *os.File) *cobra.Command {
	root := &cobra.Command{
		Use:   "portal",
		Short: "who can read your smart meter, for the customers of one operator or of many",
		RunE: func(c *cobra.Command, _ []string) error {
			return runServe(c.Context(), c.ErrOrStderr())
		},
	}
	root.AddCommand(cli.Group("adviser", "work on the advisers of an operator", hashCommand(in)))
	root.AddCommand(cli.Group("operator", "work on the file of operators", checkCommand(), newFileCommand(in)))

	return root
}
