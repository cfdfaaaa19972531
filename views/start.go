package views

// StartPage asks for the meter point number.
type StartPage struct {
	Page
	// Number is what the customer typed, given back so that a mistake loses nothing.
	Number string
	// Linked says that the number is from the link that the customer followed, and NumberNeeded that it brought none.
	Linked, NumberNeeded bool
}

// CheckNumberPage asks "is this right?" of a number whose check digit fails.
type CheckNumberPage struct {
	Page
	// Number is as typed; MeterPoint is the same for reading.
	Number     string
	MeterPoint MeterPoint
}

// NoRecordPage tells kindly that nobody at this meter point can be asked to confirm.
type NoRecordPage struct {
	Page
	MeterPoint MeterPoint
}
