package docspage_test

import (
	"testing"

	"central.consent/dar/register/docspage"
)

func TestInvalidDocumentIsRefused(t *testing.T) {
	t.Parallel()

	if _, err := docspage.New([]byte("openapi: [")); err == nil {
		t.Error("accepted")
	}
}
