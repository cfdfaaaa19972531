package env

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretShowsNowhere(t *testing.T) {
	t.Parallel()
	s := struct{ Key Secret }{NewSecret("canary")}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "key", s.Key, "struct", s)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "key", s.Key, "struct", s)
	fmt.Fprintf(&b, "%v %+v %#v %s %q %v", s, s, s, s.Key, s.Key, &s)
	if err := json.NewEncoder(&b).Encode(s); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "canary") {
		t.Errorf("shown: %s", b.String())
	}
}
