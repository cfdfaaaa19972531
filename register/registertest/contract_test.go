package registertest

import (
	"strings"
	"testing"
)

func TestInvalidDocumentIsRefused(t *testing.T) {
	t.Parallel()

	for _, document := range []string{
		"",
		"openapi: [",
		"openapi: 3.1.0\npaths: {}",
		strings.ReplaceAll(small, "NoSuchPath", "Elsewhere"),
		strings.ReplaceAll(small, "'^Bearer'", "'('"),
	} {
		if _, err := newContract([]byte(document)); err == nil {
			t.Errorf("accepted %.40q", document)
		}
	}
}
