package registerclient

import "time"

// ResponseMetadata is the first member of every JSON response except BearerToken.
type ResponseMetadata struct {
	// Resource is the path of the request, /v1 included.
	Resource string `json:"resource"`
	// Timestamp is the time of the response, UTC, in whole seconds.
	Timestamp time.Time `json:"timestamp"`
	// TransactionID finds the request in the register's log: tid_ and 24 hex digits.
	TransactionID string `json:"transaction-id"`
}

// ErrorResponse is the body of every error response.
type ErrorResponse struct {
	Response ResponseMetadata `json:"response"`
	Errors   []ErrorDetail    `json:"errors"`
}

// ErrorDetail is one mistake in a request.
type ErrorDetail struct {
	Code    string `json:"error-code"`
	Message string `json:"message"`
	// Field is the path of the member or parameter at fault, such as pii-principal.mpxn; empty if no single field is
	// at fault. It is an addition to the published API.
	Field string `json:"field,omitzero"`
}

// BearerToken is the response to a request for a token.
type BearerToken struct {
	Token string `json:"bearer-token"`
	// Expires is the lifetime of the token in seconds.
	Expires int `json:"expires"`
}
