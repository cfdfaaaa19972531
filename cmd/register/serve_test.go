package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"central.consent/dar/migrations"
	"central.consent/dar/register/mail/catcher"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

func TestServeServesBothListenersUntilItIsStopped(t *testing.T) {
	set(t, nil)
	started, stop := serving(t, newLogBuffer())
	fetch := func(address, path string) (int, string) {
		response, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}

		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}

		return response.StatusCode, string(text)
	}
	api := started["address"].(string)
	metrics := started["metrics"].(string)
	if status, text := fetch(api, "/readyz"); status != http.StatusOK || text != "ready\n" {
		t.Errorf("readyz: %d %q", status, text)
	}
	if status, text := fetch(
		metrics,
		"/metrics",
	); status != http.StatusOK ||
		!strings.Contains(text, `dar_http_requests_total{method="GET",route="/readyz",status="200"} 1`) {
		t.Errorf("metrics: %d %q", status, text)
	}
	if status, _ := fetch(api, "/metrics"); status != http.StatusNotFound {
		t.Errorf("the metrics stand on the public listener: %d", status)
	}
	if err := stop(); err != nil {
		t.Fatalf("it stopped with %v", err)
	}

	for _, address := range []string{api, metrics} {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			t.Errorf("%s still listens", address)
		}
	}
}

// With a listener of its own, administration is served there and nowhere else.
func TestServeKeepsAdministrationApart(t *testing.T) {
	set(t, map[string]string{"REGISTER_ADMIN_LISTEN": "127.0.0.1:0"})
	secret := addAccount(t, "admin_ops", "admin", "Operations")
	started, _ := serving(t, newLogBuffer())
	stats := func(listener string) error {
		client, err := registerclient.New(registerclient.Options{
			BaseURL: "http://" + started[listener].(string) + "/v1", AccountID: "admin_ops", SecretKey: secret,
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.ReadStats(t.Context())

		return err
	}
	if err := stats("administration"); err != nil {
		t.Errorf("on its own listener: %v", err)
	}
	if err := stats("address"); !errors.Is(err, registerclient.ErrNotFound) {
		t.Errorf("on the public listener: %v", err)
	}
}

func TestServeStopsIfOneListenerIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	defer taken.Close()
	set(t, map[string]string{"REGISTER_METRICS_LISTEN": taken.Addr().String()})
	refused(t, "listen at REGISTER_METRICS_LISTEN", "serve")
	set(t, map[string]string{"REGISTER_ADMIN_LISTEN": taken.Addr().String()})
	refused(t, "listen at REGISTER_ADMIN_LISTEN", "serve")
}

// An event whose last attempt fails is the only thing that sends mail without a request.
func TestServeMailsWhatItGivesUpAndSigns(t *testing.T) {
	caught, err := catcher.Start(catcher.Options{})
	if err != nil {
		t.Fatal(err)
	}

	defer caught.Close()
	key := filepath.Join(t.TempDir(), "dkim.pem")
	if err = os.WriteFile(key, []byte(dkimKey(t)), 0o600); err != nil {
		t.Fatal(err)
	}

	path := set(t, map[string]string{
		"REGISTER_SMTP":          caught.URL(),
		"REGISTER_MAIL_FROM":     "The Register <register@mail.example.org>",
		"REGISTER_DKIM_DOMAIN":   "example.org",
		"REGISTER_DKIM_SELECTOR": "2026a",
		"REGISTER_DKIM_KEY_FILE": key,
	})
	secret := addAccount(t, "bright_energy", "data_user", "Bright Energy Ltd",
		"--contact-url", "https://bright-energy.com/contact")

	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	started, stop := serving(t, newLogBuffer())
	client, err := registerclient.New(registerclient.Options{
		BaseURL:   "http://" + started["address"].(string) + "/v1",
		AccountID: "bright_energy",
		SecretKey: secret,
	})
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	withdrawARecord(ctx, t, client, refusing.URL)

	// The retry ladder takes a day: the first five attempts are written down as made.
	db, err := migrations.OpenAsIs(ctx, path)
	if err != nil {
		t.Fatal(err)
	}

	defer db.Close()
	eventually(t, "the first attempt has failed", func() bool {
		changed, updateErr := db.Write.ExecContext(ctx, `UPDATE outbox SET attempts = 5, due_at = 0, leased_until = 0
			WHERE kind = 'webhook' AND last_error IS NOT NULL`)
		if updateErr != nil {
			t.Fatal(updateErr)
		}

		rows, updateErr := changed.RowsAffected()

		return updateErr == nil && rows == 1
	})

	letters, err := caught.Wait(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}

	letter := letters[0]
	if letter.To != "alerts@example.com" || !strings.Contains(letter.Text, "consent.withdrawal") {
		t.Errorf("to %s:\n%s", letter.To, letter.Text)
	}
	for _, want := range []string{"DKIM-Signature: ", "d=example.org", "s=2026a", "register@mail.example.org"} {
		if !bytes.Contains(letter.Raw, []byte(want)) {
			t.Errorf("the letter has no %q:\n%s", want, letter.Raw)
		}
	}

	if err := stop(); err != nil {
		t.Errorf("it stopped with %v", err)
	}
	if err := caught.WaitAlone(ctx); err != nil {
		t.Errorf("the connection to the mail server is not closed: %v", err)
	}
}

func TestServeWithoutAMailServerSaysSoLoudly(t *testing.T) {
	set(t, map[string]string{"REGISTER_SMTP": "", "REGISTER_REIDENTIFICATION": "stub"})
	log := newLogBuffer()
	_, stop := serving(t, log)
	const warning = "THERE IS NO MAIL SERVER: REGISTER_SMTP is not set, and mail that is due is given up."
	if line, _ := log.line(warning); line["level"] != "WARN" {
		t.Errorf("logged %v", line)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// withdrawARecord makes an event for a webhook at the address.
func withdrawARecord(ctx context.Context, t *testing.T, client *registerclient.Client, address string) {
	t.Helper()
	hook := registerclient.RegisterWebhookRequest{CallbackURL: address, AlertEmail: "alerts@example.com"}
	if _, err := client.RegisterWebhook(ctx, hook); err != nil {
		t.Fatal(err)
	}

	customer := registertest.IdentityRecord(registertest.MeterPoint, "customer@example.com")
	identity, err := client.CreateIdentityRecord(ctx, customer)
	if err != nil {
		t.Fatal(err)
	}

	record, err := client.CreateAccessRecord(ctx, registertest.AccessRecord(identity.IR, registerclient.BasisConsent))
	if err != nil {
		t.Fatal(err)
	}

	key := record.AccessToken.Key
	if _, err := client.RevokeAccessRecord(ctx, key, registerclient.RevokeAccessRecordQuery{}); err != nil {
		t.Fatal(err)
	}
}
