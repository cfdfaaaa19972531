package serve

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
)

func TestTogetherLetsEachPartFinish(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	worked := false
	arrived := make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-ctx.Done() // it ends only once the program has been told to stop
		_, _ = io.WriteString(w, "drained")
	})

	ended := make(chan error, 1)
	go func() {
		ended <- Together(ctx,
			func(ctx context.Context) error { return HTTP(ctx, listener, handler, Logger(io.Discard)) },
			func(ctx context.Context) error {
				<-ctx.Done()
				worked = true
				return nil
			})
	}()

	answered := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			answered <- err.Error()
			return
		}

		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		answered <- string(text)
	}()

	<-arrived
	stop()
	if err := <-ended; err != nil || !worked {
		t.Errorf("ended with %v, worked: %v", err, worked)
	}
	if got := <-answered; got != "drained" {
		t.Errorf("the request under way got %q", got)
	}
}

func TestTogetherStopsAllIfOneFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	err := Together(t.Context(),
		func(ctx context.Context) error { <-ctx.Done(); return nil },
		func(context.Context) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("ended with %v", err)
	}
}
