package rules

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/semaphore"

	"central.consent/dar/internal/web/argon"
)

// SecretCost is the cost of one argon2id hash of an account's secret.
type SecretCost struct {
	// Memory is in KiB.
	Memory uint32
	Passes uint32
}

// DefaultSecretCost is that of argon.
var DefaultSecretCost = SecretCost(argon.DefaultCost)

// newHashing returns the semaphore for hashing: each hash holds its memory and one processor.
func newHashing() *semaphore.Weighted { return semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))) }

// hash returns the argon2id hash of a secret in PHC form.
func (c SecretCost) hash(secret string) string { return argon.Cost(c).Hash(secret) }

// verifySecret compares a secret with a stored hash in constant time.
func verifySecret(secret, phc string) (bool, error) { return argon.Verify(secret, phc) }

// hashSecret hashes a secret once a processor is free for it.
func (r *Rules) hashSecret(ctx context.Context, secret string) (string, error) {
	if err := r.hashing.Acquire(ctx, 1); err != nil {
		return "", fmt.Errorf("wait to hash a secret: %w", err)
	}
	defer r.hashing.Release(1)

	return r.cost.hash(secret), nil
}

// checkSecret compares a secret with a stored hash once a processor is free for it.
func (r *Rules) checkSecret(ctx context.Context, secret, phc string) (bool, error) {
	if err := r.hashing.Acquire(ctx, 1); err != nil {
		return false, fmt.Errorf("wait to check a secret: %w", err)
	}
	defer r.hashing.Release(1)

	correct, err := verifySecret(secret, phc)
	if err != nil {
		return false, fmt.Errorf("check a secret: %w", err)
	}

	return correct, nil
}
