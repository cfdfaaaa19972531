package views

import "time"

// WithdrawPage tells what stopping means and asks for a yes.
type WithdrawPage struct {
	Page
	MeterPoint MeterPoint
	Record     Record
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
	// NoticeSent says that the register sends the organisation a notice of its own.
	NoticeSent bool
	// Return tells whoever sent the customer which access it was; nil where nobody did.
	Return *ReturnLink
}
