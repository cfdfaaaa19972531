package views

import "time"

// LetterPage is a letter ready to be copied or printed: to an organisation, or about one that never registered.
type LetterPage struct {
	Page
	MeterPoint MeterPoint
	// Kind says what is asked for, and is the end of its text keys: one of the grounds, elsewhere, earlier, delete or discovered.
	Kind string
	// Record is whom the letter goes to; Discovered, where Kind is that, whom it is about.
	Record     Record
	Discovered Discovered
	// Day is the letter's.
	Day time.Time
	// WithNumber says that the customer wants the meter point number in it.
	WithNumber bool
	// StoppedReference is the register's, where the customer stopped the access in this session.
	StoppedReference string
	Filter           Filter
}
