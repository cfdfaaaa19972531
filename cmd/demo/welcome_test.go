package main

import (
	"strings"
	"testing"

	"central.consent/dar/internal/web/argon"
)

// The codes that the demonstration prints are those of its file of operators.
func TestWelcomeTellsTheCodes(t *testing.T) {
	t.Parallel()
	list, err := loadOperators()
	if err != nil {
		t.Fatal(err)
	}

	text := welcome("http://localhost:5001", list, true)
	advisers := 0
	for _, o := range list {
		for _, a := range o.Advisers {
			advisers++
			code := adviserCodes[a.Name]
			if right, err := argon.Verify(code, a.SecretHash.Reveal()); !right || err != nil {
				t.Errorf("%q is not the code of %s: %v", code, a.Name, err)
			}
			if !strings.Contains(text, a.Name) || !strings.Contains(text, code) {
				t.Errorf("%s is not told", a.Name)
			}
		}
	}

	if advisers != 2 {
		t.Errorf("there are %d advisers, want 2", advisers)
	}
}
