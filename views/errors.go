package views

// SignedOutPage ends the visit.
type SignedOutPage struct{ Page }

// ErrorPage says what happened and what to do next. Kind is the end of its text keys.
type ErrorPage struct {
	Page
	// Kind is not-found, method, invalid, too-long, media, escape, repeated, forbidden, session-ended, conflict, busy, ticket, no-download, too-often, unavailable,
	// withdraw-failed or internal.
	Kind string
	// Field is the form's field that was sent more than once, in the sender's words; for repeated alone.
	Field string
	// Reference finds the failure in the portal's log; empty where nothing failed.
	Reference string
	// WaitSeconds is how long until it can be tried again; for too-often alone.
	WaitSeconds int
	// Waiting says that a proof goes on meanwhile, and Proving that the customer has yet to choose one.
	Waiting, Proving bool
}
