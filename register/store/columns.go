package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
	_ "time/tzdata" // London's time zone, for machines without zone files
)

// Millis is a time as it is stored: milliseconds since 1970, UTC.
type Millis time.Time

// Value implements driver.Valuer.
func (m Millis) Value() (driver.Value, error) { return time.Time(m).UnixMilli(), nil }

// Scan implements sql.Scanner.
func (m *Millis) Scan(value any) error {
	ms, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as an integer, not %T", value)
	}

	*m = Millis(time.UnixMilli(ms).UTC())

	return nil
}

// Time returns the time, UTC.
func (m Millis) Time() time.Time { return time.Time(m) }

// OptionalMillis returns the column value of a time that may be missing.
func OptionalMillis(t *time.Time) *Millis {
	if t == nil {
		return nil
	}

	m := Millis(*t)

	return &m
}

// OptionalTime returns the time of a column that may be null.
func OptionalTime(m *Millis) *time.Time {
	if m == nil {
		return nil
	}

	t := m.Time()

	return &t
}

var london = func() *time.Location {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err) // time/tzdata holds the zone
	}

	return zone
}()

// LondonDay returns the date in London a number of days after a moment, as move-in dates and effective dates are
// stored.
func LondonDay(now time.Time, later int) string {
	return now.In(london).AddDate(0, 0, later).Format(time.DateOnly)
}

// LondonMidnight returns the moment at which a day begins in London; the zero time if day is not a date.
func LondonMidnight(day string) time.Time {
	midnight, err := time.ParseInLocation(time.DateOnly, day, london)
	if err != nil {
		return time.Time{}
	}

	return midnight
}

// JSON is a column that stores a value as JSON text.
type JSON[T any] struct{ V T }

// Value implements driver.Valuer.
func (j JSON[T]) Value() (driver.Value, error) {
	text, err := json.Marshal(j.V)
	return string(text), err
}

// Scan implements sql.Scanner.
func (j *JSON[T]) Scan(value any) error {
	switch text := value.(type) {
	case string:
		return json.Unmarshal([]byte(text), &j.V)
	case []byte:
		return json.Unmarshal(text, &j.V)
	}

	return fmt.Errorf("JSON is stored as text, not %T", value)
}
