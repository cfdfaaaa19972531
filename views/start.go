package views

// StartPage asks for the meter point number.
type StartPage struct {
	Page
	// Number is what the customer typed, given back so that a mistake loses nothing.
	Number string
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
