package rules

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// What names an organisation may give itself and others (docs/decisions.md, Names).

// givenName is a name in a request.
type givenName struct {
	field string
	name  string
	// heads is true for a name that stands at the head of an entry or a letter.
	heads bool
}

// namesOf returns the names in an access record. prefix goes before the names of the fields.
func namesOf(prefix string, in registerclient.AccessRecord) []givenName {
	var names []givenName
	for i, controller := range in.RecordMetadata.ControllerArrangement.Controllers {
		names = append(names, givenName{
			field: fmt.Sprintf("%srecord-metadata.controller-arrangement.controllers[%d].name", prefix, i),
			name:  controller.Name,
			heads: controller.Role == registerclient.ControllerSole || controller.Role == registerclient.ControllerLead,
		})
	}

	for i, recipient := range in.Processing.Recipients {
		names = append(names, givenName{
			field: fmt.Sprintf("%sprocessing.recipients[%d].name", prefix, i),
			name:  recipient.Name,
		})
	}

	return names
}

// foldedNames returns the folded forms of names, each once.
func foldedNames(names []givenName) []string {
	folded := make([]string, len(names))
	for i, given := range names {
		folded[i] = FoldName(given.name)
	}

	slices.Sort(folded)

	return slices.Compact(folded)
}

// checkNames checks the names in an access record that an account registers. It returns Errors of KindUnprocessable if
// one of them only looks like the name of another account or a reserved one, or is no name.
func checkNames(ctx context.Context, tx *store.Tx, accountID string, in registerclient.AccessRecord) error {
	names := namesOf("", in)
	holders, err := findNameHolders(ctx, tx, accountID, foldedNames(names))
	if err != nil {
		return err
	}

	return holders.check(names)
}

// checkDisplayName checks the display name that an account is to have; the account need not exist yet. reserved is true
// if an administrator says that the account is of the organisation that has this reserved name. It returns Errors of
// KindUnprocessable if the name looks like that of another account or a reserved one, is reserved, or is no name. It
// keeps other transactions from storing a display name until this one ends, so that of two names that look alike one is
// refused. Store the name together with its folded form (FoldName).
func checkDisplayName(ctx context.Context, tx *store.Tx, account store.Account, reserved bool) error {
	const field = "display-name"
	if err := tx.LockAccountNames(ctx); err != nil {
		return err
	}

	name := account.DisplayName
	holders, err := findNameHolders(ctx, tx, account.AccountID, []string{FoldName(name)})
	if err != nil {
		return err
	}

	// The name that the account has does not count: it is the one that changes.
	holders.own = ""
	if err := holders.check([]givenName{{field: field, name: name, heads: true}}); err != nil {
		return err
	}
	if holders.reservesFor(account) && !reserved {
		return Errors{refusedName(field,
			`is reserved. Give "reserved-name": true if the account is of that organisation.`)}
	}

	return nil
}

// nameHolders are those who have the names that a request gives, or names that look like them.
type nameHolders struct {
	// own is the display name of the account that asks.
	own string
	// accounts are the other accounts, by their folded names.
	accounts map[string][]store.NamedAccount
}

// findNameHolders returns the accounts with one of the folded names.
func findNameHolders(
	ctx context.Context, tx *store.Tx, accountID string, folded []string,
) (nameHolders, error) {
	accounts, err := tx.ListAccountsNamed(ctx, folded)
	if err != nil {
		return nameHolders{}, err
	}

	holders := nameHolders{accounts: map[string][]store.NamedAccount{}}
	for _, account := range accounts {
		if account.AccountID == accountID {
			holders.own = account.DisplayName
		} else {
			holders.accounts[account.FoldedName] = append(holders.accounts[account.FoldedName], account)
		}
	}

	return holders, nil
}

// check returns Errors for the names that are refused.
func (h nameHolders) check(names []givenName) error {
	var mistakes Errors
	for _, given := range names {
		if mistake := h.checkName(given); mistake != nil {
			mistakes = append(mistakes, mistake)
		}
	}

	if len(mistakes) == 0 {
		return nil
	}

	return mistakes
}

