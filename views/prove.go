package views

import "slices"

// methodPasskey is the name of the one method that sends no email.
const methodPasskey = "passkey-assert"

// Method is a way to prove presence.
type Method struct {
	// Name is passkey-assert, magic-link or passkey-register. It is a form value and the end of the method's text keys,
	// and is never shown.
	Name string
}

// ProvePage asks the customer to prove who they are, by the method chosen for them or another.
type ProvePage struct {
	Page
	MeterPoint MeterPoint
	// Chosen is the best method that the register offers here.
	Chosen Method
	// Others are the other methods, best first; may be empty.
	Others []Method
	// Cancelled says that the customer has just given up on a passkey.
	Cancelled bool
}

// ElsewherePage says that a confirmation came to a browser that had not asked for it, and so was not used.
type ElsewherePage struct{ Page }

func (m ProvePage) chosenSendsMail() bool { return m.sendsMail(m.Chosen) }

func (m ProvePage) onlyOthersSendMail() bool {
	return !m.sendsMail(m.Chosen) && m.sendsMail(m.Others...)
}

// sendsMail says that one of the methods sends an email.
func (m ProvePage) sendsMail(methods ...Method) bool {
	byMail := func(method Method) bool { return method.Name != methodPasskey }
	return !m.Demonstration && slices.ContainsFunc(methods, byMail)
}
