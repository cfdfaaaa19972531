package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/cli"
	"central.consent/dar/cmd/internal/operators"
)

func hashCommand(in *os.File) *cobra.Command {
	return &cobra.Command{
		Use:     "hash",
		Short:   "make the hash of an adviser's code for the file of operators; reads the code from the standard input",
		Example: "openssl rand -base64 18 | tee /dev/tty | portal adviser hash",
		Args:    cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if prompts, ok := terminals(in, c.ErrOrStderr()); ok {
				fmt.Fprint(prompts, "The adviser's code, 16 characters or more (the screen shows it): ")
			}

			if in == nil {
				return errors.New("portal adviser hash needs a code on the standard input")
			}

			return runHash(in, c.OutOrStdout())
		},
	}
}

// runHash writes the hash of the code in the first line of in.
func runHash(in io.Reader, out io.Writer) error {
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the code: %w", err)
	}

	hash, err := operators.HashAdviserCode(strings.TrimRight(line, "\r\n"))
	if err != nil {
		return err
	}

	_, err = fmt.Fprintln(out, hash)

	return err
}
