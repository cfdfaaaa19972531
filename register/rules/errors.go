package rules

import (
	"context"
	"errors"
	"strings"
	"time"

	"central.consent/dar/register/store"
)

// Kind is the class of a refusal. Package api maps each kind to one HTTP status.
type Kind int

// The kinds of refusal. The zero value is an internal error.
const (
	KindInternal Kind = iota
	KindInvalid
	KindUnauthorized
	KindForbidden
	KindNotFound
	KindMethodNotAllowed
	KindConflict
	KindTooLarge
	KindUnsupportedMediaType
	KindUnprocessable
	KindTooMany
	KindUnavailable
)

// The published error codes, one name for each use (docs/decisions.md, Errors).
const (
	CodeNoBearer          = "AUTH001"
	CodeBadBearer         = "AUTH002"
	CodeRole              = "AUTH003"
	CodeBasicHeader       = "AUTH004" // 401
	CodeMeterPointRefused = "AUTH004" // 403
	CodeCredentials       = "AUTH005"
	CodeApproval          = "AUTH006"
	CodeValidation        = "VAL001"
	CodeStateFilter       = "VAL002" // 400
	CodeNoEmail           = "VAL002" // 422
	CodeTokenUnusable     = "VAL002" // 422
	CodeLegalBasisFilter  = "VAL003" // 400
	CodeNoPasskey         = "VAL003" // 422
	CodeNotFound          = "NOT001"
	CodeConflict          = "CON001"
	CodeServer            = "SRV001"
	CodeUnclassified      = "ERR000"
)

// Error is a refusal as the caller sees it: a kind, a published code, the field at fault if there is one, and one
// plain sentence without personal data.
type Error struct {
	Kind    Kind
	Code    string
	Field   string
	Message string
	// RetryAfter is how long the caller should wait; for KindTooMany.
	RetryAfter time.Duration
	// Approval is the key of the approval that the request waits for; for CodeApproval.
	Approval string
}

// Error returns the field and the message.
func (e *Error) Error() string {
	if e.Field != "" {
		return e.Field + ": " + e.Message
	}

	return e.Message
}

// Errors is every mistake of one request. It is never empty.
type Errors []*Error

// Error returns all messages in one line.
func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, refusal := range e {
		texts[i] = refusal.Error()
	}

	return strings.Join(texts, "; ")
}

// Invalid returns a refusal of one field of a request; an empty field means the request as a whole.
func Invalid(field, message string) *Error {
	return &Error{Kind: KindInvalid, Code: CodeValidation, Field: field, Message: message}
}

// NotFound returns the refusal for a resource that does not exist, or that the caller may not know of.
func NotFound(message string) *Error {
	return &Error{Kind: KindNotFound, Code: CodeNotFound, Message: message}
}

func conflict(message string) *Error {
	return &Error{Kind: KindConflict, Code: CodeConflict, Message: message}
}

// Refusals returns err as the caller sees it. An error that is not a refusal becomes one internal error, or
// KindUnavailable if a deadline has passed.
func Refusals(err error) Errors {
	if several, ok := errors.AsType[Errors](err); ok {
		return several
	}
	if refusal, ok := errors.AsType[*Error](err); ok {
		return Errors{refusal}
	}

	// If the client has gone (context.Canceled), no one reads the response.
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Errors{{
			Kind:    KindUnavailable,
			Code:    CodeServer,
			Message: "The register is too busy to answer. Please try again.",
		}}
	}

	return Errors{{
		Kind:    KindInternal,
		Code:    CodeServer,
		Message: "The register failed to answer. Please try again, and quote the transaction id if it goes on.",
	}}
}

// orRefusal returns refusal if err says that a row was not found, and err otherwise.
func orRefusal(err error, refusal *Error) error {
	if errors.Is(err, store.ErrNotFound) {
		return refusal
	}

	return err
}
