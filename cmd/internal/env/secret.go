package env

import "log/slog"

// Secret is a setting that no printer, encoder or logger shows. Reveal returns its text.
type Secret struct{ text string }

// NewSecret wraps a text. It serves programs that make a secret themselves.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal returns the text of the secret.
func (s Secret) Reveal() string { return s.text }

const redacted = "[secret]"

// String implements fmt.Stringer and hides the text.
func (s Secret) String() string { return redacted }

// GoString implements fmt.GoStringer and hides the text.
func (s Secret) GoString() string { return redacted }

// LogValue implements slog.LogValuer and hides the text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler and hides the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText implements encoding.TextUnmarshaler: it takes the text as it stands in the environment.
func (s *Secret) UnmarshalText(text []byte) error {
	s.text = string(text)
	return nil
}
