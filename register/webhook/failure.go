package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// These errors are stored and shown to the Data User as the reason of a failed attempt.
var (
	errAddress     = errors.New("address is refused")
	errSecret      = errors.New("signing secret is malformed")
	errCancelled   = fmt.Errorf("interrupted: %w", context.Canceled)
	errTimeout     = errors.New("timed out")
	errTrust       = errors.New("certificate is not trusted")
	errTLS         = errors.New("TLS handshake failed")
	errNoName      = errors.New("host name is not found")
	errLookup      = errors.New("host name cannot be looked up")
	errRefused     = errors.New("connection was refused")
	errUnreachable = errors.New("host cannot be reached")
	errBroken      = errors.New("connection broke or did not speak HTTP")
)

// explain maps err to an error that is safe to show. A *url.Error contains the URL, and other errors quote the
// receiver.
func explain(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, errAddress):
		return errAddress
	case errors.Is(ctx.Err(), context.Canceled):
		return errCancelled
	case ctx.Err() != nil:
		return errTimeout
	}

	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return errNoName
		}
		return errLookup
	}

	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return errTrust
	}

	_, isRecord := errors.AsType[tls.RecordHeaderError](err)
	operation, _ := errors.AsType[*net.OpError](err)
	// A TLS alert arrives with the operation "remote error" or "local error".
	isAlert := operation != nil && strings.HasSuffix(operation.Op, " error")

	switch {
	case isRecord, isAlert, errors.Is(err, http.ErrSchemeMismatch):
		return errTLS
	case errors.Is(err, syscall.ECONNREFUSED):
		return errRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return errUnreachable
	case operation != nil && operation.Timeout():
		return errTimeout
	default:
		return errBroken
	}
}
