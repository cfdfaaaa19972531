package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// TestMain lets this test's own program be the register, so that it can be killed.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_RUN_REGISTER") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a register in a process of its own.
type process struct {
	t       *testing.T
	env     []string
	address string
	mu      sync.Mutex
	running *exec.Cmd
}

func newProcess(t *testing.T, database string) *process {
	t.Helper()
	free, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}

	address := free.Addr().String()
	free.Close()
	p := &process{
		t:       t,
		address: address,
		env: append(
			os.Environ(),
			"TEST_RUN_REGISTER=1",
			"REGISTER_DATABASE="+database,
			"REGISTER_KEYS="+rules.GenerateKey(
				"test",
			),
			"REGISTER_LISTEN="+address,
			"REGISTER_PUBLIC_URL=http://"+address,
			"REGISTER_REIDENTIFICATION=stub",
			"REGISTER_METRICS_LISTEN=localhost:0",
		),
	}
	t.Cleanup(p.kill)

	return p
}

// run runs one command to its end.
func (p *process) run(args ...string) string {
	p.t.Helper()
	command := exec.Command(os.Args[0], args...)
	command.Env = p.env
	out, err := command.CombinedOutput()
	if err != nil {
		p.t.Fatalf("register %v: %v\n%s", args, err, out)
	}

	return string(out)
}

func (p *process) start() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = exec.Command(os.Args[0], "serve")
	p.running.Env = p.env
	if err := p.running.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends it as a power cut does: nothing in it runs any more.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running != nil {
		p.running.Process.Kill()
		p.running.Wait()
		p.running = nil
	}
}

// secretOf reads the secret that account add printed.
func secretOf(printed string) string {
	for line := range strings.Lines(printed) {
		if secret, found := strings.CutPrefix(line, "secret-key"); found {
			return strings.TrimSpace(secret)
		}
	}

	return ""
}

// until repeats a call that an unreachable register cannot answer.
func until[T any](t *testing.T, call func() (T, error)) T {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		value, err := call()
		if err == nil || t.Failed() {
			return value
		}
		if time.Now().After(deadline) {
			t.Errorf("no answer in two minutes: %v", err)
			return value
		}

		time.Sleep(5 * time.Millisecond) // for the process to be there: there is no clock to set in it
	}
}

