package operators

import (
	"errors"
	"fmt"
	"strings"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/internal/web/argon"
)

// Adviser is one of an operator's advisers.
type Adviser struct {
	// Name is what the adviser signs in with, and what the register is told.
	Name string
	// SecretHash is the hash of the adviser's code, as HashAdviserCode makes it.
	SecretHash env.Secret
}

const (
	maxAdvisers = 1000
	// The bounds of what a hash may cost: memory in KiB, and passes. A hash below them is easily guessed from, and one
	// above them would stop the portal while a code is compared.
	minHashMemory = 8 << 10
	maxHashMemory = 256 << 10
	maxHashPasses = 10
)

// HashAdviserCode returns the hash of an adviser's code. Its error says what is wrong with the code, and never quotes
// it.
func HashAdviserCode(code string) (string, error) {
	switch {
	case len(code) < minAdviserSecret || len(code) > maxAdviserSecret:
		return "", fmt.Errorf("a code has %d to %d characters", minAdviserSecret, maxAdviserSecret)
	case strings.ContainsAny(code, "\r\n"):
		return "", errors.New("a code has one line")
	case strings.TrimSpace(code) != code:
		return "", errors.New("a code does not begin or end with a space")
	default:
		return argon.DefaultCost.Hash(code), nil
	}
}

// checkAdvisers checks the advisers who have a code of their own.
func (c *checker) checkAdvisers(e *entry, o *Operator) {
	switch {
	case e.advisersErr != nil:
		c.refuse("adviser", notTables)
		return
	case len(e.advisers) > maxAdvisers:
		c.refuse("adviser", "has %d tables, and may have at most %d", len(e.advisers), maxAdvisers)
		return
	}

	names := map[string]bool{}
	for i, a := range e.advisers {
		s := c.below(fmt.Sprintf("adviser[%d].", i+1))
		adviser := Adviser{Name: s.name("name", s.required("name", a.Name))}
		folded := strings.ToLower(strings.Join(strings.Fields(adviser.Name), " "))
		if folded != "" && names[folded] {
			s.refuse("name", "two advisers have it")
		}

		names[folded] = true
		if a.Secret.given {
			s.refuse("secret", "a secret never stands in this file: "+
				"write what portal adviser hash makes of it, as secret-hash")
		}

		hash := s.required("secret-hash", a.SecretHash)
		if hash != "" {
			s.checkHash(hash)
		}

		adviser.SecretHash = env.NewSecret(hash)
		o.Advisers = append(o.Advisers, adviser)
	}
}

// checkHash refuses a text that is no hash, or one that costs too little or too much.
func (s section) checkHash(hash string) {
	cost, err := argon.CostOf(hash)
	switch {
	case err != nil:
		s.refuse("secret-hash", "is not a hash: make one with portal adviser hash")
	case cost.Memory < minHashMemory || cost.Memory > maxHashMemory || cost.Passes > maxHashPasses:
		s.refuse("secret-hash", "costs %d KiB and %d passes, and may cost %d to %d KiB and %d passes: "+
			"make one with portal adviser hash",
			cost.Memory, cost.Passes, minHashMemory, maxHashMemory, maxHashPasses)
	}
}
