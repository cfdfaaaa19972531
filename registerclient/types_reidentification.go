package registerclient

import "time"

// ReidentifyRequest starts a re-identification of the occupant of a meter point.
type ReidentifyRequest struct {
	MPxN             string  `json:"mpxn"`
	Method           Method  `json:"method"`
	RedirectURL      *string `json:"redirect-url,omitzero"`
	PasskeyReturnURL *string `json:"passkey-return-url,omitzero"`
	// MatchCode asks for a code that the customer types on the register's page, so that one careless click does not
	// confirm another person's challenge. With a passkey and a return URL the customer types no code: the return URL
	// gets a completion code (see CompleteReidentificationRequest), and the challenge is pending until it is sent.
	MatchCode bool `json:"match-code,omitzero"`
	// Language of letters and pages is "en" or "cy"; empty for both.
	Language string `json:"language,omitzero"`
	// OtherAddress asks for the second address of the occupant, if there is one. It is an addition to the published
	// API.
	OtherAddress bool `json:"other-address,omitzero"`
	// StartedFrom is the browser in which the customer started, by its family: "Firefox". The confirmation page shows
	// it as what the caller says, so that the customer can recognise their own request. At most 60 characters; empty if
	// it is not known. It is an addition to the published API.
	StartedFrom string `json:"started-from,omitzero"`
}

// ReidentifyOwnRequest starts a re-identification of the person of one identity record.
type ReidentifyOwnRequest struct {
	Method           Method  `json:"method"`
	RedirectURL      *string `json:"redirect-url,omitzero"`
	PasskeyReturnURL *string `json:"passkey-return-url,omitzero"`
	// MatchCode and Language are as in ReidentifyRequest.
	MatchCode bool   `json:"match-code,omitzero"`
	Language  string `json:"language,omitzero"`
}

// ReidentifyResponse has exactly one of MagicLink and Passkey.
type ReidentifyResponse struct {
	Response  ResponseMetadata `json:"response"`
	Method    Method           `json:"method"`
	MagicLink *MagicLink       `json:"magic-link"`
	Passkey   *PasskeyRedirect `json:"passkey"`
	// MatchCode is four characters. Show it only on the page that started the challenge.
	MatchCode string `json:"match-code,omitzero"`
}

// TokenRef returns the token of the method that was started. It is a secret of the account that started it.
func (r ReidentifyResponse) TokenRef() string {
	if r.MagicLink != nil {
		return r.MagicLink.TokenRef
	}
	if r.Passkey != nil {
		return r.Passkey.TokenRef
	}

	return ""
}

// MagicLink says to which address a link was mailed, and until when it works.
type MagicLink struct {
	// DispatchedTo is masked, such as c*****r@example.com.
	DispatchedTo string    `json:"dispatched-to"`
	ExpiresAt    time.Time `json:"expires-at"`
	TokenRef     string    `json:"token-ref"`
	RedirectURL  *string   `json:"redirect-url"`
	// OtherAddress is the masked address that the other value of OtherAddress in the request would have chosen; nil if
	// there is none. It is an addition to the published API.
	OtherAddress *string `json:"other-address,omitzero"`
}

// PasskeyRedirect is a single-use page on the register's id origin.
type PasskeyRedirect struct {
	RedirectURL string    `json:"redirect-url"`
	TokenRef    string    `json:"token-ref"`
	ExpiresAt   time.Time `json:"expires-at"`
	ReturnURL   *string   `json:"return-url"`
}

// ReidentifyStatusResponse is the status of a re-identification.
type ReidentifyStatusResponse struct {
	Response    ResponseMetadata       `json:"response"`
	Method      Method                 `json:"method"`
	Status      ReidentificationStatus `json:"status"`
	ConfirmedAt *time.Time             `json:"confirmed-at"`
	// Reason is "declined" if the customer said that they did not ask, "wrong-code" if three wrong match codes were
	// typed, and otherwise empty.
	Reason string `json:"reason,omitzero"`
}

// CompleteReidentificationRequest ends a re-identification that was started with a match code and a passkey return
// URL, after the browser has returned.
type CompleteReidentificationRequest struct {
	// CompletionCode is the parameter dar-completion-code of the return URL.
	CompletionCode string `json:"completion-code"`
}
