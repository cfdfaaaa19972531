package main

import (
	"fmt"
	"strings"

	"central.consent/dar/cmd/internal/operators"
)

// adviserCodes are the codes of the demonstration's advisers, by name. Its file of operators has their hashes.
var adviserCodes = map[string]string{
	"Sam Jones":   "harbour-sam-demo",
	"Siân Hughes": "harbour-sian-demo",
}

// welcome says where everything stands. The first operator is the published one.
func welcome(base string, list []operators.Operator, isLive bool) string {
	var b strings.Builder
	published := list[0]
	fmt.Fprintf(&b, "\nThe portal stands at %s%s\n  Look up the meter point %s.", base, published.Base, meterPoint)
	if isLive {
		fmt.Fprintf(&b, " You are asked to confirm, as a customer is.\nIts mail is read at %s%s\n"+
			"  No letter leaves this machine. Passkeys work too: on localhost, in the browser in which they were made.",
			base, inboxPath)
	}

	b.WriteString("\nThe same for other operators, each in its own look:\n")
	for _, o := range list[1:] {
		fmt.Fprintf(&b, "  %s%s  %s\n", base, o.Base, o.Brand.Name)
	}

	for _, o := range list {
		if len(o.Advisers) == 0 {
			continue
		}

		fmt.Fprintf(&b, "Advisers of %s help customers at %s%s/adviser\n", o.Brand.Name, base, o.Base)
		for _, a := range o.Advisers {
			fmt.Fprintf(&b, "  %s, with the code %s\n", a.Name, adviserCodes[a.Name])
		}
	}

	fmt.Fprintf(&b, "In the page of another site it stands at %s%s\n", embedderOrigin(base), embedderPath)
	fmt.Fprintf(&b, "The register's API stands at %s/v1, its pages at %s/docs\n", base, base)
	fmt.Fprintf(&b, "  Account %s, secret %s.\n", published.AccountID, published.AccountSecret.Reveal())
	b.WriteString("Ctrl-C ends it.\n")

	return b.String()
}
