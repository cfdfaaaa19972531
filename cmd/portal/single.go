package main

import (
	"strings"

	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/handlers"
	"central.consent/dar/internal/web/address"
	"central.consent/dar/views"
)

// setting is one setting of a single operator.
type setting struct {
	name  string
	value string
}

// operatorsOfFile reads the file of operators. The settings of a single operator beside it would be ambiguous.
func (c *config) operatorsOfFile() []operators.Operator {
	for _, s := range []setting{
		{"PORTAL_ACCOUNT_ID", c.AccountID},
		{"PORTAL_ACCOUNT_SECRET", c.AccountSecret.Reveal()},
		{"PORTAL_OPERATOR_NAME", c.OperatorName},
		{"PORTAL_OPERATOR_CONTACT_URL", c.ContactURL},
		{"PORTAL_OPERATOR_PHONE", c.Phone},
		{"PORTAL_RETURN_URLS", strings.Join(c.ReturnURLs, "")},
	} {
		if s.value != "" {
			c.refuse("%s and PORTAL_OPERATORS are both set: the file tells it", s.name)
		}
	}

	list, err := operators.Load(c.Operators)
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			c.refuse("PORTAL_OPERATORS: %s", line)
		}
	}

	return list
}

// singleOperator is the operator of a portal without a file.
func (c *config) singleOperator() operators.Operator {
	for _, s := range []setting{
		{"PORTAL_ACCOUNT_ID", c.AccountID},
		{"PORTAL_ACCOUNT_SECRET", c.AccountSecret.Reveal()},
		{"PORTAL_OPERATOR_NAME", c.OperatorName},
	} {
		if s.value == "" {
			c.refuse("%s is missing", s.name)
		}
	}

	c.checkContact()
	for _, text := range c.ReturnURLs {
		u, ok := address.ParseURL(text)
		if !ok || address.SecureOrigin(text) == "" || u.Fragment != "" || strings.TrimSpace(text) != text {
			c.refuse("PORTAL_RETURN_URLS: %q is not an address such as https://example.org/energy", text)
		}
	}

	return operators.Operator{
		Base:          handlers.DefaultBase,
		AccountID:     c.AccountID,
		AccountSecret: c.AccountSecret,
		ReturnURLs:    c.ReturnURLs,
		Brand:         views.Brand{Name: c.OperatorName, ContactURL: c.ContactURL, Phone: c.Phone},
	}
}

// checkContact checks how customers get help: by one way at least.
func (c *config) checkContact() {
	if c.ContactURL == "" && c.Phone == "" {
		c.refuse("PORTAL_OPERATOR_CONTACT_URL and PORTAL_OPERATOR_PHONE are both missing: " +
			"customers need a way to get help")
	}

	isPhone := strings.Trim(c.Phone, "0123456789+() -") == "" && strings.ContainsAny(c.Phone, "0123456789")
	if c.Phone != "" && !isPhone {
		c.refuse("PORTAL_OPERATOR_PHONE is not a telephone number such as 0800 000 0000")
	}
	if _, ok := address.ParseURL(c.ContactURL); c.ContactURL != "" && !ok {
		c.refuse("PORTAL_OPERATOR_CONTACT_URL is not an address such as https://example.org/contact")
	}
}
