package mail_test

import (
	"strings"
	"testing"
)

func TestTextFitsItsWidth(t *testing.T) {
	t.Parallel()

	for name, letter := range letters() {
		for line := range strings.Lines(letter.Text) {
			if line = strings.TrimSuffix(line, "\n"); len([]rune(line)) > 72 && !strings.Contains(line, "https://") {
				t.Errorf("%s: a line has %d characters: %s", name, len([]rune(line)), line)
			}
		}
	}
}
