package rules

import (
	"context"
	"time"

	"central.consent/dar/register/store"
)

// The limits of the register (docs/decisions.md, Known and unknown meters). They are kept in the database, so that
// replicas share them. A register with a stub asks no customer and limits no account.
const (
	// Starts of challenges, and questions whether anyone can be asked, of one account.
	startsPerAccount    = 60
	questionsPerAccount = 300
	accountWindow       = time.Minute

	// Links and passkey pages for one meter point, of all accounts together.
	linksPerMeterPoint = 5
	pagesPerMeterPoint = 20
	meterPointWindow   = time.Hour

	// Unusable links, wrong codes and failed passkeys from one network address.
	failuresPerAddress = 30
	addressWindow      = 15 * time.Minute

	// Wrong secrets for one account from one network address.
	wrongSecrets      = 30
	wrongSecretWindow = 15 * time.Minute

	// Changes of the address of one identity record. Each is a letter, and says whether the new address stands already.
	addressesPerRecord = 10
	recordWindow       = 24 * time.Hour

	// Passkey ceremonies of one challenge.
	ceremoniesPerChallenge = 30
	challengeWindow        = 15 * time.Minute
)

func tooMany(message string, wait time.Duration) *Error {
	return &Error{Kind: KindTooMany, Code: CodeUnclassified, Message: message, RetryAfter: wait}
}

func tooManySecrets(wait time.Duration) *Error {
	return tooMany("Too many wrong secrets were sent for this account from this address. Please wait.", wait)
}

// LimitStart counts the start of a challenge towards its account's limit. It returns an *Error of KindTooMany if the
// limit is reached.
func (r *Rules) LimitStart(ctx context.Context, accountID string) error {
	return r.limitAccount(ctx, "start account "+accountID, startsPerAccount,
		"This account has started too many challenges. Please wait.")
}

// LimitQuestion counts a question whether anyone can be asked, as LimitStart does.
func (r *Rules) LimitQuestion(ctx context.Context, accountID string) error {
	return r.limitAccount(ctx, "ask account "+accountID, questionsPerAccount,
		"This account has asked too often. Please wait.")
}

func (r *Rules) limitAccount(ctx context.Context, bucket string, most int, message string) error {
	if r.stub {
		return nil
	}

	wait, err := r.countTowards(ctx, store.Limit{Bucket: bucket, Most: most, Within: accountWindow})
	if err == nil && wait > 0 {
		err = tooMany(message, wait)
	}

	return err
}

// limitMeterPoint counts a challenge towards the limit of its meter point, so that a customer is not flooded with mail.
func (r *Rules) limitMeterPoint(ctx context.Context, tx *store.Tx, challenge Challenge) error {
	limit := store.Limit{Bucket: "page " + challenge.MPxN, Most: pagesPerMeterPoint, Within: meterPointWindow}
	if challenge.Mailed {
		limit = store.Limit{Bucket: "link " + challenge.MPxN, Most: linksPerMeterPoint, Within: meterPointWindow}
	}

	wait, err := tx.CountTowards(ctx, limit, r.clock())
	if err == nil && wait > 0 {
		err = tooMany("The customer at this meter point has been asked too often. Please wait.", wait)
	}

	return err
}

// limitAddresses counts a change of the address of an identity record.
func (r *Rules) limitAddresses(ctx context.Context, tx *store.Tx, ir string) error {
	limit := store.Limit{Bucket: "address " + ir, Most: addressesPerRecord, Within: recordWindow}
	wait, err := tx.CountTowards(ctx, limit, r.clock())
	if err == nil && wait > 0 {
		err = tooMany("The address of this identity record was changed too often. Please wait.", wait)
	}

	return err
}

// CountFailure counts a failure of the customer's pages towards the limit of the network address that it came from.
func (r *Rules) CountFailure(ctx context.Context, address string) error {
	_, err := r.countTowards(ctx, failureLimit(address))

	return err
}

// CheckFailures returns an *Error of KindTooMany while an address has reached its limit of failures.
func (r *Rules) CheckFailures(ctx context.Context, address string) error {
	wait, err := r.store.LimitWait(ctx, failureLimit(address), r.clock())
	if err == nil && wait > 0 {
		err = tooMany("Too many attempts failed from this address. Please wait.", wait)
	}

	return err
}

func failureLimit(address string) store.Limit {
	return store.Limit{Bucket: "failure " + address, Most: failuresPerAddress, Within: addressWindow}
}

// countTowards counts towards a limit in a transaction of its own, so that a request that fails counts too.
func (r *Rules) countTowards(ctx context.Context, limit store.Limit) (wait time.Duration, err error) {
	err = r.store.Transact(ctx, func(tx *store.Tx) (err error) {
		wait, err = tx.CountTowards(ctx, limit, r.clock())

		return err
	})

	return wait, err
}
