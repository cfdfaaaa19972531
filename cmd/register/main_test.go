package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/migrations"
	"central.consent/dar/register/mail"
	"central.consent/dar/register/mail/catcher"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The tests set variables of the process, and so cannot run in parallel.

// set gives the process valid settings on a fresh SQLite file, but for the changes; it answers the file's path.
func set(t *testing.T, change map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "register.db")
	settings := map[string]string{
		"REGISTER_DATABASE":         path,
		"REGISTER_KEYS":             rules.GenerateKey("a"),
		"REGISTER_LISTEN":           "127.0.0.1:0",
		"REGISTER_METRICS_LISTEN":   "127.0.0.1:0",
		"REGISTER_PUBLIC_URL":       "",
		"REGISTER_REIDENTIFICATION": "",
		"REGISTER_SMTP":             "smtp+plain://localhost:1025",
		"REGISTER_MAIL_FROM":        "",
		"REGISTER_DKIM_DOMAIN":      "",
		"REGISTER_DKIM_SELECTOR":    "",
		"REGISTER_DKIM_KEY":         "",
		"REGISTER_DKIM_KEY_FILE":    "",
	}
	for name, value := range change {
		settings[name] = value
	}
	for name, value := range settings {
		t.Setenv(name, value)
	}

	return path
}

func try(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, &out, io.Discard)
	return out.String(), err
}

func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, err := try(t, args...)
	if err != nil {
		t.Fatalf("register %s: %v", strings.Join(args, " "), err)
	}

	return out
}

func refused(t *testing.T, want string, args ...string) {
	t.Helper()
	if _, err := try(t, args...); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("register %s: %v, want %q", strings.Join(args, " "), err, want)
	}
}

func TestEachCommandTellsWhatItDoes(t *testing.T) {
	for _, ask := range []string{"", "help", "--help", "-h"} {
		var args []string
		if ask != "" {
			args = []string{ask}
		}

		out := mustRun(t, args...)
		for _, c := range commands {
			if !strings.Contains(out, "register "+c.name+" ") {
				t.Errorf("%q does not list %s", ask, c.name)
			}
		}

		if !strings.Contains(out, "REGISTER_METRICS_LISTEN (default localhost:5003)") {
			t.Errorf("%q does not list the settings", ask)
		}
	}

	for _, c := range commands {
		for _, ask := range []string{"--help", "-h"} {
			out := mustRun(t, append(strings.Fields(c.name), ask)...)
			if !strings.Contains(out, c.what) || !strings.Contains(out, "Example:\n  "+c.example) {
				t.Errorf("%s %s: %s", c.name, ask, out)
			}
		}
	}

	if out := mustRun(t, "account", "add", "--help"); !strings.Contains(out, "\n  --contact-url\n") {
		t.Errorf("the flags are not told: %s", out)
	}
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	set(t, nil)
	refused(t, `no command "dance"`, "dance")
	refused(t, "the account commands are: add, rotate-secret", "account")
	refused(t, "the account commands are: add, rotate-secret", "account", "dance")
	refused(t, "the keys commands are: rotate", "keys", "dance")
	for _, c := range commands {
		words := strings.Fields(c.name)
		refused(t, "does not take", append(words, "a", "b")...)
		refused(t, "-dance", append(words, "--dance")...)
	}

	refused(t, "needs an id", "key")
	refused(t, "needs the path", "backup")
	refused(t, "needs --id", "account", "rotate-secret")
}

func TestAllMistakesInTheSettingsAreToldAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		change map[string]string
		want   []string
	}{
		"all of them": {
			map[string]string{
				"REGISTER_DATABASE": "", "REGISTER_KEYS": "x", "REGISTER_LISTEN": "nowhere", "REGISTER_METRICS_LISTEN": "nowhere",
				"REGISTER_PUBLIC_URL": "http://id.example.org", "REGISTER_REIDENTIFICATION": "perhaps",
				"REGISTER_SMTP": "smtp+plain://mail.example.org", "REGISTER_MAIL_FROM": "nobody", "REGISTER_DKIM_DOMAIN": "a b", "REGISTER_DKIM_SELECTOR": "a b", "REGISTER_DKIM_KEY": "x",
			},
			[]string{"REGISTER_DATABASE is missing", "REGISTER_KEYS: ", "REGISTER_LISTEN must be host:port", "REGISTER_METRICS_LISTEN must be", "must be https", "REGISTER_REIDENTIFICATION must be",
				"REGISTER_SMTP: URL: smtp+plain is for loopback only", "From is not an e-mail address", "DKIM: Domain is", "DKIM: Selector is", "DKIM: Key is"},
		},
		"no keys":                      {map[string]string{"REGISTER_KEYS": ""}, []string{"REGISTER_KEYS is missing"}},
		"live without a mail server":   {map[string]string{"REGISTER_SMTP": ""}, []string{"REGISTER_SMTP is missing"}},
		"a password sent in the clear": {map[string]string{"REGISTER_SMTP": "smtp+plain://a:b@localhost"}, []string{"REGISTER_SMTP: URL: smtp+plain takes no password"}},
		"a stub's mail settings":       {map[string]string{"REGISTER_REIDENTIFICATION": "stub", "REGISTER_SMTP": "", "REGISTER_MAIL_FROM": "nobody"}, []string{"REGISTER_MAIL_FROM: "}},
		"half of DKIM":                 {map[string]string{"REGISTER_DKIM_DOMAIN": "central.consent"}, []string{"set all three, or none"}},
		"a key of somebody else's": {
			map[string]string{"REGISTER_DKIM_DOMAIN": "example.org", "REGISTER_DKIM_SELECTOR": "a", "REGISTER_DKIM_KEY": dkimKey(t)},
			[]string{"From's domain is neither Domain nor below it"},
		},
		"a stub with a public URL":     {map[string]string{"REGISTER_PUBLIC_URL": "https://id.example.org", "REGISTER_REIDENTIFICATION": "stub"}, []string{"stubbed re-identification"}},
		"a stub that everybody sees":   {map[string]string{"REGISTER_LISTEN": "0.0.0.0:5002", "REGISTER_REIDENTIFICATION": "stub"}, []string{"REGISTER_LISTEN must be a loopback"}},
		"a stub on every address":      {map[string]string{"REGISTER_LISTEN": ":5002", "REGISTER_REIDENTIFICATION": "stub"}, []string{"REGISTER_LISTEN must be a loopback"}},
		"a stub on a name of its own":  {map[string]string{"REGISTER_LISTEN": "register:5002", "REGISTER_REIDENTIFICATION": "stub"}, []string{"REGISTER_LISTEN must be a loopback"}},
		"a stub on every IPv6 address": {map[string]string{"REGISTER_LISTEN": "[::]:5002", "REGISTER_REIDENTIFICATION": "stub"}, []string{"REGISTER_LISTEN must be a loopback"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := set(t, test.change)
			_, err := try(t, "serve")
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("does not say %q:\n%v", want, err)
				}
			}

			if lines := strings.Split(err.Error(), "\n"); len(lines) != len(test.want) {
				t.Errorf("%d mistakes, want %d:\n%v", len(lines), len(test.want), err)
			}
			if _, err := os.Stat(path); err == nil {
				t.Error("a database was made all the same")
			}
		})
	}

	for _, listen := range []string{"localhost:0", "127.0.0.1:0", "[::1]:0"} {
		set(t, map[string]string{"REGISTER_LISTEN": listen, "REGISTER_REIDENTIFICATION": "stub"})
		if _, _, err := load(true); err != nil {
			t.Errorf("a stub at %s: %v", listen, err)
		}
	}
}

