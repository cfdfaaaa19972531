package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// get waits until the portal listens, and returns its response.
func get(t *testing.T, address string) (status int, body string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		response, err := http.Get(address)
		if err == nil {
			defer response.Body.Close()
			text, readErr := io.ReadAll(response.Body)
			if readErr != nil {
				t.Fatal(readErr)
			}

			return response.StatusCode, string(text)
		}

		select {
		case <-poll.C:
		case <-deadline:
			t.Fatal(err)
		}
	}
}

func TestServe(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	address := free.Addr().String()
	free.Close()
	set(t, map[string]string{
		"PORTAL_LISTEN":     address,
		"PORTAL_PUBLIC_URL": "http://" + address,
		"PORTAL_DATABASE":   filepath.Join(t.TempDir(), "portal.db"),
	})

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, nil, nil, io.Discard, io.Discard) }()
	if status, body := get(
		t,
		"http://"+address+"/portal",
	); status != 200 ||
		!strings.Contains(body, "Citizens Example") {
		t.Errorf("the portal returns %d", status)
	}

	// The operator is found by its host: the same program under another name is not its portal.
	other := strings.Replace(address, "127.0.0.1", "localhost", 1)
	if status, _ := get(t, "http://"+other+"/portal"); status != http.StatusMisdirectedRequest {
		t.Errorf("another host gets %d", status)
	}

	stop()
	if err := <-ended; err != nil {
		t.Errorf("stops with an error: %v", err)
	}
}

func TestServeRefusesARegisterOverHTTP(t *testing.T) {
	set(t, map[string]string{
		"PORTAL_REGISTER_URL": "http://register.example.org/v1",
		"PORTAL_DATABASE":     filepath.Join(t.TempDir(), "portal.db"),
	})
	if _, err := try(t); err == nil || !strings.Contains(err.Error(), "PORTAL_REGISTER_URL") {
		t.Errorf("got %v", err)
	}
}
