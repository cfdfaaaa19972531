package views

import "time"

// AccessibilityPage is the operator's accessibility statement.
type AccessibilityPage struct {
	Page
	// Prepared is the day on which the statement was last checked against the tests.
	Prepared time.Time
}
