package registertest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestClientSamples checks the samples of registerclient, which are written by hand, against the document: a misspelt
// member on either side fails.
func TestClientSamples(t *testing.T) {
	t.Parallel()

	_, schemas := documented(t)
	var checked []string
	for sample, name := range map[string]string{
		"bearer-token":                          "BearerToken",
		"create-access-record-by-token.request": "NewAccessRecord",
		"create-access-record.request":          "NewAccessRecord",
		"create-access-record":                  "AccessRegistered",
		"create-account.request":                "NewAccount",
		"create-account":                        "AccountCreated",
		"create-identity-record.request":        "NewIdentityRecord",
		"create-identity-record":                "IdentityRecordCreated",
		"error":                                 "Error",
		"identity-record-exists":                "IdentityRecordExists",
		"list-access-records":                   "AccessRecords",
		"lookup-identity-records":               "IdentityRecords",
		"reidentification-status-declined":      "ReidentificationStatus",
		"reidentification-status":               "ReidentificationStatus",
		"reidentify-passkey.request":            "NewReidentification",
		"reidentify-passkey":                    "Reidentification",
		"reidentify.request":                    "NewReidentification",
		"reidentify":                            "Reidentification",
		"revoke-access-record":                  "AccessRevoked",
		"submit-discovered-access.request":      "NewDiscoveredAccess",
		"submit-discovered-access":              "DiscoveredAccessSubmitted",
		"verify-access-record":                  "AccessVerified",
		"verify-discovered-record":              "AccessVerified",
		"read-identity-record":                  "IdentityRecordRead",
		"anonymise-identity-record":             "IdentityRecordAnonymised",
		"reidentify-own.request":                "NewOwnReidentification",
		"reidentify-own-passkey.request":        "NewOwnReidentification",
		"reidentify-own":                        "Reidentification",
		"reidentify-own-passkey":                "Reidentification",
		"own-reidentification-status":           "ReidentificationStatus",
		"replace-access-record.request":         "AccessRecordReplacement",
		"replace-access-record":                 "AccessRegistered",
		"import-line.request":                   "ImportLine",
		"import-access-records":                 "Import",
		"list-access-records-page":              "AccessRecords",
		"list-readings":                         "Readings",
		"list-own-records":                      "OwnRecords",
		"report-change-of-tenancy.request":      "NewChangeOfTenancy",
		"report-change-of-tenancy":              "ChangeOfTenancyReported",
		"list-changes-of-tenancy":               "ChangesOfTenancy",
		"withdraw-change-of-tenancy":            "ChangeOfTenancyWithdrawn",
		"uphold-change-of-tenancy":              "ChangeOfTenancyUpheld",
		"read-data-user":                        "DataUserRead",
		"list-webhooks":                         "Webhooks",
		"list-all-webhooks":                     "AllWebhooks",
		"register-webhook.request":              "NewWebhook",
		"register-webhook":                      "WebhookRegistered",
		"update-webhook.request":                "WebhookChange",
		"update-webhook-rotated.request":        "WebhookChange",
		"update-webhook":                        "WebhookChanged",
		"update-webhook-rotated":                "WebhookChanged",
		"list-deliveries":                       "Deliveries",
		"redeliver":                             "Redelivery",
		"test-webhook":                          "WebhookTested",
		"read-self":                             "AccountRead",
		"replace-return-urls.request":           "ReturnURLs",
		"replace-return-urls":                   "AccountRead",
		"rotate-secret.request":                 "CurrentSecret",
		"rotate-secret":                         "SecretRotated",
		"list-accounts":                         "Accounts",
		"suspend-account":                       "AccountRead",
		"reactivate-account":                    "AccountRead",
		"terminate-account":                     "AccountRead",
		"read-stats":                            "Stats",
		"search-records":                        "FoundRecords",
		"read-audit":                            "Audit",
		"withdrawal-notice":                     "WithdrawalNotice",
		"update-identity-record.request":        "IdentityRecordChange",
		"update-identity-record":                "IdentityRecordRead",
		"change-status.request":                 "StatusChange",
		"list-contacts":                         "Contacts",
		"decide-contact.request":                "ContactDecision",
		"set-contact-aside":                     "ContactDecided",
		"restore-contact":                       "ContactDecided",
		"list-alarms":                           "Alarms",
		"list-approvals":                        "Approvals",
		"approve":                               "ApprovalDecided",
		"refuse-approval":                       "ApprovalDecided",
		"update-account.request":                "AccountChange",
		"update-account":                        "AccountRead",
	} {
		checked = append(checked, sample+".json")
		text, err := os.ReadFile(filepath.Join("..", "..", "registerclient", "testdata", sample+".json"))
		if err != nil {
			t.Error(err)
			continue
		}

		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}

		schema, err := schemas.Compile("openapi.json" + pointer("components", "schemas", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", sample, err)
		}
	}

	samples, err := filepath.Glob(filepath.Join("..", "..", "registerclient", "testdata", "*.json"))
	if err != nil {
		t.Fatal(err)
	}

	for _, sample := range samples {
		// The vectors are not a response: registerclient and register/webhook are tested with them.
		if name := filepath.Base(sample); name != "webhook-vectors.json" && !slices.Contains(checked, name) {
			t.Errorf("%s is not checked", filepath.Base(sample))
		}
	}
}