// dkimKey is a private key in PEM.
func dkimKey(t *testing.T) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}

	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}

	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestNoMistakeShowsASecret(t *testing.T) {
	for _, url := range []string{"smtp://a:hunter2@", "smtp+plain://a:hunter2@localhost", "imap://a:hunter2@localhost", "smtps://a:hunter2@localhost:x"} {
		set(t, map[string]string{"REGISTER_SMTP": url})
		if _, err := try(t, "serve"); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestTheDefaultSenderIsTheMailPackages(t *testing.T) {
	set(t, nil)
	if c, _, err := load(true); err != nil || c.MailFrom != mail.DefaultFrom {
		t.Errorf("%q, want %q (%v)", c.MailFrom, mail.DefaultFrom, err)
	}
}

func TestOnlyServeLooksAtTheMailSettings(t *testing.T) {
	set(t, map[string]string{"REGISTER_SMTP": "", "REGISTER_MAIL_FROM": "nobody", "REGISTER_DKIM_DOMAIN": "a b"})
	mustRun(t, "account", "add", "--id", "portal_ops", "--role", "portal", "--display-name", "x")
	mustRun(t, "account", "rotate-secret", "--id", "portal_ops")
	mustRun(t, "keys", "rotate")
}

func TestMigrateNeedsTheDatabaseAlone(t *testing.T) {
	path := set(t, map[string]string{"REGISTER_KEYS": ""})
	if out := mustRun(t, "migrate"); out != "The database is up to date.\n" {
		t.Errorf("said %q", out)
	}

	mustRun(t, "migrate")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v %v, want 0600", info.Mode(), err)
	}

	set(t, map[string]string{"REGISTER_DATABASE": ""})
	refused(t, "REGISTER_DATABASE is missing", "migrate")
}

func secretIn(out string) string {
	_, after, _ := strings.Cut(out, "secret-key  ")
	secret, _, _ := strings.Cut(after, "\n")
	return secret
}

func TestAccountIsAddedAndItsSecretRotated(t *testing.T) {
	set(t, nil)
	out := mustRun(
		t,
		"account",
		"add",
		"--id",
		"bright_energy",
		"--role",
		"data_user",
		"--display-name",
		"Bright Energy Ltd",
		"--contact-url",
		"https://bright-energy.com/contact",
		"--data-types",
		"TARIFF-IMPORT,TARIFF-EXPORT",
		"--return-urls",
		"https://a.example.org,https://b.example.org",
	)
	first := secretIn(out)
	if len(first) != 43 || !strings.Contains(out, "duid        duid_") {
		t.Errorf("said %q", out)
	}
	if second := secretIn(
		mustRun(t, "account", "rotate-secret", "--id", "bright_energy"),
	); len(second) != 43 ||
		second == first {
		t.Errorf("rotated to %q", second)
	}

	refused(
		t,
		"Another account has this account-id",
		"account",
		"add",
		"--id",
		"bright_energy",
		"--role",
		"portal",
		"--display-name",
		"x",
	)
	refused(
		t,
		"contact-url: is required",
		"account",
		"add",
		"--id",
		"other",
		"--role",
		"data_user",
		"--display-name",
		"x",
	)
	refused(t, "There is no such account", "account", "rotate-secret", "--id", "nobody")
}

func TestAuditVerifyFindsWhatWasAltered(t *testing.T) {
	path := set(t, map[string]string{"REGISTER_KEYS": rules.GenerateKey("a")})
	mustRun(t, "account", "add", "--id", "portal_ops", "--role", "portal", "--display-name", "x")
	checkpoint := filepath.Join(t.TempDir(), "audit.json")
	if out := mustRun(t, "audit", "verify", "--checkpoint", checkpoint); !strings.HasPrefix(out, "1 rows read") {
		t.Errorf("said %q", out)
	}

	mustRun(t, "account", "rotate-secret", "--id", "portal_ops")
	if out := mustRun(t, "audit", "verify", "--checkpoint", checkpoint); !strings.HasPrefix(out, "2 rows read") {
		t.Errorf("said %q", out)
	}

	text, err := os.ReadFile(checkpoint)
	var heads []store.AuditHead
	if err != nil || json.Unmarshal(text, &heads) != nil || len(heads) != 16 {
		t.Fatalf("the checkpoint: %v\n%s", err, text)
	}
	if left, _ := filepath.Glob(checkpoint + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	// Somebody takes the log's last word back, and the heads with it: the checkpoint alone can tell.
	db, err := migrations.Open(t.Context(), path, migrations.Register)
	if err != nil {
		t.Fatal(err)
	}

	for _, change := range []string{
		`DROP TRIGGER audit_events_no_delete`,
		`DELETE FROM audit_events`,
		`UPDATE audit_chains SET length = 0, hash = X''`,
	} {
		if _, err := db.Write.Exec(change); err != nil {
			t.Fatal(err)
		}
	}

	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	mustRun(t, "audit", "verify")
	refused(t, "row 1: removed", "audit", "verify", "--checkpoint", checkpoint)
	if kept, err := os.ReadFile(checkpoint); err != nil || !bytes.Equal(kept, text) {
		t.Errorf("a broken log replaced the checkpoint (%v)", err)
	}
	if err := os.WriteFile(checkpoint, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}

	refused(t, "read the checkpoint", "audit", "verify", "--checkpoint", checkpoint)
}

func TestAuditVerifyMakesNoDatabase(t *testing.T) {
	path := set(t, map[string]string{"REGISTER_KEYS": ""})
	refused(t, "no such file", "audit", "verify")
	refused(t, "no such file", "backup", path+".copy")
	if _, err := os.Stat(path); err == nil {
		t.Error("it made one")
	}
}

func TestBackupIsACopyForItsOwnerAlone(t *testing.T) {
	path := set(t, nil)
	mustRun(t, "account", "add", "--id", "portal_ops", "--role", "portal", "--display-name", "x")
	copied := filepath.Join(t.TempDir(), "copy.db")
	t.Setenv("REGISTER_KEYS", "")
	if out := mustRun(t, "backup", copied); !strings.Contains(out, " bytes") {
		t.Errorf("said %q", out)
	}
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, want 0600 (%v)", info.Mode(), err)
	}

	before, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}

	refused(t, "is there already", "backup", copied)
	refused(t, "is there already", "backup", path)
	if after, err := os.ReadFile(copied); err != nil || !bytes.Equal(before, after) {
		t.Error("the copy was touched")
	}

	t.Setenv("REGISTER_DATABASE", copied)
	if out := mustRun(t, "audit", "verify"); !strings.HasPrefix(out, "1 rows read") {
		t.Errorf("of the copy, said %q", out)
	}

	db, err := migrations.OpenAsIs(t.Context(), copied)
	if err != nil {
		t.Fatal(err)
	}

	defer db.Close()
	var id string
	if err := db.Read.Get(&id, `SELECT account_id FROM accounts`); err != nil || id != "portal_ops" {
		t.Errorf("the copy holds %q (%v)", id, err)
	}
}

