// Package argon hashes secrets that people and programs sign in with, by argon2id (RFC 9106), and compares them. A hash
// is a text in PHC form, which holds its own salt and cost. It knows no HTTP and no SQL.
package argon

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is what one hash costs.
type Cost struct {
	// Memory is in KiB.
	Memory uint32
	Passes uint32
}

// DefaultCost is 19 MiB and two passes (OWASP Password Storage Cheat Sheet).
var DefaultCost = Cost{Memory: 19 * 1024, Passes: 2}

const (
	lanes  = 1
	length = 32 // bytes
)

// Hash returns the hash of a secret with a new salt.
func (c Cost) Hash(secret string) string {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails
	sum := argon2.IDKey([]byte(secret), salt, c.Passes, c.Memory, lanes, length)

	return fmt.Sprintf(
		"$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, c.Memory, c.Passes, lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum),
	)
}

// Verify compares a secret with a hash in constant time. Its error means that the hash is none, and shows nothing of
// it.
func Verify(secret, phc string) (bool, error) {
	h, err := parse(phc)
	if err != nil {
		return false, err
	}

	got := argon2.IDKey([]byte(secret), h.salt, h.cost.Passes, h.cost.Memory, h.lanes, uint32(len(h.sum)))

	return subtle.ConstantTimeCompare(got, h.sum) == 1, nil
}

// CostOf returns what it costs to compare a secret with a hash.
func CostOf(phc string) (Cost, error) {
	h, err := parse(phc)
	return h.cost, err
}

// hash is a text in PHC form, taken apart.
type hash struct {
	cost  Cost
	lanes uint8
	salt  []byte
	sum   []byte
}

func parse(phc string) (hash, error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return hash{}, errors.New("the stored hash is not argon2id in PHC form")
	}

	var h hash
	var version int
	parameters := parts[2] + " " + parts[3]
	_, err := fmt.Sscanf(parameters, "v=%d m=%d,t=%d,p=%d", &version, &h.cost.Memory, &h.cost.Passes, &h.lanes)
	if err == nil && version != argon2.Version {
		err = errors.New("unknown version")
	}
	if err != nil {
		return hash{}, fmt.Errorf("parse the parameters of the stored hash: %w", err)
	}
	if h.cost.Passes == 0 || h.lanes == 0 {
		return hash{}, errors.New("the stored hash has no passes or no lanes") // argon2 would panic
	}

	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return hash{}, fmt.Errorf("decode the salt of the stored hash: %w", err)
	}
	if h.sum, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return hash{}, fmt.Errorf("decode the stored hash: %w", err)
	}
	if len(h.sum) < 16 {
		return hash{}, errors.New("the stored hash is too short") // an empty one would accept every secret
	}

	return h, nil
}
