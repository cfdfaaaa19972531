package operators

import (
	"regexp"
	"strings"

	"central.consent/dar/cmd/internal/env"
)

// Lengths of secrets, in bytes. An adviser types theirs; the least keeps it from being guessed.
const (
	minAdviserSecret = 16
	maxAdviserSecret = 200
	maxAccountSecret = 4096
)

var accountForm = regexp.MustCompile(`^[a-z0-9_-]{3,64}$`)

// checkAccount checks the operator's account at the register, and reads its secret.
func (c *checker) checkAccount(e *entry, o *Operator) {
	if o.AccountID = c.required("account-id", e.AccountID); o.AccountID != "" && !accountForm.MatchString(o.AccountID) {
		c.refuse("account-id", "must be 3 to 64 small letters, digits, dashes and underscores")
	}

	c.refuseSecret("account-secret", e.AccountSecret)
	name := c.required("account-secret-file", e.AccountSecretFile)
	if name == "" {
		return
	}

	secret, err := c.readSecret(name)
	switch {
	case err != nil:
		c.refuse("account-secret-file", "%v", err)
	case secret == "" || len(secret) > maxAccountSecret || strings.ContainsAny(secret, "\r\n"):
		c.refuse("account-secret-file", "%s does not hold a secret of one line", name)
	default:
		o.AccountSecret = env.NewSecret(secret)
	}
}

// checkAdviserSecret reads the code that the operator's advisers share. The account must have been checked.
func (c *checker) checkAdviserSecret(e *entry, o *Operator) {
	c.refuseSecret("adviser-secret", e.AdviserSecret)
	name := c.optional("adviser-secret-file", e.AdviserSecretFile)
	if name == "" {
		return
	}

	secret, err := c.readSecret(name)
	switch {
	case err != nil:
		c.refuse("adviser-secret-file", "%v", err)
	case len(secret) < minAdviserSecret || len(secret) > maxAdviserSecret || strings.ContainsAny(secret, "\r\n"):
		c.refuse("adviser-secret-file", "%s does not hold a secret of one line, with %d characters or more",
			name, minAdviserSecret)
	case secret == o.AccountSecret.Reveal():
		c.refuse("adviser-secret-file", "holds the account's secret, which is for the portal alone")
	default:
		o.AdviserSecret = env.NewSecret(secret)
	}
}

// refuseSecret refuses a secret in the file itself.
func (c *checker) refuseSecret(key string, secret text) {
	if secret.given {
		c.refuse(key, "a secret never stands in this file: "+
			"write it to a file of its own, and name that with %s-file", key)
	}
}

func (c *checker) readSecret(name string) (string, error) {
	content, err := c.read(name)
	return strings.TrimSpace(string(content)), err
}
