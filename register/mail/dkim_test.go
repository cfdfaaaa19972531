package mail_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/mail/catcher"
)

func TestDKIMSignatures(t *testing.T) {
	t.Parallel()

	for _, kind := range []string{"rsa", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()

			key, record := pemKey(t, kind)
			server := catch(t, catcher.Options{})
			s := sender(t, mail.Options{
				URL:  server.URL(),
				DKIM: &mail.DKIM{Domain: "central.consent", Selector: "2026a", Key: key},
			})
			if err := s.Send(t.Context(), letter("1")); err != nil {
				t.Fatal(err)
			}

			verify := func(raw []byte) error {
				lookUp := func(name string) ([]string, error) {
					if name != "2026a._domainkey.central.consent" {
						return nil, fmt.Errorf("unexpected name %s", name)
					}
					return []string{record}, nil
				}

				found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: lookUp})
				if err != nil {
					return err
				}
				if len(found) != 1 || found[0].Domain != "central.consent" {
					return fmt.Errorf("%d signatures", len(found))
				}

				return found[0].Err
			}
			raw := server.Messages()[0].Raw
			if err := verify(raw); err != nil {
				t.Errorf("the signature is invalid: %v", err)
			}

			for name, forged := range map[string][]byte{
				"another word":     bytes.Replace(raw, []byte("Citizens"), []byte("Netizens"), 1),
				"another subject":  bytes.Replace(raw, []byte("Subject: "), []byte("Subject: Not "), 1),
				"a second From":    append([]byte("From: <thief@example.com>\r\n"), raw...),
				"a second Subject": append([]byte("Subject: Win\r\n"), raw...),
			} {
				if bytes.Equal(forged, raw) || verify(forged) == nil {
					t.Errorf("%s: the signature is still valid", name)
				}
			}
		})
	}
}

func TestDKIMOptions(t *testing.T) {
	t.Parallel()

	weak, _ := pemKey(t, "rsa1024")
	strong, _ := pemKey(t, "ed25519")
	for _, test := range []struct {
		name, from, domain, key, says string
	}{
		{"a short key", "", "central.consent", weak, "fewer than 2048 bits"},
		{"another domain", "a@central.consent", "other.example", strong, "neither Domain nor below it"},
		{
			"a domain with the same ending", "a@notcentral.consent", "central.consent", strong,
			"neither Domain nor below",
		},
		{"a domain below", "a@mail.Central.consent", "central.consent", strong, ""},
	} {
		_, err := mail.NewSender(mail.Options{
			URL:  "smtp://host",
			From: test.from,
			DKIM: &mail.DKIM{Domain: test.domain, Selector: "s", Key: test.key},
		})
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
