package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/cli"
	"central.consent/dar/register"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// approvalsShown is how many requests approvals list shows.
const approvalsShown = 100

func approvalsListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "list what waits or waited for a second administrator, the newest first",
		Example: "register approvals list",
		Args:    cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return onRegister(c.Context(), func(ctx context.Context, service *register.Register) error {
				approvals, _, _, err := service.Rules.ListApprovals(ctx, store.Page{Limit: approvalsShown})
				if err != nil {
					return fmt.Errorf("approvals list: %w", err)
				}

				looking := &rules.AdministratorRequest{At: "approvals"}
				if err := service.Rules.AuditLook(rules.WithAdministrator(ctx, looking)); err != nil {
					return fmt.Errorf("approvals list: %w", err)
				}

				return writeApprovals(c.OutOrStdout(), approvals)
			})
		},
	}
}

// writeApprovals writes requests as a table.
func writeApprovals(out io.Writer, approvals []registerclient.Approval) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "approval\tstate\tasked by\texpires\taction\tparameters\treason")
	for _, approval := range approvals {
		parameters, err := json.Marshal(approval.Parameters)
		if err != nil {
			return err
		}

		reason := approval.Reason
		if reason == "" {
			reason = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", approval.Approval, approval.State, approval.RequestedBy,
			approval.ExpiresAt.Format(time.RFC3339), approval.Action, parameters, reason)
	}

	return table.Flush()
}

// hostVerdict is a verdict of the command line.
type hostVerdict struct {
	name    string
	short   string
	verdict rules.Verdict
}

// The verdicts of the command line.
var (
	approveOnHost = hostVerdict{
		"approve", "approve a request, if there are fewer than two active administrators", rules.Approve,
	}
	refuseOnHost = hostVerdict{"refuse", "refuse a request", rules.Refuse}
)

func approvalsDecideCommand(v hostVerdict) *cobra.Command {
	return &cobra.Command{
		Use:     v.name + " APPROVAL",
		Short:   v.short,
		Example: "register approvals " + v.name + " apr_0123456789abcdef01234567",
		Args:    cli.OneArg("the key of a request, as approvals list shows it"),
		RunE: func(c *cobra.Command, args []string) error {
			return onRegister(c.Context(), func(ctx context.Context, service *register.Register) error {
				approval, err := service.Rules.DecideApprovalOnHost(ctx, v.verdict, args[0])
				if err != nil {
					return fmt.Errorf("approvals %s: %w", v.name, err)
				}

				fmt.Fprintf(c.OutOrStdout(), "approval  %s\nstate     %s\naction    %s\n",
					approval.Approval, approval.State, approval.Action)

				return nil
			})
		},
	}
}
