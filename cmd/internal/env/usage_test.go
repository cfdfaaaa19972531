package env

import (
	"bytes"
	"strings"
	"testing"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	Usage(&b, Settings(new(settings), map[string]Doc{
		"TEST_ENV_LISTEN":  {Help: "Where to listen."},
		"TEST_ENV_ACCOUNT": {Help: "The account.", Example: "portal_ops"},
		"TEST_ENV_KEY":     {Help: "The key."},
	}))
	for _, want := range []string{
		"TEST_ENV_LISTEN (default localhost:1)\n      Where to listen.",
		"TEST_ENV_ACCOUNT (required)\n      The account.\n      example: TEST_ENV_ACCOUNT=portal_ops",
		"TEST_ENV_KEY or TEST_ENV_KEY_FILE (required)",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("does not say %q:\n%s", want, b.String())
		}
	}
}
