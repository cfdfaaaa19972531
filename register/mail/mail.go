// Package mail writes the register's letters, in English and in Welsh, and sends them to an SMTP server.
//
// Each letter has a file of its own: magic_link_letter.go, passkey_letter.go and undelivered_letter.go;
// contact_letter.go and tenancy_letter.go have those about who can confirm for a home. A letter is a list of blocks
// (letter.go) that is rendered twice, as HTML by letter.templ and as text by text.go, so both parts of a message say
// the same. Every word comes from views/i18n, under keys that begin with "mail.", or "challenge." and "contact." if a
// page says the same.
//
// A Sender (sender.go) signs a letter and hands it to the server over a pool of connections (connection.go). Its errors
// say whether a retry makes sense (failure.go).
package mail

// Message is a letter in the form that is sent.
type Message struct {
	Subject string
	// Text and HTML are the two parts of the message. They have the same words.
	Text, HTML string
	// Language is the value of Content-Language: "en", "cy" or "en, cy".
	Language string
}

// Meter is what a letter may say about a meter point. Other people may read a letter, and it stays in a mailbox for
// years, so a letter never contains the whole number.
type Meter struct {
	Gas bool
	// Ending is the last three digits of the number.
	Ending string
}

// MeterOf returns the meter of an MPAN (13 digits, electricity) or MPRN (6 to 10 digits, gas).
func MeterOf(mpxn string) Meter {
	return Meter{Gas: len(mpxn) != 13, Ending: mpxn[max(0, len(mpxn)-3):]}
}
