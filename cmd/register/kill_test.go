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
		env: append(os.Environ(),
			"TEST_RUN_REGISTER=1",
			"REGISTER_DATABASE="+database,
			"REGISTER_KEYS="+rules.GenerateKey("test"),
			"REGISTER_LISTEN="+address,
			"REGISTER_PUBLIC_URL=http://"+address,
			"REGISTER_REIDENTIFICATION=stub",
			"REGISTER_METRICS_LISTEN=localhost:0",
		),
	}
	t.Cleanup(p.kill)

	return p
}

// account opens an account and returns a client of it.
func (p *process) account(id, role, name string, more ...string) *registerclient.Client {
	p.t.Helper()
	args := append([]string{"account", "add", "--id", id, "--role", role, "--display-name", name}, more...)
	command := exec.Command(os.Args[0], args...)
	command.Env = p.env
	out, err := command.CombinedOutput()
	if err != nil {
		p.t.Fatalf("register %v: %v\n%s", args, err, out)
	}

	client, err := registerclient.New(registerclient.Options{
		BaseURL:   "http://" + p.address + "/v1",
		AccountID: id,
		SecretKey: secretIn(string(out)),
		Timeout:   2 * time.Second,
	})
	if err != nil {
		p.t.Fatal(err)
	}

	return client
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

// kill ends the process as a power cut does: nothing in it runs any more.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running != nil {
		_ = p.running.Process.Kill()
		_ = p.running.Wait()
		p.running = nil
	}
}

// killOften kills and restarts the process at random moments until ctx ends. It returns how often. startup is how long
// the process needs to serve: some of the kills come before that, and most after it, however slow the machine is.
func (p *process) killOften(ctx context.Context, startup time.Duration) (kills int) {
	for ctx.Err() == nil {
		p.kill()
		kills++
		p.start()
		select {
		case <-ctx.Done():
		case <-time.After(startup/2 + rand.N(2*startup)):
		}
	}

	return kills
}

// endpoint is where the Data User receives its events. It can be down.
type endpoint struct {
	*httptest.Server

	t      *testing.T
	mu     sync.Mutex
	isDown bool
	secret string
	ids    map[string]bool
	// events are the types of the events of each access record, in the order of their arrival.
	events map[string][]registerclient.WebhookEventType
}

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	e := &endpoint{t: t, ids: map[string]bool{}, events: map[string][]registerclient.WebhookEventType{}}
	e.Server = httptest.NewServer(http.HandlerFunc(e.receive))
	t.Cleanup(e.Close)

	return e
}

func (e *endpoint) receive(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.isDown {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}

	verifier, err := registerclient.NewWebhookVerifier(e.secret)
	if err != nil {
		e.t.Error(err)
		return
	}

	event, err := verifier.ReadRequest(r, time.Now())
	if err != nil {
		e.t.Errorf("an event is not signed as it should be: %v", err)
		return
	}
	if e.ids[event.EventID] {
		return // at least once: the register was killed before it noted that this one had arrived
	}

	e.ids[event.EventID] = true
	ak := ""
	if payload, err := event.ConsentWithdrawal(); err == nil {
		ak = payload.AK
	} else if payload, err := event.ConsentExpiring(); err == nil {
		ak = payload.AK
	}

	e.events[ak] = append(e.events[ak], event.EventType)
}

func (e *endpoint) sign(secret string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.secret = secret
}

func (e *endpoint) setDown(isDown bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.isDown = isDown
}

// missing counts the records whose withdrawal has not arrived.
func (e *endpoint) missing(aks []string) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ak := range aks {
		events := e.events[ak]
		if len(events) == 0 || events[len(events)-1] != registerclient.EventConsentWithdrawal {
			n++
		}
	}

	return n
}

// checkOrder fails the test unless each record has its withdrawal once, and before it at most once the announcement of
// its end: that one is sent if the sweep was faster than the customer.
func (e *endpoint) checkOrder() {
	e.t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	for ak, events := range e.events {
		switch fmt.Sprint(events) {
		case "[consent.withdrawal]", "[consent.expiring consent.withdrawal]":
		default:
			e.t.Errorf("%s: %s", ak, events)
		}
	}
}

// until repeats a call that an unreachable register cannot answer.
func until[T any](t *testing.T, call func() (T, error)) T {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for {
		value, err := call()
		if err == nil || t.Failed() {
			return value
		}

		select {
		case <-poll.C:
		case <-deadline:
			t.Errorf("no answer in two minutes: %v", err)
			return value
		}
	}
}

