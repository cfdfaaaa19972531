package rules

import (
	"errors"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// wholeSeconds returns a time as it stands on the wire: UTC, in whole seconds (docs/decisions.md, Additions to the
// published shapes).
func wholeSeconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// optionalSeconds is wholeSeconds for a time that may be missing.
func optionalSeconds(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}

	return new(wholeSeconds(*t))
}

// wireTime returns a stored time as it stands on the wire.
func wireTime(at store.Millis) time.Time { return wholeSeconds(at.Time()) }

// optionalWireTime is wireTime for a column that may be null.
func optionalWireTime(at *store.Millis) *time.Time { return optionalSeconds(store.OptionalTime(at)) }

// readTime reads a time of a request, in whole seconds.
func readTime(d *jsontext.Decoder, into *time.Time) error {
	value, err := d.ReadValue()
	if err != nil {
		return err
	}

	var given time.Time
	if err := json.Unmarshal(value, &given); err != nil {
		return errors.New("not a date and time") // of err the caller would take the place in value
	}

	*into = wholeSeconds(given)

	return nil
}

// inWholeSeconds brings the times of an access record that an older program stored to whole seconds.
func inWholeSeconds(record *registerclient.AccessRecord) {
	event := &record.AccessEvent
	event.RegisteredAt = wholeSeconds(event.RegisteredAt)
	event.Expiry = optionalSeconds(event.Expiry)
	event.RevokedAt = optionalSeconds(event.RevokedAt)
}