// A thousand customers' withdrawals while the register is killed over and over, and the Data User's endpoint is down
// for half of them: every event arrives, signed, and those of one record in order.
func TestNoWithdrawalIsLostHoweverOftenTheRegisterIsKilled(t *testing.T) {
	t.Parallel()
	const withdrawals = 1000
	database := filepath.Join(t.TempDir(), "register.db")
	p := newProcess(t, database)
	client := func(id, secret string) *registerclient.Client {
		c, err := registerclient.New(
			registerclient.Options{
				BaseURL:   "http://" + p.address + "/v1",
				AccountID: id,
				SecretKey: secret,
				Timeout:   2 * time.Second,
			},
		)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	owner := client(
		"bright_energy",
		secretOf(
			p.run(
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
		),
	)
	portal := client(
		"portal_ops",
		secretOf(
			p.run("account", "add", "--id", "portal_ops", "--role", "portal", "--display-name", "Citizens Advice"),
		),
	)

	var mu sync.Mutex
	up := true
	secret := ""
	got := map[string][]registerclient.WebhookEventType{} // by access record
	ids := map[string]bool{}
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if !up {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}

		verifier, err := registerclient.NewWebhookVerifier(secret)
		if err != nil {
			t.Error(err)
			return
		}

		event, err := verifier.ReadRequest(r, time.Now())
		if err != nil {
			t.Errorf("an event is not signed as it should be: %v", err)
			return
		}
		if ids[event.EventID] {
			return // at least once: the register was killed before it noted that this one had arrived
		}

		ids[event.EventID] = true
		var about struct{ AK string }
		if payload, err := event.ConsentWithdrawal(); err == nil {
			about.AK = payload.AK
		} else if payload, err := event.ConsentExpiring(); err == nil {
			about.AK = payload.AK
		}

		got[about.AK] = append(got[about.AK], event.EventType)
	}))
	t.Cleanup(endpoint.Close)

	p.start()
	ctx := t.Context()
	made := until(t, func() (*registerclient.WebhookResponse, error) {
		return owner.RegisterWebhook(
			ctx,
			registerclient.RegisterWebhookRequest{CallbackURL: endpoint.URL, AlertEmail: "alerts@example.com"},
		)
	})
	mu.Lock()
	secret = made.SigningSecret
	mu.Unlock()
	identity := until(t, func() (*registerclient.CreateIdentityRecordResponse, error) {
		return owner.CreateIdentityRecord(
			ctx,
			registertest.IdentityRecord(registertest.MeterPoint, "customer@example.com"),
		)
	})
	record := registertest.AccessRecord(identity.IR, registerclient.BasisConsent)
	soon := time.Now().AddDate(0, 0, 10).UTC().Truncate(time.Second) // so that its end is announced as well
	record.AccessEvent.Expiry = &soon
	aks := make([]string, withdrawals)
	for i := range aks {
		aks[i] = until(
			t,
			func() (*registerclient.RegisterAccessResponse, error) { return owner.CreateAccessRecord(ctx, record) },
		).AccessToken.Key
	}

	started := until(t, func() (*registerclient.ReidentifyResponse, error) {
		return portal.Reidentify(
			ctx,
			registerclient.ReidentifyRequest{MPxN: registertest.MeterPoint, Method: registerclient.MethodMagicLink},
		)
	})
	token := started.TokenRef()
	if _, err := portal.ListAccessRecords(
		ctx,
		registertest.MeterPoint,
		registerclient.ListAccessRecordsQuery{ReidentificationToken: token},
	); err != nil {
		t.Fatal(err)
	}

	killing, stop := context.WithCancel(ctx)
	var killer sync.WaitGroup
	kills := 0
	killer.Go(func() {
		for killing.Err() == nil {
			p.kill()
			kills++
			p.start()
			select {
			case <-killing.Done():
			case <-time.After(100*time.Millisecond + rand.N(500*time.Millisecond)): // a random moment
			}
		}
	})
	var customers sync.WaitGroup
	for i := range 4 {
		customers.Go(func() {
			for j := i; j < withdrawals; j += 4 {
				if j == withdrawals/2 {
					mu.Lock()
					up = false
					mu.Unlock()
				}

				until(t, func() (*registerclient.RevokeAccessResponse, error) {
					return portal.RevokeAccessRecord(
						ctx,
						aks[j],
						registerclient.RevokeAccessRecordQuery{ReidentificationToken: token},
					)
				})
			}
		})
	}

	customers.Wait()
	stop()
	killer.Wait()
	p.kill()

	// The endpoint is up again, and the waits of the ladder and the leases of the killed are over.
	mu.Lock()
	up = true
	mu.Unlock()
	db, err := migrations.Open(ctx, database, migrations.Register)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Write.Exec(`UPDATE outbox SET due_at = 0, leased_until = 0 WHERE outcome IS NULL`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	p.start()
	until(t, func() (struct{}, error) {
		mu.Lock()
		defer mu.Unlock()
		missing := 0
		for _, ak := range aks {
			if events := got[ak]; len(events) == 0 || events[len(events)-1] != registerclient.EventConsentWithdrawal {
				missing++
			}
		}

		if missing > 0 {
			return struct{}{}, fmt.Errorf("%d withdrawals have not arrived", missing)
		}

		return struct{}{}, nil
	})
	mu.Lock()
	defer mu.Unlock()
	for ak, events := range got {
		// The announcement of its end, if the sweep was faster than the customer, and then the withdrawal: once each.
		if text := fmt.Sprint(
			events,
		); text != "[consent.withdrawal]" &&
			text != "[consent.expiring consent.withdrawal]" {
			t.Errorf("%s: %s", ak, text)
		}
	}

	t.Logf("%d withdrawals, %d kills, %d events", withdrawals, kills, len(ids))
}
