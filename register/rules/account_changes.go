package rules

import (
	"context"
	"slices"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// CheckAccountChange refuses a change of an account before a transaction begins. It returns an *Error of KindNotFound
// if no account can have this id, and Errors if the change is wrong or changes nothing.
func (r *Rules) CheckAccountChange(accountID string, in registerclient.UpdateAccountRequest) error {
	if !patternAccount.MatchString(accountID) {
		return noAccount()
	}

	var k Checks
	if in.DisplayName == "" && in.ContactURL == "" && in.OrganisationReference == "" && in.DataTypes == nil {
		k.Add("", "The body must have display-name, contact-url, organisation-reference or data-types.")
	}
	if in.DisplayName != "" {
		k.required("display-name", in.DisplayName, longestAccountText)
	}
	k.checkAccountDetails(in.ContactURL, in.OrganisationReference, in.DataTypes)

	return k.Err()
}

// checkAccountDetails checks what an account is created with and may be changed; empty ones are not given.
func (k *Checks) checkAccountDetails(contactURL, reference string, dataTypes []registerclient.DataType) {
	k.optionalLink("contact-url", contactURL)
	if dataTypes != nil {
		k.dataTypes("data-types", dataTypes)
	}
	if reference != "" {
		k.optional("organisation-reference", &reference, longestAccountText)
	}
}

// UpdateAccount is an administrator's change of what an account is called, where it is reached, by which reference the
// DCC knows it, and with which data it works. Members that are empty stay as they are. The audit log gets the old and
// the new values. It returns an *Error of KindNotFound if there is no such account, and of KindUnprocessable if the
// display name looks like that of another account, or is reserved.
func (r *Rules) UpdateAccount(
	ctx context.Context, tx *store.Tx, accountID string, in registerclient.UpdateAccountRequest, by string,
) (registerclient.Account, error) {
	before, err := tx.HoldAccount(ctx, accountID)
	if err != nil {
		return registerclient.Account{}, orRefusal(err, noAccount())
	}

	after := changedAccount(before, in)
	changes := accountChanges(before, after)
	if len(changes) == 0 {
		return AccountOf(before), nil
	}
	if after.DisplayName != before.DisplayName {
		if err := checkDisplayName(ctx, tx, after, in.ReservedName); err != nil {
			return registerclient.Account{}, err
		}
	}

	if err := tx.UpdateAccount(ctx, after); err != nil {
		return registerclient.Account{}, err
	}

	tx.Audit(r.auditEvent(by, auditAccountUpdated, "", "", withReason(ctx, map[string]any{
		"account-id": accountID, "changes": changes,
	})))

	return AccountOf(after), nil
}

// changedAccount returns an account with the members that a change gives.
func changedAccount(account store.Account, in registerclient.UpdateAccountRequest) store.Account {
	if in.DisplayName != "" {
		account.DisplayName = in.DisplayName
		account.FoldedName = FoldName(in.DisplayName)
	}
	if in.ContactURL != "" {
		account.ContactURL = in.ContactURL
	}
	if in.OrganisationReference != "" {
		account.OrganisationReference = &in.OrganisationReference
	}
	if in.DataTypes != nil {
		account.DataTypes.V = stringsOf(in.DataTypes)
	}

	return account
}

// valueChange is a value before and after a change, as the audit log has it.
type valueChange struct {
	Old any `json:"old"`
	New any `json:"new"`
}

// accountChanges returns the members that differ between two states of an account.
func accountChanges(before, after store.Account) map[string]valueChange {
	changes := map[string]valueChange{}
	oldAccount := AccountOf(before)
	newAccount := AccountOf(after)
	compare := func(name, old, changed string) {
		if old != changed {
			changes[name] = valueChange{old, changed}
		}
	}
	compare("display-name", oldAccount.DisplayName, newAccount.DisplayName)
	compare("contact-url", oldAccount.ContactURL, newAccount.ContactURL)
	compare("organisation-reference", oldAccount.OrganisationReference, newAccount.OrganisationReference)
	if !slices.Equal(oldAccount.DataTypes, newAccount.DataTypes) {
		changes["data-types"] = valueChange{oldAccount.DataTypes, newAccount.DataTypes}
	}

	return changes
}
