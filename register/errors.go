package register

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// Kind says what sort of refusal an Error is. One table gives each its HTTP status.
type Kind int

const (
	Internal Kind = iota
	Invalid
	Unauthorized
	Forbidden
	NotFound
	MethodNotAllowed
	Conflict
	TooLarge
	UnsupportedMediaType
	Unprocessable
	TooMany
	Unavailable
)

var statuses = map[Kind]int{
	Internal:             http.StatusInternalServerError,
	Invalid:              http.StatusBadRequest,
	Unauthorized:         http.StatusUnauthorized,
	Forbidden:            http.StatusForbidden,
	NotFound:             http.StatusNotFound,
	MethodNotAllowed:     http.StatusMethodNotAllowed,
	Conflict:             http.StatusConflict,
	TooLarge:             http.StatusRequestEntityTooLarge,
	UnsupportedMediaType: http.StatusUnsupportedMediaType,
	Unprocessable:        http.StatusUnprocessableEntity,
	TooMany:              http.StatusTooManyRequests,
	Unavailable:          http.StatusServiceUnavailable,
}

// The published error codes (docs/decisions.md, Errors).
const (
	codeNoBearer     = "AUTH001"
	codeBadBearer    = "AUTH002"
	codeRole         = "AUTH003"
	codeRefused      = "AUTH004" // Basic header malformed (401); meter point refused (403)
	codeCredentials  = "AUTH005"
	codeValidation   = "VAL001"
	codeState        = "VAL002" // state filter (400); no e-mail, token unusable (422)
	codeLegalBasis   = "VAL003" // legal-basis filter (400); no passkey (422)
	codeNotFound     = "NOT001"
	codeConflict     = "CON001"
	codeServer       = "SRV001"
	codeUnclassified = "ERR000"
)

// Error is a refusal that the caller is told of: its kind, the published code, the field at fault where one
// is, and one plain sentence that holds nothing personal.
type Error struct {
	Kind    Kind
	Code    string
	Field   string
	Message string
	// RetryAfter is how long to wait, for TooMany; sent in whole seconds.
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	if e.Field != "" {
		return e.Field + ": " + e.Message
	}
	return e.Message
}

// Errors is every mistake of one request. It is never empty.
type Errors []*Error

func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, one := range e {
		texts[i] = one.Error()
	}
	return strings.Join(texts, "; ")
}

func invalid(field, message string) *Error {
	return &Error{Kind: Invalid, Code: codeValidation, Field: field, Message: message}
}

func notFound(message string) *Error {
	return &Error{Kind: NotFound, Code: codeNotFound, Message: message}
}

// refusals answers the request's errors as the caller is told them: whatever is not a refusal is internal.
func refusals(err error) Errors {
	if several, ok := errors.AsType[Errors](err); ok {
		return several
	}
	if refusal, ok := errors.AsType[*Error](err); ok {
		return Errors{refusal}
	}

	if fromEcho, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch fromEcho.Code {
		case http.StatusNotFound:
			return Errors{notFound("There is no such resource.")}
		case http.StatusRequestEntityTooLarge:
			return Errors{
				{Kind: TooLarge, Code: codeValidation, Message: "The body is larger than " + bodyLimit + "iB."},
			}
		case http.StatusMethodNotAllowed:
			return Errors{
				{Kind: MethodNotAllowed, Code: codeUnclassified, Message: "This resource does not take this method."},
			}
		}
	}

	if errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, context.Canceled) { // canceled, nobody waits for the answer
		return Errors{
			{Kind: Unavailable, Code: codeServer, Message: "The register is too busy to answer. Please try again."},
		}
	}

	return Errors{
		{
			Kind:    Internal,
			Code:    codeServer,
			Message: "The register failed to answer. Please try again, and quote the transaction id if it goes on.",
		},
	}
}

// answerError is the one place where an error becomes an answer; the log line of the request tells the cause.
func (s *Register) answerError(err error, c echo.Context) {
	told := refusals(err)
	status := statuses[told[0].Kind]
	logged(c).err = err
	if c.Response().Committed {
		return
	}

	switch told[0].Kind {
	case Unauthorized:
		scheme := `Bearer realm="register"`
		if c.Path() == basePath+"/auth/token" {
			scheme = `Basic realm="register", charset="UTF-8"`
		}
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, scheme)
	case TooMany:
		setRetryAfter(c, told[0].RetryAfter)
	case Unavailable:
		c.Response().Header().Set(echo.HeaderRetryAfter, "5")
	}

	if strings.HasPrefix(c.Request().URL.Path, idPath+"/") {
		s.answerPageError(err, c)
		return
	}

	body := registerclient.ErrorResponse{Response: s.metadata(c)}
	for _, refusal := range told {
		body.Errors = append(
			body.Errors,
			registerclient.ErrorDetail{Code: refusal.Code, Message: refusal.Error(), Field: refusal.Field},
		)
	}
	if err := c.JSON(status, body); err != nil {
		s.log.ErrorContext(c.Request().Context(), "could not write an error answer", slog.Any("error", err))
	}
}

// setRetryAfter says when to come again, in whole seconds.
func setRetryAfter(c echo.Context, wait time.Duration) {
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
}

// missing turns a row that is not there into the refusal that the caller is told, and leaves other errors.
func missing(err error, refusal *Error) error {
	if errors.Is(err, store.ErrNotFound) {
		return refusal
	}
	return err
}
