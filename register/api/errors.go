package api

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// statuses maps each kind of refusal to its HTTP status.
var statuses = map[rules.Kind]int{
	rules.KindInternal:             http.StatusInternalServerError,
	rules.KindInvalid:              http.StatusBadRequest,
	rules.KindUnauthorized:         http.StatusUnauthorized,
	rules.KindForbidden:            http.StatusForbidden,
	rules.KindNotFound:             http.StatusNotFound,
	rules.KindMethodNotAllowed:     http.StatusMethodNotAllowed,
	rules.KindConflict:             http.StatusConflict,
	rules.KindTooLarge:             http.StatusRequestEntityTooLarge,
	rules.KindUnsupportedMediaType: http.StatusUnsupportedMediaType,
	rules.KindUnprocessable:        http.StatusUnprocessableEntity,
	rules.KindTooMany:              http.StatusTooManyRequests,
	rules.KindUnavailable:          http.StatusServiceUnavailable,
}

// Refusals returns an error of a handler or of echo as the caller sees it.
func Refusals(err error) rules.Errors {
	if fromEcho, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch fromEcho.Code {
		case http.StatusNotFound:
			return rules.Errors{rules.NotFound("There is no such resource.")}
		case http.StatusRequestEntityTooLarge:
			return rules.Errors{tooLarge("The body is larger than " + BodyLimit + "iB.")}
		case http.StatusMethodNotAllowed:
			return rules.Errors{{
				Kind:    rules.KindMethodNotAllowed,
				Code:    rules.CodeUnclassified,
				Message: "This resource does not take this method.",
			}}
		}
	}

	return rules.Refusals(err)
}

func tooLarge(message string) *rules.Error {
	return &rules.Error{Kind: rules.KindTooLarge, Code: rules.CodeValidation, Message: message}
}

// Refuse returns an error as the caller sees it, with its HTTP status, and sets the headers that go with it.
func Refuse(c echo.Context, err error) (int, rules.Errors) {
	mistakes := Refusals(err)
	kind := mistakes[0].Kind
	header := c.Response().Header()
	switch kind {
	case rules.KindUnauthorized:
		scheme := `Bearer realm="register"`
		if code := mistakes[0].Code; code == rules.CodeBasicHeader || code == rules.CodeCredentials {
			scheme = `Basic realm="register", charset="UTF-8"`
		}
		header.Set(echo.HeaderWWWAuthenticate, scheme)
	case rules.KindForbidden:
		if approval := mistakes[0].Approval; approval != "" {
			header.Set(rules.HeaderApproval, approval)
		}
	case rules.KindTooMany:
		web.SetRetryAfter(header, mistakes[0].RetryAfter)
	case rules.KindUnavailable:
		web.SetRetryAfter(header, unavailableWait)
	}

	return statuses[kind], mistakes
}

// SendRefusals sends refusals in the published envelope.
func (a *API) SendRefusals(c echo.Context, status int, refusals rules.Errors) {
	body := registerclient.ErrorResponse{Response: a.metadata(c)}
	for _, refusal := range refusals {
		body.Errors = append(body.Errors, registerclient.ErrorDetail{
			Code: refusal.Code, Message: refusal.Error(), Field: refusal.Field,
		})
	}

	if err := c.JSON(status, body); err != nil {
		a.logger.ErrorContext(c.Request().Context(), "send an error response", slog.Any("error", err))
	}
}

// DescribeError returns what the log says of a failed request: the cause of a server error, and only the code of a
// refusal, whose message may quote the caller.
func DescribeError(status int, err error) string {
	if status >= http.StatusInternalServerError {
		return err.Error()
	}

	return Refusals(err)[0].Code
}
