package registertest

import (
	"fmt"
	"regexp"
)

var (
	// timeMember matches the names of members that hold times.
	timeMember = regexp.MustCompile(`(?:^|[-_])(?:at|from|until|again|since|expiry|timestamp)$`)
	// anyTime matches what begins as a date and time, and wireTime those that may stand on the wire.
	anyTime  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]`)
	wireTime = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`)
)

// checkTimes returns an error that names a time in a decoded JSON value which is not in whole seconds, UTC. What a Data
// User stored as the detail of a verification is its own.
func checkTimes(value any) error {
	switch v := value.(type) {
	case []any:
		for i, element := range v {
			if err := checkTimes(element); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
	case map[string]any:
		for name, member := range v {
			if name == "detail" {
				continue
			}
			text, _ := member.(string)
			if timeMember.MatchString(name) && anyTime.MatchString(text) && !wireTime.MatchString(text) {
				return fmt.Errorf("%s: %q is not a time in whole seconds, UTC", name, text)
			}
			if err := checkTimes(member); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}

	return nil
}
