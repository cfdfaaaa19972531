// Command demo runs the whole product in one process and on one port: the register, the portal and the
// published demonstration data, on a database of its own.
package main

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/cmd/internal/serve"
	"central.consent/dar/handlers"
	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/mail"
	"central.consent/dar/register/mail/catcher"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

type options struct {
	addr             string
	dataDir          string
	reidentification string
	// around wraps the register, for tests that look at its answers; nil wraps nothing.
	around func(http.Handler) http.Handler
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	var o options
	set := flag.NewFlagSet("demo", flag.ContinueOnError)
	set.StringVar(&o.addr, "addr", "localhost:5001", "where to listen, host:port; port 0 takes a free one")
	set.StringVar(
		&o.dataDir,
		"data-dir",
		"",
		"where to keep the databases; without it a temporary folder, gone at the end",
	)
	set.StringVar(
		&o.reidentification,
		"reidentification",
		"stub",
		"stub confirms every customer at once; live asks them, by passkeys and by letters that it shows at "+inboxPath,
	)
	set.SetOutput(out)
	set.Usage = func() {
		fmt.Fprint(out, "demo runs the whole product in one process, on loopback, with the demonstration data.\n")
		set.VisitAll(
			func(f *flag.Flag) { fmt.Fprintf(out, "\n  --%s (default %q)\n      %s\n", f.Name, f.DefValue, f.Usage) },
		)
	}
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() > 0 {
		return fmt.Errorf("there is no argument %q; try --help", set.Arg(0))
	}

	if o.dataDir == "" {
		folder, err := os.MkdirTemp("", "dar-demo-")
		if err != nil {
			return err
		}

		defer os.RemoveAll(folder)
		o.dataDir = folder
	} else if err := os.MkdirAll(o.dataDir, 0o700); err != nil {
		return err
	}

	return runDemo(ctx, o, out, serve.Logger(log))
}

// runDemo serves until ctx ends. Once the data is there, it says where to look.
func runDemo(ctx context.Context, o options, out io.Writer, log *slog.Logger) error {
	host, _, err := net.SplitHostPort(o.addr)
	if err != nil {
		return fmt.Errorf("--addr: %w", err)
	}

	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return fmt.Errorf("--addr: %w", err)
	}

	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return err
	}

	base := "http://" + net.JoinHostPort(host, port)

	databases, err := openDatabases(ctx, o.dataDir)
	if err != nil {
		return err
	}

	defer databases.close()
	var letters *catcher.Catcher
	var sender *mail.Sender
	if o.reidentification == "live" {
		if letters, err = catcher.Start(catcher.Options{}); err != nil {
			return err
		}

		defer letters.Close()
		if sender, err = mail.NewSender(mail.Options{URL: letters.URL()}); err != nil {
			return err
		}

		defer sender.Close()
	}

	service, err := newRegister(databases, o, base, sender, log)
	if err != nil {
		return err
	}

	all, err := theOperators()
	if err != nil {
		return err
	}

	portal, err := newPortals(databases, all, o, base, log)
	if err != nil {
		return err
	}

	var answering http.Handler = service
	if o.around != nil {
		answering = o.around(service)
	}

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serve.HTTP(ctx, listener, onePort(portal, answering, inbox(letters)), log) })
	group.Go(func() error {
		service.Worker.Run(ctx)
		return nil
	})
	group.Go(func() error {
		if err := openAdministrator(ctx, service); err != nil {
			return fmt.Errorf("open the administrator's account: %w", err)
		}
		if err := seed(ctx, base, all); err != nil {
			return fmt.Errorf("write the demonstration data: %w", err)
		}

		_, err := io.WriteString(out, welcome(base, all, o.reidentification == "live"))
		return err
	})

	return group.Wait()
}

// welcome says where everything stands. The first operator is the published one.
func welcome(base string, all []operators.Operator, live bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nThe portal stands at %s%s\n  Look up the meter point %s.", base, all[0].Base, meterPoint)
	if live {
		fmt.Fprintf(&b, " You are asked to confirm, as a customer is.\nIts mail is read at %s%s\n"+
			"  No letter leaves this machine. Passkeys work too: on localhost, in the browser in which they were made.", base, inboxPath)
	}

	b.WriteString("\nThe same for other operators, each in its own look:\n")
	for _, o := range all[1:] {
		fmt.Fprintf(&b, "  %s%s  %s\n", base, o.Base, o.Brand.Name)
	}
	for _, o := range all {
		if secret := o.AdviserSecret.Reveal(); secret != "" {
			fmt.Fprintf(
				&b,
				"Advisers of %s help customers at %s%s/adviser\n  Their code is %s\n",
				o.Brand.Name,
				base,
				o.Base,
				secret,
			)
		}
	}

	fmt.Fprintf(&b, "In the page of somebody else it stands at %s%s\n", embedderOrigin(base), embedderPath)
	fmt.Fprintf(
		&b,
		"The register's API stands at %s/v1, its pages at %s/docs\n  Account %s, secret %s.\nCtrl-C ends it.\n",
		base,
		base,
		all[0].AccountID,
		all[0].AccountSecret.Reveal(),
	)
	return b.String()
}

