package operators

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	list, err := Parse([]byte(good+"[operator.limits]\nstarts-per-address = 200\nlook-ups-per-adviser = 5\n"), read)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := list[0].Limits, (Limits{StartsOfAddress: 200, LookUpsOfAdviser: 5}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}

	const who = `operator "advice": `
	for file, want := range map[string][]string{
		"limits = 5": {who + "limits: must be a table, begun by [operator.limits]"},
		`[operator.limits]
starts-per-address = 4
look-ups-per-address = 10001
adviser-starts-per-address = "many"
adviser-look-ups-per-address = 1.5
starts-per-adviser = 1001
look-ups-per-adviser = -1
per-address = 7
`: {
			who + "limits.starts-per-address: is 4, and may be 5 to 10000",
			who + "limits.look-ups-per-address: is 10001, and may be 5 to 10000",
			who + "limits.adviser-starts-per-address: must be a whole number without quotes",
			who + "limits.adviser-look-ups-per-address: must be a whole number without quotes",
			who + "limits.starts-per-adviser: is 1001, and may be 5 to 1000",
			who + "limits.look-ups-per-adviser: is -1, and may be 5 to 1000",
			who + "limits.per-address: is not a setting",
		},
	} {
		_, err := Parse([]byte(good+file), read)
		if joined := (interface{ Unwrap() []error })(nil); !errors.As(err, &joined) ||
			!slices.Equal(strings.Split(err.Error(), "\n"), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
