package views

import "time"

// AccessibilityPage is the operator's accessibility statement.
type AccessibilityPage struct {
	Page
	// Prepared is the day on which it was last held against what is tested.
	Prepared time.Time
}
