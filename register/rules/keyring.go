package rules

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"central.consent/dar/register/store"
)

// keyLength is the length of a master key in bytes.
const keyLength = 32

// Keyring seals what the register stores: AES-256-GCM to store it, a keyed hash to look up an e-mail address
// (docs/decisions.md, E-mail). Each purpose has a key of its own, derived from the master key by HKDF (RFC 5869). New
// values are sealed with the first key; the other keys open what was sealed with them. What is personal is sealed with
// the key of its identity record, which the keyring wraps: see record_keys.go.
type Keyring struct {
	keys []masterKey
}

type masterKey struct {
	sealKey

	id     string
	lookup []byte
	audit  []byte
}

var keyID = regexp.MustCompile(`^[0-9A-Za-z_-]{1,32}$`)

// NewKeyring parses master keys written as "id:key,id:key", the sealing key first; a key is 32 random bytes in base64.
func NewKeyring(text string) (*Keyring, error) {
	ring := &Keyring{}
	for pair := range strings.SplitSeq(text, ",") {
		id, encoded, _ := strings.Cut(strings.TrimSpace(pair), ":")
		if !keyID.MatchString(id) {
			return nil, errors.New(
				"keys are written as id:key,id:key, and an id has 1 to 32 letters, digits, dashes and underscores",
			)
		}

		master, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(master) != keyLength {
			return nil, fmt.Errorf("key %q is not %d bytes in base64", id, keyLength)
		}

		key, err := newMasterKey(id, master)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", id, err)
		}
		if ring.key(id) != nil {
			return nil, fmt.Errorf("key id %q is used twice", id)
		}

		ring.keys = append(ring.keys, key)
	}

	return ring, nil
}

// newMasterKey derives the keys of each purpose.
func newMasterKey(id string, master []byte) (masterKey, error) {
	sealing, err := hkdf.Key(sha256.New, master, nil, "register: seal personal data", keyLength)
	if err != nil {
		return masterKey{}, err
	}

	lookup, err := hkdf.Key(sha256.New, master, nil, "register: look up e-mail", keyLength)
	if err != nil {
		return masterKey{}, err
	}

	audit, err := hkdf.Key(sha256.New, master, nil, "register: key the audit log", keyLength)
	if err != nil {
		return masterKey{}, err
	}

	seal, err := newSealKey(sealing)

	return masterKey{sealKey: seal, id: id, lookup: lookup, audit: audit}, err
}

// sealKey seals values with AES-256-GCM.
type sealKey struct {
	aead cipher.AEAD
}

// newSealKey returns the key of these 32 bytes.
func newSealKey(key []byte) (sealKey, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealKey{}, err
	}

	aead, err := cipher.NewGCMWithRandomNonce(block)

	return sealKey{aead: aead}, err
}

// sealed encrypts a value for one place, the column and row that store it: the bytes do not open elsewhere.
func (k sealKey) sealed(value []byte, place string) []byte {
	return k.aead.Seal(nil, nil, value, []byte(place))
}

// open decrypts a value that the key sealed for this place.
func (k sealKey) open(value []byte, place string) ([]byte, error) {
	return k.aead.Open(nil, nil, value, []byte(place))
}

// GenerateKey returns a new master key for a keyring, as "id:key".
func GenerateKey(id string) string {
	key := make([]byte, keyLength)
	rand.Read(key)
	return id + ":" + base64.StdEncoding.EncodeToString(key)
}

// key returns the key with this id, or nil.
func (k *Keyring) key(id string) *masterKey {
	for i := range k.keys {
		if k.keys[i].id == id {
			return &k.keys[i]
		}
	}

	return nil
}

// sealer returns the key that seals new values.
func (k *Keyring) sealer() *masterKey { return &k.keys[0] }

// missingKeyError reports that the key with this id is not in the keyring.
type missingKeyError string

func (e missingKeyError) Error() string { return fmt.Sprintf("no key %q in the keyring", string(e)) }

// open decrypts a value that the key with this id sealed for this place. It returns a
// missingKeyError if the key is not in the keyring.
func (k *Keyring) open(id string, value []byte, place string) ([]byte, error) {
	key := k.key(id)
	if key == nil {
		return nil, missingKeyError(id)
	}

	plain, err := key.sealKey.open(value, place)
	if err != nil {
		return nil, fmt.Errorf("open a sealed value with key %q: %w", id, err)
	}

	return plain, nil
}

// mac returns the keyed hash by which an e-mail address is looked up.
func (k *masterKey) mac(email string) []byte { return k.hash(normalEmail(email)) }

// hash returns the keyed hash of one form of an e-mail address.
func (k *masterKey) hash(form string) []byte {
	h := hmac.New(sha256.New, k.lookup)
	h.Write([]byte(form))

	return h.Sum(nil)
}

// macs returns the keyed hashes by which an address is found: of its normal form under every key, for rows that were
// written under an older key, and of its former forms, for rows that an older program wrote and NormaliseEmails has not
// reached yet.
func (k *Keyring) macs(email string) [][]byte {
	forms := append([]string{normalEmail(email)}, formerEmails(email)...)

	var hashes [][]byte
	for _, form := range forms {
		for i := range k.keys {
			hashes = append(hashes, k.keys[i].hash(form))
		}
	}

	return hashes
}

// AuditKey implements store.AuditKeys. The key of the last seal is derived from the master key that the seal names;
// those of earlier seals are in the database, wrapped with it.
func (k *Keyring) AuditKey(seal store.AuditSeal) ([]byte, error) {
	if seal.WrappedKey != nil {
		return k.open(seal.KeyID, seal.WrappedKey, placeOfAuditKey(seal.Number))
	}

	key := k.key(seal.KeyID)
	if key == nil {
		return nil, fmt.Errorf("no key %q in the keyring", seal.KeyID)
	}

	return hkdf.Expand(sha256.New, key.audit, fmt.Sprintf("seal %d", seal.Number), keyLength)
}

// placeOfAuditKey is the place for which the key of a seal of the audit log is wrapped.
func placeOfAuditKey(number int) string { return fmt.Sprintf("audit_seals.wrapped_key %d", number) }
