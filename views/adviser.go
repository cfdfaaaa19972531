package views

import "time"

// AdviserSignInPage asks for the operator's secret.
type AdviserSignInPage struct{ Page }

// HandoverPage is a page to print, for the customer to take home. It holds no code, and no whole meter point number.
type HandoverPage struct {
	Page
	// MeterPoint has the last three digits alone.
	MeterPoint    MeterPoint
	ReadAt        time.Time
	Discovered    []Discovered
	Active, Ended []Record
	// Stopped are the records that were stopped in this visit.
	Stopped []Receipt
	// PortalURL is where the customer finds the portal; empty where it is not known.
	PortalURL string
}

// Receipt is of a record that the customer had stopped, with the register's receipt.
type Receipt struct {
	Record    Record
	At        time.Time
	Reference string
}
