package webhook

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
)

func TestNewSecret(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^whsec_[0-9a-f]{64}$`)
	a := NewSecret()
	b := NewSecret()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(a, "whsec_"))
	if !form.MatchString(a) || !form.MatchString(b) || a == b || err != nil || len(key) != 48 {
		t.Errorf("%s %s %v", a, b, err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()

	d := delivery("https://example.com")
	d.Secrets.Previous = secretB
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("", "secrets", d.Secrets, "delivery", d)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("", "secrets", d.Secrets, "delivery", d)
	printed := fmt.Sprintf("%v %+v %#v %s %q", d.Secrets, d, d, d.Secrets, d.Secrets) + logged.String()
	if strings.Contains(printed, "0011") || strings.Contains(printed, "f0e1") {
		t.Error(printed)
	}
}