func TestKeysRotateTellsWhatItDid(t *testing.T) {
	old := rules.GenerateKey("old")
	set(t, map[string]string{"REGISTER_KEYS": old})
	mustRun(t, "migrate")
	t.Setenv("REGISTER_KEYS", rules.GenerateKey("new")+","+old)
	if out := mustRun(t, "keys", "rotate"); !strings.HasPrefix(out, "0 rows were sealed anew") {
		t.Errorf("said %q", out)
	}
}

// buffer is a log that a test reads while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) line(message string) map[string]any {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(b.text.String()) {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) == nil && fields["msg"] == message {
			return fields
		}
	}

	return nil
}

// serving runs the program until stop, which tells how it ended; started is the line that it logged.
func serving(t *testing.T, log *buffer) (started map[string]any, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"serve"}, io.Discard, log) }()
	stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(20 * time.Second):
			return errors.New("it does not stop")
		}
	})
	t.Cleanup(func() { stop() })
	for deadline := time.Now().Add(20 * time.Second); started == nil; time.Sleep(5 * time.Millisecond) {
		if started = log.line("the register serves"); started == nil && time.Now().After(deadline) {
			t.Fatal("it does not start")
		}

		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("it ended: %v", err)
		default:
		}
	}

	return started, stop
}

func TestServeServesBothListenersUntilItIsStopped(t *testing.T) {
	set(t, nil)
	var log buffer
	started, stop := serving(t, &log)
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

func TestServeStopsWhereOneListenerIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	defer taken.Close()
	set(t, map[string]string{"REGISTER_METRICS_LISTEN": taken.Addr().String()})
	refused(t, "listen at REGISTER_METRICS_LISTEN", "serve")
}

