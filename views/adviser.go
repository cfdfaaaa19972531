package views

import "time"

// AdviserSignInPage asks for the operator's secret.
type AdviserSignInPage struct{ Page }

// HandoverPage is a page to print that the customer takes home. It holds no code, and no whole meter point number.
type HandoverPage struct {
	Page
	// MeterPoint has the last three digits only.
	MeterPoint MeterPoint
	// ReadAt is when the list was read from the register.
	ReadAt     time.Time
	StillSeen  []Sighting
	Discovered []Sighting
	Active     []Record
	Excluded   []Record
	Ended      []Record
	// Stopped are the records that were stopped in this session.
	Stopped []Receipt
	// PortalURL is the address of the portal in full; empty if that is not known.
	PortalURL string
}

// Receipt is the register's receipt for a record that the customer had stopped.
type Receipt struct {
	Record Record
	// At is when the register ended the access.
	At time.Time
	// Reference finds the withdrawal at the register.
	Reference string
}

// stillSeenTitle is the heading of the organisations that were seen after their access had ended.
func (m HandoverPage) stillSeenTitle() string {
	return RecordsPage{Page: m.Page, StillSeen: m.StillSeen}.groupTitle(groupStillSeen)
}

// lead says which meter point the page is about, when the list was read, and by which operator.
func (m HandoverPage) lead() string {
	return m.Text.T("adviser.handover.what."+m.MeterPoint.fuel(),
		"Digits", m.MeterPoint.Number, "When", m.Text.DateTime(m.ReadAt), "Brand", m.Brand.Name)
}
