package register

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/crypto/argon2"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// bearerLife is how long a bearer token is good for (docs/decisions.md, Token times).
const bearerLife = 7200 * time.Second

// The cost of one argon2id hash: 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet).
const (
	argonMemory = 19 * 1024 // KiB
	argonTime   = 2
	argonLanes  = 1
	argonLength = 32 // bytes
)

// hashSecret returns the argon2id hash of an account's secret, in PHC form.
func hashSecret(secret string) string {
	salt := make([]byte, 16)
	rand.Read(salt)
	hash := argon2.IDKey([]byte(secret), salt, argonTime, argonMemory, argonLanes, argonLength)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(hash))
}

// verifySecret compares a secret with a hash that hashSecret made, in a time that tells nothing.
func verifySecret(secret, phc string) (bool, error) {
	var version, memory, passes, lanes int
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errors.New("the kept hash is not argon2id in PHC form")
	}
	if _, err := fmt.Sscanf(
		parts[2]+" "+parts[3],
		"v=%d m=%d,t=%d,p=%d",
		&version,
		&memory,
		&passes,
		&lanes,
	); err != nil ||
		version != argon2.Version {
		return false, fmt.Errorf("the kept hash has parameters that cannot be read: %w", err)
	}

	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("salt of the kept hash: %w", err)
	}

	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("the kept hash: %w", err)
	}

	got := argon2.IDKey([]byte(secret), salt, uint32(passes), uint32(memory), uint8(lanes), uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// nobodysHash is what an unknown account is compared with, so that it costs as much as a known one.
var nobodysHash = hashSecret(newSecret())

// issueBearerToken is GET /auth/token.
func (s *Register) issueBearerToken(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	id, secret, ok := c.Request().BasicAuth()
	if !ok {
		return &Error{
			Kind:    Unauthorized,
			Code:    codeRefused,
			Message: "Send the account id and its secret by HTTP Basic authentication.",
		}
	}

	ctx := c.Request().Context()
	account := store.Account{}
	err := store.ErrNotFound
	if patternAccount.MatchString(id) {
		account, err = s.store.FindAccount(ctx, id)
	}

	known := err == nil
	if !known {
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		account.SecretHash = nobodysHash
	}

	if err := s.hashing.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("wait to check a secret: %w", err)
	}

	right, err := verifySecret(secret, account.SecretHash)
	s.hashing.Release(1)
	if err != nil {
		return fmt.Errorf("check a secret: %w", err)
	}

	wrong := &Error{Kind: Unauthorized, Code: codeCredentials, Message: "The account id or its secret is wrong."}
	if !right || !known || account.Status != "active" {
		return wrong
	}

	token := newSecret()
	now := s.now()
	err = s.store.Transact(ctx, func(tx *store.Tx) error {
		kept, err := tx.InsertBearerToken(ctx, hashToken(token), account, now, now.Add(bearerLife))
		if err == nil && !kept {
			err = wrong
		}
		return err
	})
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.BearerToken{Token: token, Expires: int(bearerLife.Seconds())})
}

const callerKey = "register.caller"

// caller is the account that makes the request; only behind allow.
func caller(c echo.Context) store.Account { return c.Get(callerKey).(store.Account) }

// allow lets those roles in and nobody else.
func (s *Register) allow(who []registerclient.Role) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if slices.Equal(who, anyone) {
			return next
		}

		return func(c echo.Context) error {
			account, err := s.bearer(c.Request().Context(), c.Request().Header.Get(echo.HeaderAuthorization))
			if err != nil {
				return err
			}

			logged(c).account = account.AccountID
			if !slices.Contains(who, registerclient.Role(account.Role)) {
				return &Error{Kind: Forbidden, Code: codeRole, Message: "An account of this role may not do this."}
			}

			c.Set(callerKey, account)
			return next(c)
		}
	}
}

func (s *Register) bearer(ctx context.Context, header string) (store.Account, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return store.Account{}, &Error{
			Kind:    Unauthorized,
			Code:    codeNoBearer,
			Message: "Send a bearer token; GET /v1/auth/token issues one.",
		}
	}

	account, err := s.store.FindBearer(ctx, hashToken(token), s.clock())
	return account, missing(
		err,
		&Error{Kind: Unauthorized, Code: codeBadBearer, Message: "The bearer token is unknown or has expired."},
	)
}

// newID makes an identifier of the register: the prefix, and 12 random bytes in hex.
func newID(prefix string) string {
	random := make([]byte, 12)
	rand.Read(random)
	return prefix + "_" + hex.EncodeToString(random)
}

// newSecret makes a secret of 256 random bits.
func newSecret() string {
	random := make([]byte, 32)
	rand.Read(random)
	return base64.RawURLEncoding.EncodeToString(random)
}

// hashToken is how a token is kept: its bits are random, so one SHA-256 is enough.
func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
