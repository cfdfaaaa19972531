package views

import "time"

// WithdrawPage tells what stopping means and asks for a yes.
type WithdrawPage struct {
	Page
	MeterPoint MeterPoint
	Record     Record
	// Whys are the reasons that a customer may choose to give, as the ends of their text keys; none need be.
	Whys []string
	// Why is the one that the customer chose before a mistake; empty for none.
	Why string
	// Filter is how the list was narrowed, which the way back keeps.
	Filter Filter
}

// SeveralPage is WithdrawPage for several records at once.
type SeveralPage struct {
	Page
	MeterPoint MeterPoint
	Records    []Record
	Whys       []string
	Filter     Filter
}

// WithdrawnPage tells what was done, who was told and when.
type WithdrawnPage struct {
	Page
	MeterPoint MeterPoint
	Record     Record
	// At is when the register ended the access.
	At time.Time
	// Reference finds the withdrawal at the register.
	Reference string
	// Return tells whoever sent the customer which access it was; nil where nobody did.
	Return *ReturnLink
	Told   Told
	Filter Filter
}

// StoppedPage is WithdrawnPage for several records at once.
type StoppedPage struct {
	Page
	MeterPoint MeterPoint
	Outcomes   []Outcome
	Filter     Filter
}

// Outcome is what became of one record of several.
type Outcome struct {
	Record Record
	// Failure is empty for one that was stopped, else over, refused or unanswered: the end of its text key.
	Failure   string
	At        time.Time
	Reference string
	Told      Told
}

// ToldState is whether the organisation's system has taken the notice of a withdrawal, and the end of its text key.
type ToldState string

const (
	ToldDelivered   ToldState = "delivered"
	ToldPending     ToldState = "pending"
	ToldUndelivered ToldState = "undelivered"
	// ToldNone is an organisation without an endpoint for notices.
	ToldNone ToldState = "none"
	// ToldUnknown is where the register could not be asked.
	ToldUnknown ToldState = "unknown"
)

// Told is what became of the notice.
type Told struct {
	State ToldState
	// At is when it was taken.
	At time.Time
	// PollSeconds is how often the page looks again by itself; 0 where it does not, or not any more.
	PollSeconds int
	// Again is the page that looks again, for whoever has no script.
	Again string
}

// ToldPart is the part of a page that tells it, as it is fetched again.
type ToldPart struct {
	Page
	Record Record
	Told   Told
}
