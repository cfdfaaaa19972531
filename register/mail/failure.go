package mail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"
)

// ErrClosed is returned by Send after Close.
var ErrClosed = errors.New("the mail sender is closed")

// statusForm matches an enhanced status code (RFC 3463).
var statusForm = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// Permanent reports whether a retry is pointless: the server refused the address or the contents for good, or the
// letter could not be written. An error is not permanent if the server is down, does not accept our password or our
// own address, or asks to try later.
func Permanent(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.permanent
}

// Unknown reports whether the server may have accepted the letter although Send failed: it was sent to the end, but
// no reply arrived.
func Unknown(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.unknown
}

// failure is the reason why a letter was not accepted.
type failure struct {
	step      string // what was being done
	code      int    // the SMTP reply code; 0 if there was no reply
	status    string // the enhanced status code, such as 5.1.1; may be empty
	ended     error  // why the context ended, if that is the reason
	permanent bool
	unknown   bool
}

// failed makes a failure of err. The text of an SMTP reply may repeat the address, so only its codes are kept.
func failed(ctx context.Context, step string, err error) *failure {
	f := &failure{step: step}
	if reply := (*textproto.Error)(nil); errors.As(err, &reply) {
		f.code = reply.Code
		f.status = statusForm.FindString(reply.Msg)
	} else if ctx.Err() != nil {
		f.ended = context.Cause(ctx)
	}

	return f
}

// refused is like failed for a step that is about the letter, so a code of 5xx is permanent.
func refused(ctx context.Context, step string, err error) *failure {
	f := failed(ctx, step, err)
	f.permanent = f.code >= 500

	return f
}

// Error implements error.
func (f *failure) Error() string {
	switch {
	case f.ended != nil:
		return fmt.Sprintf("send a letter: %s: %v", f.step, f.ended)
	case f.code == 0:
		return "send a letter: " + f.step
	}

	return strings.TrimSpace(fmt.Sprintf("send a letter: %s: the mail server replied %d %s", f.step, f.code, f.status))
}

// Unwrap returns the reason why the context ended, or nil.
func (f *failure) Unwrap() error { return f.ended }
