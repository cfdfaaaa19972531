// Command demo runs the whole product in one process and on one port: the register, the portal and the published
// demonstration data, on databases of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"central.consent/dar/cmd/internal/serve"
)

type options struct {
	addr             string
	dataDir          string
	reidentification string
	// around wraps the register, for tests that check its responses; nil wraps nothing.
	around func(http.Handler) http.Handler
}

// isLive reports whether customers are asked to confirm, by mail and by passkey.
func (o options) isLive() bool { return o.reidentification == "live" }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	o, err := parse(args, out)
	if err != nil {
		return err
	}

	if o.dataDir == "" {
		if o.dataDir, err = os.MkdirTemp("", "dar-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(o.dataDir)
	} else if err = os.MkdirAll(o.dataDir, 0o700); err != nil {
		return err
	}

	return runDemo(ctx, o, out, serve.Logger(log))
}

// parse reads the flags. If it is asked for help it writes it to out and returns flag.ErrHelp.
func parse(args []string, out io.Writer) (options, error) {
	var o options
	set := flag.NewFlagSet("demo", flag.ContinueOnError)
	set.StringVar(&o.addr, "addr", "localhost:5001", "where to listen, host:port; port 0 takes a free one")
	set.StringVar(&o.dataDir, "data-dir", "",
		"where to keep the databases; without it a temporary folder, gone at the end")
	set.StringVar(&o.reidentification, "reidentification", "stub",
		"stub confirms every customer at once; live asks them, by passkeys and by letters that it shows at "+inboxPath)
	set.SetOutput(out)
	set.Usage = func() {
		fmt.Fprint(out, "demo runs the whole product in one process, on loopback, with the demonstration data.\n")
		set.VisitAll(func(f *flag.Flag) {
			fmt.Fprintf(out, "\n  --%s (default %q)\n      %s\n", f.Name, f.DefValue, f.Usage)
		})
	}

	if err := set.Parse(args); err != nil {
		return o, err
	}
	if set.NArg() > 0 {
		return o, fmt.Errorf("there is no argument %q; try --help", set.Arg(0))
	}
	if o.reidentification != "stub" && o.reidentification != "live" {
		return o, fmt.Errorf("--reidentification must be stub or live, not %q", o.reidentification)
	}

	return o, nil
}
