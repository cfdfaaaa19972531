package rules

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
)

// SecretCost is the cost of one argon2id hash of an account's secret.
type SecretCost struct {
	// Memory is in KiB.
	Memory uint32
	Passes uint32
}

// DefaultSecretCost is 19 MiB and two passes (OWASP Password Storage Cheat Sheet).
var DefaultSecretCost = SecretCost{Memory: 19 * 1024, Passes: 2}

const (
	argonLanes  = 1
	argonLength = 32 // bytes
)

// newHashing returns the semaphore for hashing: each hash holds its memory and one processor.
func newHashing() *semaphore.Weighted { return semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))) }

// hash returns the argon2id hash of a secret in PHC form.
func (c SecretCost) hash(secret string) string {
	salt := make([]byte, 16)
	rand.Read(salt)
	sum := argon2.IDKey([]byte(secret), salt, c.Passes, c.Memory, argonLanes, argonLength)

	return fmt.Sprintf(
		"$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, c.Memory, c.Passes, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum),
	)
}

// verifySecret compares a secret with a stored hash in constant time.
func verifySecret(secret, phc string) (bool, error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errors.New("the stored hash is not argon2id in PHC form")
	}

	var version int
	var memory, passes uint32
	var lanes uint8
	parameters := parts[2] + " " + parts[3]
	_, err := fmt.Sscanf(parameters, "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &lanes)
	if err != nil || version != argon2.Version {
		return false, fmt.Errorf("parse the parameters of the stored hash: %w", err)
	}

	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("decode the salt of the stored hash: %w", err)
	}

	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("decode the stored hash: %w", err)
	}

	got := argon2.IDKey([]byte(secret), salt, passes, memory, lanes, uint32(len(want)))

	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

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
