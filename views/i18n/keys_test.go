package i18n

import "slices"

var (
	methods   = []string{"magic-link", "passkey-assert", "passkey-register"}
	dataTypes = []string{
		"half-hourly-use",
		"half-hourly-export",
		"monthly-use",
		"monthly-export",
		"yearly-use",
		"yearly-export",
		"price-of-use",
		"price-of-export",
		"other",
	}
	bases = []string{
		"consent",
		"explicit-consent",
		"contract",
		"legal-obligation",
		"public-task",
		"legitimate-interests",
		"other",
	}
)

// runtimeKeys lists the keys that are put together at run time: a beginning, and every end that it gets. The first end
// may be empty.
var runtimeKeys = map[string][]string{
	"date.month.":   {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"},
	"page.meter.":   {"electricity", "gas"},
	"prove.method.": product(methods, ".title", ".body", ".button"),
	"waiting.": append(
		product(methods, ".title", ".step.1", ".step.2", ".step.3", ".code"),
		product(
			[]string{"expired", "declined", "wrong-code", "cancelled", "lost", "gone"},
			".title", ".body", ".more", ".again",
		)...),
	"records.":       product([]string{"still-seen", "discovered", "active", "excluded", "ended"}, ".title"),
	"records.state.": {"active", "ending", "suspended", "left", "expired", "stopped", "closed"},
	// Of an organisation that does not take part in the register.
	"records.answer.":     {"suspended", "left"},
	"records.registrant.": {"suspended", "left"},
	"letter.registrant.":  {"suspended", "left"},
	"records.ended.":      {"expired", "stopped", "closed"},
	"records.with.":       {"joint", "group"},
	"records.role.":       {"sole", "lead", "joint", "member"},
	"records.data.":       product(dataTypes, "", ".reveals"),
	"records.basis.": append(
		product(bases, "", ".means", ".do"),
		"consent.elsewhere",
		"explicit-consent.elsewhere",
	),
	"records.told.":              bases,
	"records.arrangement.":       {"joint", "group"},
	"records.discovered.letter.": {"electricity", "gas"},
	"filter.state":               {".label", ".any"},
	"filter.reason":              {".label", ".any"},
	"timeline.kind.":             {"still-seen", "seen", "active", "open", "excluded", "ended"},
	"withdraw.why.":              {"unsaid", "changed-my-mind", "no-longer-needed", "something-else"},
	"withdrawn.notice.":          {"delivered", "pending", "undelivered", "none", "unknown"},
	"takeaway.":                  {"pdf", "csv", "json"},
	"takeaway.column.": {
		"organisation",
		"status",
		"data",
		"why",
		"purpose",
		"since",
		"until",
		"ended",
		"others",
		"teller",
		"reference",
		"contact",
		"changed",
		"registrant",
	},
	"letter.data.":  dataTypes,
	"letter.why.":   append(slices.Clone(bases), "earlier"),
	"letter.about.": {"electricity", "gas"},
	"letter.facts.": {"active", "ended"},
	"letter.": append(
		product(
			[]string{
				"contract",
				"legal-obligation",
				"public-task",
				"legitimate-interests",
				"other",
				"consent",
				"elsewhere",
				"earlier",
				"delete",
				"still-seen",
			},
			".right",
			".ask",
		),
		"discovered.right",
	),
	"stopped.failed.": {"over", "refused", "unanswered"},
	"challenge.":      {"list", "customer", "passkey"},
	"id.end.": product(
		[]string{
			"dead",
			"declined",
			"soft-declined",
			"wrong-code",
			"busy",
			"not-found",
			"refused",
			"failed",
			"passkey-dead",
			"passkey-declined",
			"passkey-shown",
			"passkey-added",
			"passkey-mailed",
			"contacts-dead",
			"contacts-closed",
			"contacts-removed",
			"letter-yes",
			"letter-no",
			"letter-kept",
			"letter-frozen",
			"letter-here",
			"letter-dead",
			"letter-wrong-code",
		},
		".title",
		".body",
		".next",
	),
	"id.contacts.meter.":    {"electricity", "gas"},
	"id.contacts.kind.":     {"address", "passkey"},
	"id.contacts.fact.org.": {"address", "passkey"},
	"id.contacts.asked.":    {"address", "passkey"},
	"id.contacts.done.":     {"yes", "no", "removed", "asked", "asked-before", "kept"},
	"id.contacts.standing.": product(
		[]string{
			"works",
			"limited",
			"paused",
			"waits",
			"asks",
			"unverified",
			"undecided",
			"not-me",
			"set-aside",
		},
		"",
		".body",
	),
	"id.contacts.remove.later.": {"address", "passkey"},
	"contact.":                  {"reading.title", "tenancy.title"},
	"contact.addition.":         product([]string{"address", "passkey"}, ".title", ".body"),
	"contact.removal.":          product([]string{"address", "passkey"}, ".title", ".body"),
	"id.passkey.account.":       {"electricity", "gas"},
	"id.passkey.device.": {
		"iphone",
		"ipad",
		"android",
		"tablet",
		"chromebook",
		"windows",
		"mac",
		"linux",
		"phone",
		"key",
		"other",
	},
	"mail.passkey.":          product([]string{"added", "removed"}, ".subject", ".title", ".body", ".yours"),
	"error.prove.":           methods,
	"adviser.handover.what.": {"electricity", "gas"},
	"error.": product(
		[]string{
			"not-found",
			"method",
			"invalid",
			"too-long",
			"media",
			"escape",
			"repeated",
			"forbidden",
			"session-ended",
			"conflict",
			"busy",
			"ticket",
			"no-download",
			"too-often",
			"unavailable",
			"withdraw-failed",
			"internal",
		},
		".title",
		".body",
	),
}

// product joins each head with each tail.
func product(heads []string, tails ...string) []string {
	var keys []string
	for _, head := range heads {
		for _, tail := range tails {
			keys = append(keys, head+tail)
		}
	}

	return keys
}