// An event whose last attempt fails is the one thing that mails somebody by itself.
func TestServeMailsWhatItGivesUpAndSigns(t *testing.T) {
	caught, err := catcher.Start(catcher.Options{})
	if err != nil {
		t.Fatal(err)
	}

	defer caught.Close()
	key := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(key, []byte(dkimKey(t)), 0o600); err != nil {
		t.Fatal(err)
	}

	path := set(t, map[string]string{
		"REGISTER_SMTP": caught.URL(), "REGISTER_MAIL_FROM": "The Register <register@mail.example.org>",
		"REGISTER_DKIM_DOMAIN": "example.org", "REGISTER_DKIM_SELECTOR": "2026a", "REGISTER_DKIM_KEY_FILE": key,
	})
	secret := secretIn(
		mustRun(
			t,
			"account",
			"add",
			"--id",
			"bright_energy",
			"--role",
			"data_user",
			"--display-name",
			"Bright Energy Ltd",
			"--contact-url",
			"https://bright-energy.com/contact",
		),
	)
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	var log buffer
	started, stop := serving(t, &log)
	client, err := registerclient.New(
		registerclient.Options{
			BaseURL:   "http://" + started["address"].(string) + "/v1",
			AccountID: "bright_energy",
			SecretKey: secret,
		},
	)
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := client.RegisterWebhook(
		ctx,
		registerclient.RegisterWebhookRequest{CallbackURL: refusing.URL, AlertEmail: "alerts@example.com"},
	); err != nil {
		t.Fatal(err)
	}

	identity, err := client.CreateIdentityRecord(
		ctx,
		registertest.IdentityRecord(registertest.MeterPoint, "customer@example.com"),
	)
	if err != nil {
		t.Fatal(err)
	}

	record, err := client.CreateAccessRecord(ctx, registertest.AccessRecord(identity.IR, registerclient.BasisConsent))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.RevokeAccessRecord(
		ctx,
		record.AccessToken.Key,
		registerclient.RevokeAccessRecordQuery{},
	); err != nil {
		t.Fatal(err)
	}

	// The ladder takes a day: the first five attempts are taken as made.
	db, err := migrations.OpenAsIs(ctx, path)
	if err != nil {
		t.Fatal(err)
	}

	defer db.Close()
	for failed := false; !failed; time.Sleep(5 * time.Millisecond) {
		changed, err := db.Write.ExecContext(
			ctx,
			`UPDATE outbox SET attempts = 5, due_at = 0, leased_until = 0 WHERE kind = 'webhook' AND last_error IS NOT NULL`,
		)
		if err != nil {
			t.Fatal(err)
		}

		rows, err := changed.RowsAffected()
		failed = err == nil && rows == 1
	}

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
	var log buffer
	_, stop := serving(t, &log)
	if line := log.line(
		"THERE IS NO MAIL SERVER: REGISTER_SMTP is not set, and whatever would be mailed is given up.",
	); line["level"] != "WARN" {
		t.Errorf("logged %v", line)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
