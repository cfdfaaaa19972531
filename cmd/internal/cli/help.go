package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"central.consent/dar/cmd/internal/env"
)

// helpCommand is "help", with or without a command that it is asked about.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "help [COMMAND]",
		Short:  "explain the program or one of its commands",
		Hidden: true,
		Args:   cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			topic, more, err := c.Root().Find(args)
			if err != nil {
				return err
			}
			if len(more) > 0 {
				return refuseCommand(topic, more)
			}

			return topic.Help()
		},
	}
}

func writeHelp(w io.Writer, c *cobra.Command, program Program) {
	fmt.Fprintf(w, "%s - %s\n", c.CommandPath(), c.Short)
	if c.Long != "" {
		fmt.Fprintf(w, "\n%s\n", c.Long)
	}

	if c.HasAvailableSubCommands() {
		fmt.Fprint(w, "\nUsage:\n")
		writeCommands(w, c, program)
	} else {
		fmt.Fprintf(w, "\nUsage:\n  %s\n", c.UseLine())
	}

	if c.Example != "" {
		fmt.Fprintf(w, "\nExample:\n  %s\n", c.Example)
	}
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && !f.Hidden {
			fmt.Fprintf(w, "\n  --%s\n      %s\n", f.Name, f.Usage)
		}
	})

	switch {
	case c.HasParent() && len(program.Settings) > 0:
		fmt.Fprintf(w, "\nSettings come from the environment: %s --help lists them.\n", c.Root().Name())
	case len(program.Settings) > 0:
		fmt.Fprintf(w, "\nEach command takes --help. %s\n", program.Note)
		env.Usage(w, program.Settings)
	}
}

// writeCommands writes a line for each command below c that does something.
func writeCommands(w io.Writer, c *cobra.Command, program Program) {
	const line = "  %-30s %s\n"
	if !c.HasParent() && program.Alone != "" {
		fmt.Fprintf(w, line, c.Name(), program.Alone)
	}

	for _, below := range c.Commands() {
		switch {
		case !below.IsAvailableCommand():
		case below.Name() == "completion":
			fmt.Fprintf(w, line, below.CommandPath(), "print a script that completes commands in a shell")
		case below.HasAvailableSubCommands():
			writeCommands(w, below, program)
		default:
			fmt.Fprintf(w, line, below.CommandPath(), below.Short)
		}
	}
}
