package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"central.consent/dar/cmd/internal/cli"
	"central.consent/dar/cmd/internal/operators"
)

func newFileCommand(in *os.File) *cobra.Command {
	return &cobra.Command{
		Use:     "new [FILE]",
		Short:   "write a file of operators to begin with, to a new file or to the standard output",
		Example: "portal operator new /etc/portal/operators.toml",
		Args:    cli.MaxArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			path := ""
			if len(args) > 0 {
				path = args[0]
			}

			text := operators.Example
			if prompts, ok := terminals(in, c.ErrOrStderr()); ok {
				text = fillIn(text, in, prompts)
			}

			if err := writeNew(path, text, c.OutOrStdout()); err != nil {
				return fmt.Errorf("%s: %w", c.CommandPath(), err)
			}

			return nil
		},
	}
}

// terminals reports whether a person can be asked: both files are terminals. A program that runs the command is not
// asked.
func terminals(in *os.File, log io.Writer) (prompts io.Writer, ok bool) {
	file, ok := log.(*os.File)
	return file, ok && in != nil && isatty.IsTerminal(in.Fd()) && isatty.IsTerminal(file.Fd())
}

// writeNew writes the text to a new file, and never over another; to out if there is no path.
func writeNew(path, text string, out io.Writer) error {
	if path == "" {
		_, err := io.WriteString(out, text)
		return err
	}

	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already, and is left as it is", path)
	}
	if err != nil {
		return err
	}

	_, err = io.WriteString(file, text)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}

	fmt.Fprintf(out, "%s is written. Fill it in, and then: portal operator check %s\n", path, path)

	return nil
}

// question is what a person is asked about one key.
type question struct {
	text  string
	key   string
	value string // of the example
}

var questions = []question{
	{"Slug, in small letters", "slug", "my-operator"},
	{"Name, as customers know it", "name", "My Operator"},
	{"Host of its portal", "hosts", "energy.example.org"},
	{"Account at the register", "account-id", "my_operator"},
	{"File with the account's secret", "account-secret-file", "my-operator.secret"},
	{"Page on which customers get help", "contact-url", "https://www.example.org/contact"},
	{"Telephone for customers", "phone", "0800 000 0000"},
}

// fillIn asks for the values that every operator has to change. An empty answer keeps the example's.
func fillIn(text string, in io.Reader, prompts io.Writer) string {
	lines := bufio.NewScanner(in)
	for _, q := range questions {
		fmt.Fprintf(prompts, "%s [%s]: ", q.text, q.value)
		answer := ""
		if lines.Scan() {
			answer = strings.TrimSpace(lines.Text())
		}

		text = fill(text, q.key, q.value, cmp.Or(answer, q.value))
	}

	return text
}

// fill replaces the example's value in the line that sets the key.
func fill(text, key, old, value string) string {
	var b strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		if strings.HasPrefix(line, key+" = ") {
			line = strings.Replace(line, quote(old), quote(value), 1)
		}
		b.WriteString(line)
	}

	return b.String()
}

// quote writes a text as a TOML string.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}

	b.WriteByte('"')

	return b.String()
}
