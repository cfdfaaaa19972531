package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"central.consent/dar/cmd/internal/env"
)

// manCommand writes the manual pages, for those who package the program.
func manCommand(settings []env.Setting) *cobra.Command {
	return &cobra.Command{
		Use:    "man FOLDER",
		Short:  "write the manual pages, one for each command, into a folder",
		Hidden: true,
		Args:   OneArg("the folder to write the manual pages into"),
		RunE: func(c *cobra.Command, args []string) error {
			return writeManual(c.Root(), settings, args[0])
		},
	}
}

func writeManual(root *cobra.Command, settings []env.Setting, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}

	header := doc.GenManHeader{Section: "1", Source: root.Name() + " " + root.Version, Manual: "Data Access Register"}
	if err := doc.GenManTree(root, &header, folder); err != nil {
		return fmt.Errorf("write the manual pages: %w", err)
	}
	if len(settings) == 0 {
		return nil
	}

	file, err := os.OpenFile(filepath.Join(folder, root.Name()+".1"), os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("write the manual pages: %w", err)
	}

	return errors.Join(writeEnvironment(file, settings), file.Close())
}

// writeEnvironment writes the section of the settings in the language of man(7).
func writeEnvironment(w io.Writer, settings []env.Setting) error {
	var b strings.Builder
	b.WriteString(".SH ENVIRONMENT\n")
	for _, s := range settings {
		b.WriteString(".TP\n\\fB" + roff(s.Name) + "\\fP")
		if s.Secret {
			b.WriteString(" or \\fB" + roff(s.Name) + "_FILE\\fP")
		}
		if s.Default != "" {
			b.WriteString(" (default " + roff(s.Default) + ")")
		} else if s.Required {
			b.WriteString(" (required)")
		}

		b.WriteString("\n" + roff(s.Help) + "\n")
		if s.Example != "" {
			b.WriteString(".br\nexample: " + roff(s.Name+"="+s.Example) + "\n")
		}
	}

	_, err := io.WriteString(w, b.String())

	return err
}

// roff escapes a text. What begins with a dot would be a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}

	return text
}