// checkName returns why a name is refused; nil if it is accepted.
func (h nameHolders) checkName(given givenName) *Error {
	if !hasLetterOrDigit(given.name) {
		return refusedName(given.field, "must have a letter or a digit.")
	}
	if mixesScripts(given.name) {
		return refusedName(given.field, "must not mix letters of different scripts in one word.")
	}
	if given.heads && saysStatus(given.name) {
		return refusedName(given.field, "must be a name, and not begin with words that say how access stands.")
	}

	folded := FoldName(given.name)
	alike := slices.Clone(foldedReservedNames[folded])
	others := h.accounts[folded]
	reserved := len(alike) > 0 || slices.ContainsFunc(others, isOperator)
	for _, account := range others {
		alike = append(alike, account.DisplayName)
	}

	if len(alike) == 0 || slices.Contains(alike, given.name) {
		return nil
	}
	// Two accounts may have had names that look alike before such names were refused.
	if given.name == h.own && !reserved {
		return nil
	}

	return refusedName(given.field, fmt.Sprintf(
		"looks like another name, %q. Give that name exactly so, or one that cannot be taken for it.", alike[0]))
}

// reservesFor reports whether the display name of an account is one of the reserved ones, or that of an operator. An
// operator may have several accounts of its role.
func (h nameHolders) reservesFor(account store.Account) bool {
	if isReservedName(account.DisplayName) {
		return true
	}

	others := h.accounts[FoldName(account.DisplayName)]

	return account.Role != string(registerclient.RolePortal) &&
		slices.ContainsFunc(others, func(other store.NamedAccount) bool {
			return isOperator(other) && other.DisplayName == account.DisplayName
		})
}

func isOperator(account store.NamedAccount) bool {
	return account.Role == string(registerclient.RolePortal)
}

func refusedName(field, message string) *Error {
	return &Error{Kind: KindUnprocessable, Code: CodeValidation, Field: field, Message: message}
}

func hasLetterOrDigit(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool { return unicode.In(r, unicode.L, unicode.N) })
}

// statusWords are what the portal says of an entry, and words to that effect, folded. A name that begins with one of
// them and a break could be read as what the portal says: "STOPPED - nothing to do here".
var statusWords = func() map[string]bool {
	folded := map[string]bool{}
	for _, words := range []string{
		"stopped", "access stopped", "you stopped it", "you stopped this", "already stopped", "ended", "access ended",
		"they ended it", "expired", "revoked", "withdrawn", "cancelled", "deleted", "removed", "no access",
		"no longer active", "not active", "inactive", "can see your data", "cannot see your data", "ending soon",
		"nothing to do", "nothing to do here", "do not stop", "stopiwyd", "wedi stopio", "wedi dod i ben",
		"dim mynediad", "dim byd i’w wneud", "chi stopiodd hyn",
	} {
		folded[FoldName(words)] = true
	}

	return folded
}()

// saysStatus reports whether a name, or a part of it between two breaks, says how access stands.
func saysStatus(name string) bool {
	if statusWords[FoldName(name)] {
		return true
	}

	for name != "" {
		start, end := firstBreak(name)
		if statusWords[FoldName(name[:start])] {
			return true
		}

		name = name[end:]
	}

	return false
}

// firstBreak returns the begin and the end of the first break of a name: a mark between sentences, a bracket, or a
// dash, a slash or a bar with white space beside it. A dash within a word is none.
func firstBreak(name string) (start, end int) {
	before := 'x'
	for i, r := range name {
		_, size := utf8.DecodeRuneInString(name[i:])
		next := i + size
		after, _ := utf8.DecodeRuneInString(name[next:])
		spaced := unicode.IsSpace(before) || unicode.IsSpace(after)
		before = r
		switch {
		case strings.ContainsRune(".:;,!?…·•()[]{}<>=→✓✔", r),
			spaced && (unicode.In(r, unicode.Pd, unicode.Sm, unicode.So) || strings.ContainsRune("/|\\*_", r)),
			unicode.Is(unicode.Pd, r) && !strings.ContainsRune("-‐‑", r):
			return i, next
		}
	}

	return len(name), len(name)
}
