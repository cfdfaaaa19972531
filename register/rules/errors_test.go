package rules_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// An error that is not a refusal is shown without its cause.
func TestRefusals(t *testing.T) {
	t.Parallel()
	cause := errors.New("relation accounts does not exist")
	single := rules.NotFound("There is no such thing.")
	several := rules.Errors{rules.Invalid("a", "is wrong."), rules.Invalid("b", "is wrong.")}
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"one refusal", single, "not found NOT001"},
		{"wrapped refusal", fmt.Errorf("read: %w", single), "not found NOT001"},
		{"several", several, "invalid VAL001 a b"},
		{"wrapped several", fmt.Errorf("read: %w", several), "invalid VAL001 a b"},
		{"deadline", fmt.Errorf("read: %w", context.DeadlineExceeded), "unavailable SRV001"},
		{"client has gone", fmt.Errorf("read: %w", context.Canceled), "unavailable SRV001"},
		{"unknown", fmt.Errorf("read: %w", cause), "internal SRV001"},
	} {
		expectRefusal(t, test.name, test.err, test.want)
		if text := rules.Refusals(test.err).Error(); strings.Contains(text, "read") {
			t.Errorf("%s: the caller sees %q", test.name, text)
		}
	}
}

// The texts of refusals are for the caller: the field, then the message.
func TestErrorText(t *testing.T) {
	t.Parallel()
	both := rules.Errors{rules.Invalid("mpxn", "is required."), rules.Invalid("", "The body is empty.")}
	if got, want := both.Error(), "mpxn: is required.; The body is empty."; got != want {
		t.Errorf("the text is %q, want %q", got, want)
	}
}

// A missing row becomes the refusal. Any other error stays what it is.
func TestOrRefusal(t *testing.T) {
	t.Parallel()
	refused := rules.NotFound("There is no such thing.")
	fault := errors.New("fault")
	for _, test := range []struct {
		name      string
		err, want error
	}{
		{"missing", fmt.Errorf("find: %w", store.ErrNotFound), refused},
		{"fault", fault, fault},
		{"none", nil, nil},
	} {
		if got := rules.OrRefusal(test.err, refused); !errors.Is(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}
