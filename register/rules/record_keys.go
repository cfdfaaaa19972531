package rules

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"central.consent/dar/register/store"
)

// ErrErased reports that a value cannot be opened any more: the identity record that it belongs to is anonymised.
var ErrErased = errors.New("its identity record has been anonymised")

func placeOfOwnKey(ir string) string { return "identity_keys.wrapped_key " + ir }

// newOwnKey makes the key of an identity record, wrapped with a key of the key ring. It returns the key too.
func newOwnKey(ir string, ring *masterKey) (store.OwnKey, sealKey, error) {
	random := make([]byte, keyLength)
	rand.Read(random)
	key, err := newSealKey(random)
	if err != nil {
		return store.OwnKey{}, sealKey{}, err
	}

	return ring.wrap(ir, random), key, nil
}

// wrap wraps the key of an identity record.
func (k *masterKey) wrap(ir string, own []byte) store.OwnKey {
	return store.OwnKey{WrapKeyID: &k.id, WrappedKey: k.sealed(own, placeOfOwnKey(ir))}
}

// unwrap opens the key of an identity record. It returns a missingKeyError if the key that wraps it is not in the
// keyring.
func (k *Keyring) unwrap(ir string, own store.OwnKey) ([]byte, error) {
	return k.open(*own.WrapKeyID, own.WrappedKey, placeOfOwnKey(ir))
}

// recordKey returns the key that seals what is personal of an identity record: its own, or the one of the keyring with
// this id if it has none yet. It returns a missingKeyError if the key is not in the keyring.
func (k *Keyring) recordKey(ir string, own store.OwnKey, keyID string) (sealKey, error) {
	if own.WrappedKey == nil {
		key := k.key(keyID)
		if key == nil {
			return sealKey{}, missingKeyError(keyID)
		}

		return key.sealKey, nil
	}

	key, err := k.unwrap(ir, own)
	if err != nil {
		return sealKey{}, err
	}

	return newSealKey(key)
}

// openRecord opens a value of an identity record, as recordKey and open do.
func (k *Keyring) openRecord(ir string, own store.OwnKey, keyID string, value []byte, place string) ([]byte, error) {
	key, err := k.recordKey(ir, own, keyID)
	if err != nil {
		return nil, err
	}

	plain, err := key.open(value, place)
	if err != nil {
		return nil, fmt.Errorf("open a sealed value of an identity record: %w", err)
	}

	return plain, nil
}

// ownKeyReader reads the keys of identity records, from the store or in a transaction.
type ownKeyReader interface {
	FindIdentityRecord(ctx context.Context, ir string) (store.IdentityRecord, error)
	FindOwnKey(ctx context.Context, ir string) (store.OwnKey, error)
}

// sealFor seals a value that belongs to the person of an identity record, with the record's own key. The id that it
// returns is empty then, and that of a key of the keyring if the record has no key of its own yet, or ir is nil. It
// returns ErrErased if the record is anonymised.
func (r *Rules) sealFor(
	ctx context.Context, from ownKeyReader, ir *string, value []byte, place string,
) (keyID string, sealed []byte, err error) {
	ring := r.keys.sealer()
	if ir == nil {
		return ring.id, ring.sealed(value, place), nil
	}

	own, err := from.FindOwnKey(ctx, *ir)
	if errors.Is(err, store.ErrNotFound) {
		record, err := from.FindIdentityRecord(ctx, *ir)
		if err == nil && record.AnonymisedAt != nil {
			err = ErrErased
		}
		if err != nil {
			return "", nil, err
		}

		return ring.id, ring.sealed(value, place), nil
	}
	if err != nil {
		return "", nil, err
	}

	key, err := r.keys.recordKey(*ir, own, "")
	if err != nil {
		return "", nil, err
	}

	return "", key.sealed(value, place), nil
}

// openFor opens what sealFor sealed. It returns ErrErased if the key of the identity record is destroyed.
func (r *Rules) openFor(
	ctx context.Context, from ownKeyReader, ir *string, keyID string, value []byte, place string,
) ([]byte, error) {
	if keyID != "" || ir == nil {
		return r.keys.open(keyID, value, place)
	}

	own, err := from.FindOwnKey(ctx, *ir)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrErased
	}
	if err != nil {
		return nil, err
	}

	return r.keys.openRecord(*ir, own, keyID, value, place)
}