// onePort gives the portals whatever begins with /portal or /o/, the inbox what is below /demo, and the register the rest. It is no http.ServeMux, which
// answers an address such as //v1 or /v1/../x itself, with a page that neither program would send.
func onePort(portal, service, inbox http.Handler) http.Handler {
	start := http.RedirectHandler("/portal", http.StatusSeeOther)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch read := r.Method == http.MethodGet || r.Method == http.MethodHead; {
		case r.URL.Path == "/" && read:
			start.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/portal"), strings.HasPrefix(r.URL.Path, "/o/"):
			portal.ServeHTTP(w, r)
		case r.URL.Path == embedderPath:
			showEmbedder(w, r)
		case strings.HasPrefix(r.URL.Path, "/demo/"):
			inbox.ServeHTTP(w, r)
		default:
			service.ServeHTTP(w, r)
		}
	})
}

type databases struct {
	register, portal *migrations.DB
	registerKey      string
	portalKey        []byte
}

// openDatabases opens both programs' databases and keys, which are made at the first start.
func openDatabases(ctx context.Context, folder string) (*databases, error) {
	registerKey, err := keyFile(
		filepath.Join(folder, "register.key"),
		func() string { return rules.GenerateKey("demo") },
	)
	if err != nil {
		return nil, err
	}

	portalKey, err := keyFile(filepath.Join(folder, "portal.key"), func() string {
		key := make([]byte, 32)
		rand.Read(key)
		return string(key)
	})
	if err != nil {
		return nil, err
	}

	d := &databases{registerKey: registerKey, portalKey: []byte(portalKey)}
	if d.register, err = migrations.Open(ctx, filepath.Join(folder, "register.db"), migrations.Register); err != nil {
		return nil, err
	}
	if d.portal, err = migrations.Open(ctx, filepath.Join(folder, "portal.db"), migrations.Portal); err != nil {
		return nil, errors.Join(err, d.register.Close())
	}

	return d, nil
}

func (d *databases) close() error { return errors.Join(d.portal.Close(), d.register.Close()) }

// keyFile reads a key, or makes it where there is none yet.
func keyFile(path string, generate func() string) (string, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		key, err := os.ReadFile(path)
		return string(key), err
	}
	if err != nil {
		return "", err
	}

	key := generate()
	_, err = file.WriteString(key)
	return key, errors.Join(err, file.Close())
}

func newRegister(
	d *databases,
	o options,
	base string,
	sender *mail.Sender,
	log *slog.Logger,
) (*register.Register, error) {
	if o.reidentification != "stub" && o.reidentification != "live" {
		return nil, fmt.Errorf("--reidentification must be stub or live, not %q", o.reidentification)
	}

	keys, err := rules.NewKeyring(d.registerKey)
	if err != nil {
		return nil, err
	}

	return register.New(register.Options{
		Store: store.New(
			d.register.Write,
			d.register.Read,
		),
		Keys:      keys,
		Stub:      o.reidentification == "stub",
		Mail:      sender,
		PublicURL: base,
		Logger:    log.With("program", "register"),
	})
}

//go:embed operators
var operatorFiles embed.FS

// theOperators are those of the demonstration, of which the first is the published one.
func theOperators() ([]operators.Operator, error) {
	read := func(name string) ([]byte, error) { return operatorFiles.ReadFile("operators/" + name) }
	text, err := read("operators.toml")
	if err != nil {
		return nil, err
	}

	return operators.Parse(text, read)
}

func newPortals(
	d *databases,
	all []operators.Operator,
	o options,
	base string,
	log *slog.Logger,
) (http.Handler, error) {
	address := strings.TrimPrefix(base, "http://")
	embedder := embedderOrigin(base)
	// Whoever types the number for the name means the same.
	hosts := []string{address, strings.Replace(address, "localhost:", "127.0.0.1:", 1)}
	live := o.reidentification == "live"
	var inbox string
	if live {
		inbox = inboxPath
	}

	var sites []handlers.Site
	for _, one := range all {
		client, err := registerclient.New(
			registerclient.Options{
				BaseURL:   base + "/v1",
				AccountID: one.AccountID,
				SecretKey: one.AccountSecret.Reveal(),
			},
		)
		if err != nil {
			return nil, err
		}

		portal, err := handlers.New(handlers.Options{
			Register:       client,
			DB:             d.portal.Write,
			SessionKey:     d.portalKey,
			Operator:       one.Slug,
			Base:           one.Base,
			Brand:          one.Brand,
			Files:          one.Files,
			Demonstration:  !live,
			Inbox:          inbox,
			Logger:         log.With("program", "portal", "operator", one.Slug),
			PublicURL:      base,
			PasskeyOrigin:  base,
			ReturnURLs:     one.ReturnURLs,
			AdviserSecret:  one.AdviserSecret.Reveal(),
			FramingOrigins: append(slices.Clone(one.FramingOrigins), embedder),
		})
		if err != nil {
			return nil, err
		}

		sites = append(sites, handlers.Site{Hosts: slices.Compact(hosts), Base: one.Base, Portal: portal})
	}

	return handlers.Sites(sites)
}
