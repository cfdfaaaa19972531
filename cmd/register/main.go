// Command register runs the Data Access Register and maintains its accounts, its keys and its audit log.
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

	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "register:", err)
		os.Exit(1)
	}
}

// run runs the command that the arguments name. Results go to out; log lines and progress go to log.
func run(ctx context.Context, args []string, out, log io.Writer) error {
	return cli.Run(ctx, newCommand(), cli.Program{
		Note: "Settings come from the environment. key needs none; migrate, backup and erasures list need\n" +
			"only REGISTER_DATABASE, audit verify REGISTER_KEYS too; the settings of mail are for serve:",
		Settings: env.Settings(new(config), docs),
	}, args, out, log)
}

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "register",
		Short: "the Data Access Register: who has access to which meter point's data",
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.AddCommand(
		serveCommand(),
		migrateCommand(),
		cli.Group("account", "open accounts, show and suspend them, and replace their secrets",
			accountAddCommand(), accountListCommand(), accountShowCommand(), accountSuspendCommand(),
			accountReactivateCommand(), rotateSecretCommand()),
		cli.Group("approvals", "decide what waits for a second administrator",
			approvalsListCommand(), approvalsDecideCommand(approveOnHost), approvalsDecideCommand(refuseOnHost)),
		cli.Group("audit", "check the audit log", auditVerifyCommand()),
		importCommand(),
		keyCommand(),
		cli.Group("keys", "replace the keys that seal the data", keysRotateCommand()),
		backupCommand(),
		cli.Group("erasures", "list what was anonymised, and repeat it on a restored backup",
			erasuresListCommand(), erasuresReplayCommand()),
	)

	return root
}
