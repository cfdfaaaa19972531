package views

// SignedOutPage ends the visit.
type SignedOutPage struct{ Page }

// ErrorPage says what happened and what to do next.
type ErrorPage struct {
	Page
	// Kind is the end of the text keys: not-found, method, invalid, too-long, media, escape, repeated, forbidden,
	// session-ended, conflict, busy, ticket, no-download, too-often, unavailable, withdraw-failed or internal.
	Kind string
	// Field is the form's field that was sent more than once, as the sender named it; for repeated only.
	Field string
	// Reference finds the failure in the portal's log; empty if nothing failed.
	Reference string
	// WaitSeconds is how long the customer must wait before they try again; for too-often only.
	WaitSeconds int
	// Waiting says that a proof continues meanwhile.
	Waiting bool
	// Proving says that the customer has yet to choose a proof.
	Proving bool
}

// waitMinutes rounds WaitSeconds up to whole minutes.
func (m ErrorPage) waitMinutes() int { return max(1, (m.WaitSeconds+59)/60) }
