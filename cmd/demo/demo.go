package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"

	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/cmd/internal/serve"
	"central.consent/dar/handlers"
	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/register"
	"central.consent/dar/register/mail"
	"central.consent/dar/register/mail/catcher"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// runDemo serves until ctx ends. When the data is written, it prints where to look.
func runDemo(ctx context.Context, o options, out io.Writer, logger *slog.Logger) error {
	listener, base, err := listen(o.addr)
	if err != nil {
		return err
	}

	defer listener.Close()
	data, err := openDatabases(ctx, o.dataDir)
	if err != nil {
		return err
	}

	defer data.close()
	letters, sender, err := startMail(o)
	if err != nil {
		return err
	}
	if letters != nil {
		defer letters.Close()
		defer sender.Close()
	}

	service, err := newRegister(data, o, base, sender, logger)
	if err != nil {
		return err
	}
	if err := bringUpToDate(ctx, service); err != nil {
		return err
	}

	list, err := loadOperators()
	if err != nil {
		return err
	}

	portal, err := newPortals(data, list, o, base, logger)
	if err != nil {
		return err
	}

	var api http.Handler = service
	if o.around != nil {
		api = o.around(service)
	}

	return serve.Together(ctx,
		func(ctx context.Context) error {
			return serve.HTTP(ctx, listener, onePort(portal, api, inbox(letters)), logger)
		},
		func(ctx context.Context) error {
			service.Worker.Run(ctx)
			return nil
		},
		func(ctx context.Context) error {
			return prepare(ctx, service, base, list, out, o.isLive())
		},
	)
}

// bringUpToDate seals and folds what an older version of the demonstration left in its databases.
func bringUpToDate(ctx context.Context, service *register.Register) error {
	if _, err := service.Rules.SealAudit(ctx); err != nil {
		return err
	}

	_, err := service.Rules.FoldAccountNames(ctx)

	return err
}

// prepare writes the demonstration data to the register that serves at base, and then prints where to look.
func prepare(
	ctx context.Context,
	service *register.Register,
	base string,
	list []operators.Operator,
	out io.Writer,
	isLive bool,
) error {
	if err := openAdministrator(ctx, service); err != nil {
		return fmt.Errorf("open the administrator's account: %w", err)
	}
	if err := seed(ctx, base, list); err != nil {
		return fmt.Errorf("write the demonstration data: %w", err)
	}

	_, err := io.WriteString(out, welcome(base, list, isLive))

	return err
}

// listen returns a listener and the address at which browsers find it.
func listen(addr string) (listener net.Listener, base string, err error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, "", fmt.Errorf("--addr: %w", err)
	}

	listener, err = net.Listen("tcp", addr)
	if err != nil {
		return nil, "", fmt.Errorf("--addr: %w", err)
	}

	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return nil, "", err
	}

	return listener, "http://" + net.JoinHostPort(host, port), nil
}

// startMail starts the demonstration's own mail server. It returns nil for a stub, which sends no mail.
func startMail(o options) (*catcher.Catcher, *mail.Sender, error) {
	if !o.isLive() {
		return nil, nil, nil
	}

	letters, err := catcher.Start(catcher.Options{})
	if err != nil {
		return nil, nil, err
	}

	sender, err := mail.NewSender(mail.Options{URL: letters.URL()})
	if err != nil {
		letters.Close()
		return nil, nil, err
	}

	return letters, sender, nil
}

func newRegister(
	d *databases,
	o options,
	base string,
	sender *mail.Sender,
	logger *slog.Logger,
) (*register.Register, error) {
	keys, err := rules.NewKeyring(d.registerKey)
	if err != nil {
		return nil, err
	}

	return register.New(register.Options{
		Store:     store.New(d.register.Write, d.register.Read),
		Keys:      keys,
		Stub:      !o.isLive(),
		Mail:      sender,
		PublicURL: base,
		Logger:    logger.With("program", "register"),
		// There is one administrator, and its data are invented.
		RelaxedAdministration: true,
	})
}

//go:embed operators
var operatorFiles embed.FS

// loadOperators returns the demonstration's operators. The first is the published one.
func loadOperators() ([]operators.Operator, error) {
	read := func(name string) ([]byte, error) { return operatorFiles.ReadFile("operators/" + name) }
	text, err := read("operators.toml")
	if err != nil {
		return nil, err
	}

	return operators.Parse(text, read)
}

func newPortals(
	d *databases,
	list []operators.Operator,
	o options,
	base string,
	logger *slog.Logger,
) (http.Handler, error) {
	address := strings.TrimPrefix(base, "http://")
	// The number of this machine leads to the same portals as its name.
	hosts := slices.Compact([]string{address, strings.Replace(address, "localhost:", "127.0.0.1:", 1)})
	inbox := ""
	if o.isLive() {
		inbox = inboxPath
	}

	var sites []handlers.Site
	for _, operator := range list {
		client, err := registerclient.New(registerclient.Options{
			BaseURL:   base + "/v1",
			AccountID: operator.AccountID,
			SecretKey: operator.AccountSecret.Reveal(),
		})
		if err != nil {
			return nil, err
		}

		portal, err := handlers.New(handlers.Options{
			Register:       client,
			DB:             portaldb.New(d.portal.Write),
			SessionKey:     d.portalKey,
			Operator:       operator.Slug,
			Base:           operator.Base,
			Brand:          operator.Brand,
			Files:          operator.Files,
			Demonstration:  !o.isLive(),
			Inbox:          inbox,
			Logger:         logger.With("program", "portal", "operator", operator.Slug),
			PublicURL:      base,
			PasskeyOrigin:  base,
			ReturnURLs:     operator.ReturnURLs,
			Advisers:       advisers(operator),
			AdviserSecret:  operator.AdviserSecret.Reveal(),
			FramingOrigins: append(slices.Clone(operator.FramingOrigins), embedderOrigin(base)),
		})
		if err != nil {
			return nil, err
		}

		sites = append(sites, handlers.Site{Hosts: hosts, Base: operator.Base, Portal: portal})
	}

	return handlers.Sites(sites)
}

// advisers returns the advisers of an operator as the portal knows them.
func advisers(o operators.Operator) []handlers.Adviser {
	var list []handlers.Adviser
	for _, a := range o.Advisers {
		list = append(list, handlers.Adviser{Name: a.Name, SecretHash: a.SecretHash.Reveal()})
	}

	return list
}
