package registertest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestCheckAnswersReportsConcurrently(t *testing.T) {
	t.Parallel()

	w := &witness{TB: t}
	handler := CheckAnswers(w, []byte(small), answer(418, "{}"))
	send := func() {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/things/1", nil))
	}
	var sends sync.WaitGroup
	for range 50 {
		sends.Go(send)
	}

	sends.Wait()
	if len(w.problems) != 50 {
		t.Errorf("%d reports of 50", len(w.problems))
	}
	for _, cleanup := range w.cleanups {
		cleanup()
	}

	send()
	if len(w.problems) != 50 {
		t.Error("reported after the end of the test")
	}
}

func TestUnexercised(t *testing.T) {
	t.Parallel()

	document := []byte(strings.ReplaceAll(small, "title: Small", "title: Another")) // no other test exercises it
	handler := CheckAnswers(t, document, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		answer(401, `{"errors":[{}]}`, "WWW-Authenticate: Bearer").ServeHTTP(w, r)
	}))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("DELETE", "/v1/things/1", nil))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/v1/things", nil))
	missing, err := Unexercised(document)
	want := []string{"createThing", "latestThing", "listParts", "readThing", "sendBox", "sendLines"}
	if err != nil || !slices.Equal(missing, want) {
		t.Errorf("unexercised %v (%v), want %v", missing, err, want)
	}
}