// A thousand withdrawals of customers while the register is killed over and over, and the Data User's endpoint is down
// for half of them: every event arrives, signed, and those of one record in order.
func TestNoWithdrawalIsLostWhenTheRegisterIsKilled(t *testing.T) {
	t.Parallel()
	const withdrawals = 1000
	ctx := t.Context()
	database := filepath.Join(t.TempDir(), "register.db")
	p := newProcess(t, database)
	owner := p.account("bright_energy", "data_user", "Bright Energy Ltd",
		"--contact-url", "https://bright-energy.com/contact")
	portal := p.account("portal_ops", "portal", "Citizens Advice", "--reserved-name")
	receiver := newEndpoint(t)

	begun := time.Now()
	p.start()
	hook := until(t, func() (*registerclient.WebhookResponse, error) {
		return owner.RegisterWebhook(ctx, registerclient.RegisterWebhookRequest{
			CallbackURL: receiver.URL,
			AlertEmail:  "alerts@example.com",
		})
	})
	startup := time.Since(begun)
	receiver.sign(hook.SigningSecret)
	aks := registerRecords(t, owner, withdrawals)
	var tokens []string
	for i := range withdrawals / activeRecords {
		tokens = append(tokens, confirmedToken(t, portal, meterPointAt(i)))
	}

	killing, stop := context.WithCancel(ctx)
	kills := make(chan int, 1)
	go func() { kills <- p.killOften(killing, startup) }()
	var customers sync.WaitGroup
	for i := range 4 {
		customers.Go(func() {
			for j := i; j < withdrawals; j += 4 {
				if j == withdrawals/2 {
					receiver.setDown(true)
				}
				until(t, func() (*registerclient.RevokeAccessResponse, error) {
					query := registerclient.RevokeAccessRecordQuery{ReidentificationToken: tokens[j/activeRecords]}
					return portal.RevokeAccessRecord(ctx, aks[j], query)
				})
			}
		})
	}

	customers.Wait()
	stop()
	killed := <-kills
	p.kill()

	receiver.setDown(false)
	endWaits(t, database)
	p.start()
	until(t, func() (struct{}, error) {
		if n := receiver.missing(aks); n > 0 {
			return struct{}{}, fmt.Errorf("%d withdrawals have not arrived", n)
		}
		return struct{}{}, nil
	})
	receiver.checkOrder()
	t.Logf("%d withdrawals, %d kills, %d events", withdrawals, killed, len(receiver.ids))
}

// activeRecords is how many records of an account may be active at one meter point.
const activeRecords = 20

func meterPointAt(i int) string { return fmt.Sprintf("98%011d", i) }

// registerRecords registers n records, which end so soon that their end is announced as well, each activeRecords of
// them at a meter point of their own.
func registerRecords(t *testing.T, owner *registerclient.Client, n int) []string {
	t.Helper()
	var record registerclient.AccessRecord
	soon := time.Now().AddDate(0, 0, 10).UTC().Truncate(time.Second)
	aks := make([]string, n)
	for i := range aks {
		if i%activeRecords == 0 {
			customer := registertest.IdentityRecord(meterPointAt(i/activeRecords), "customer@example.com")
			identity := until(t, func() (*registerclient.CreateIdentityRecordResponse, error) {
				return owner.CreateIdentityRecord(t.Context(), customer)
			})
			record = registertest.AccessRecord(identity.IR, registerclient.BasisConsent)
			record.AccessEvent.Expiry = &soon
		}

		made := until(t, func() (*registerclient.RegisterAccessResponse, error) {
			return owner.CreateAccessRecord(t.Context(), record)
		})
		aks[i] = made.AccessToken.Key
	}

	return aks
}

// confirmedToken returns a token with which the customer's records can be withdrawn: one with which they were read.
func confirmedToken(t *testing.T, portal *registerclient.Client, mpxn string) string {
	t.Helper()
	started := until(t, func() (*registerclient.ReidentifyResponse, error) {
		return portal.Reidentify(t.Context(), registerclient.ReidentifyRequest{
			MPxN:   mpxn,
			Method: registerclient.MethodMagicLink,
		})
	})
	query := registerclient.ListAccessRecordsQuery{ReidentificationToken: started.TokenRef()}
	if _, err := portal.ListAccessRecords(t.Context(), mpxn, query); err != nil {
		t.Fatal(err)
	}

	return started.TokenRef()
}

// endWaits ends the waits of the retry ladder, and the leases that killed processes held.
func endWaits(t *testing.T, database string) {
	t.Helper()
	db, err := migrations.Open(t.Context(), database, migrations.Register)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Write.Exec(`UPDATE outbox SET due_at = 0, leased_until = 0 WHERE outcome IS NULL`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
