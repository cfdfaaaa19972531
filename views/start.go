package views

// StartPage asks for the meter point number.
type StartPage struct {
	Page
	// Number is what the customer typed. The page shows it again, so that a mistake loses nothing.
	Number string
	// Linked says that the number came with the link that the customer followed.
	Linked bool
	// NumberNeeded says that the link brought no number.
	NumberNeeded bool
}

// CheckNumberPage asks "is this right?" about a number that fails its check digit.
type CheckNumberPage struct {
	Page
	// Number is as typed.
	Number string
	// MeterPoint is the number as a reader expects it.
	MeterPoint MeterPoint
}

// NoRecordPage says kindly that the register has no occupant of this meter point on record to ask for a confirmation.
type NoRecordPage struct {
	Page
	MeterPoint MeterPoint
}
