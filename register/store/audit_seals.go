package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// AuditSeal holds the head of each chain of the audit log at one moment. The rows after it, up to the next seal, are
// keyed with its key. Rows before the first seal have no key: the seal alone proves that they were not altered since.
type AuditSeal struct {
	Number   int    `db:"number"` // 1, 2, 3 ...
	SealedAt Millis `db:"sealed_at"`
	// Heads is a JSON array of an AuditHead for each chain.
	Heads string `db:"heads"`
	// KeyID is the id of the master key that the seal's key is derived from, or wrapped with.
	KeyID string `db:"key_id"`
	// WrappedKey is the key of a seal that is not the last; nil for the last one.
	WrappedKey []byte `db:"wrapped_key"`
	// MAC is the keyed hash of this seal and all seals before it. A later seal may change how their keys are wrapped,
	// so only the MAC of the last one holds.
	MAC []byte `db:"mac"`
}

// Rows returns the number of rows before the seal.
func (s AuditSeal) Rows() (rows int64, err error) {
	heads, err := s.heads()
	for _, head := range heads {
		rows += head.Length
	}

	return rows, err
}

// heads returns the head of each chain, sorted by chain.
func (s AuditSeal) heads() ([]AuditHead, error) {
	var heads []AuditHead
	if err := json.Unmarshal([]byte(s.Heads), &heads); err != nil {
		return nil, fmt.Errorf("read the heads of seal %d: %w", s.Number, err)
	}

	return heads, checkChains(heads, func(head AuditHead) int { return head.Chain })
}

// checkChains returns an error unless there is one item for each chain, sorted by chain.
func checkChains[T any](items []T, chain func(T) int) error {
	if len(items) != auditChains {
		return logFault("there are %d chains, not %d", len(items), auditChains)
	}
	for i, item := range items {
		if chain(item) != i {
			return logFault("there is no chain %d", i)
		}
	}

	return nil
}

// AuditKeys opens the keys of the audit log.
type AuditKeys interface {
	// AuditKey returns the key of a seal: unwrapped, or derived for the number of the seal.
	AuditKey(seal AuditSeal) ([]byte, error)
}

// auditKeys keeps the key that is in use, so that an append to the audit log need not read the seals.
type auditKeys struct {
	mu     sync.Mutex
	source AuditKeys
	number int
	key    []byte
}

// UseAuditKeys sets what opens the keys of the audit log. Without it, the store can neither append to a sealed log nor
// verify one.
func (s *Store) UseAuditKeys(source AuditKeys) {
	s.auditKeys.mu.Lock()
	defer s.auditKeys.mu.Unlock()
	s.auditKeys.source = source
	s.auditKeys.number = 0
}

// opener returns what opens the keys.
func (k *auditKeys) opener() (AuditKeys, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.source == nil {
		return nil, errors.New("the audit log is sealed, and there are no keys to open it")
	}

	return k.source, nil
}

// find returns the key of a seal if it is the one in use.
func (k *auditKeys) find(number int) ([]byte, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()

	return k.key, k.number == number
}

// keep makes the key of a seal the one in use.
func (k *auditKeys) keep(number int, key []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.number = number
	k.key = key
}

// auditKey returns the key to append with to a chain after a seal. It is nil before the first one.
func (t *Tx) auditKey(ctx context.Context, number int) ([]byte, error) {
	if number == 0 {
		return nil, nil
	}
	if key, ok := t.auditKeys.find(number); ok {
		return key, nil
	}

	seals, err := t.AuditSeals(ctx)
	if err != nil {
		return nil, err
	}

	keys, err := t.openSeals(seals)
	if err != nil {
		return nil, fmt.Errorf("open the keys of the audit log: %w", err)
	}
	if len(keys) != number {
		return nil, logFault("a chain follows seal %d, and there are %d", number, len(keys))
	}

	t.auditKeys.keep(number, keys[number-1])

	return keys[number-1], nil
}

// AuditSeals lists the seals, the first one first.
func (r reader) AuditSeals(ctx context.Context) ([]AuditSeal, error) {
	return queryRows[AuditSeal](ctx, r.db, "list the seals of the audit log",
		`SELECT number, sealed_at, heads, key_id, wrapped_key, mac FROM audit_seals ORDER BY number`)
}

// CheckAuditSeals returns the number of seals. It returns an error if a key does not open, and an AuditFault if a seal
// was altered.
func (r reader) CheckAuditSeals(ctx context.Context) (int, error) {
	seals, err := r.AuditSeals(ctx)
	if err != nil {
		return 0, err
	}

	_, err = r.openSeals(seals)

	return len(seals), err
}

// openSeals returns the key of each seal. It returns an AuditFault if the seals are not those that were written.
func (r reader) openSeals(seals []AuditSeal) ([][]byte, error) {
	if len(seals) == 0 {
		return nil, nil
	}

	source, err := r.auditKeys.opener()
	if err != nil {
		return nil, err
	}

	keys := make([][]byte, len(seals))
	for i, seal := range seals {
		if seal.Number != i+1 {
			return nil, logFault("seal %d was removed", i+1)
		}
		if keys[i], err = source.AuditKey(seal); err != nil {
			return nil, fmt.Errorf("the key of seal %d: %w", seal.Number, err)
		}
	}

	last := len(seals) - 1
	if !hmac.Equal(sealsMAC(seals, keys[last]), seals[last].MAC) {
		return nil, logFault("the seals are not those that were written")
	}

	return keys, nil
}

// sealsMAC returns the keyed hash of every column of the seals, except for the MAC of the last one.
func sealsMAC(seals []AuditSeal, key []byte) []byte {
	h := auditHash{hmac.New(sha256.New, key)}
	h.text("seals")
	for i, seal := range seals {
		h.number(int64(seal.Number))
		h.number(seal.SealedAt.Time().UnixMilli())
		h.text(seal.Heads)
		h.text(seal.KeyID)
		h.text(string(seal.WrappedKey))
		if i < len(seals)-1 {
			h.text(string(seal.MAC))
		}
	}

	return h.Sum(nil)
}

// HoldAuditSeals keeps all others from appending to the audit log until the transaction ends, and lists the seals.
func (t *Tx) HoldAuditSeals(ctx context.Context) ([]AuditSeal, error) {
	_, err := queryRows[int](ctx, t.db, "lock the audit log",
		`SELECT chain FROM audit_chains ORDER BY chain`+t.forUpdate())
	if err != nil {
		return nil, err
	}

	return t.AuditSeals(ctx)
}

// SealAudit adds the last of seals, which has the given key, with the heads of the chains as they are now. The seals
// before it are stored with their keys wrapped as seals says. HoldAuditSeals must have been called. It returns an
// AuditFault, and seals nothing, if the heads are not those that were written: a seal would make them good.
func (t *Tx) SealAudit(ctx context.Context, seals []AuditSeal, key []byte) error {
	chains, err := t.listAuditChains(ctx)
	if err != nil {
		return err
	}

	last := len(seals) - 1
	if err = t.checkBeforeSeal(ctx, chains, last); err != nil {
		return err
	}

	heads := make([]AuditHead, len(chains))
	for i, chain := range chains {
		heads[i] = chain.AuditHead
	}

	text, err := json.Marshal(heads)
	if err != nil {
		return err
	}

	seals[last].Heads = string(text)
	seals[last].MAC = sealsMAC(seals, key)
	if err = t.storeSeals(ctx, seals); err != nil {
		return err
	}

	for _, chain := range chains {
		chain.Seal = seals[last].Number
		_, err = t.exec(ctx, "seal a chain of the audit log",
			`UPDATE audit_chains SET seal = ?, mac = ? WHERE chain = ?`, chain.Seal, chain.mac(key), chain.Chain)
		if err != nil {
			return err
		}
	}

	return nil
}

// checkBeforeSeal returns an AuditFault unless the chains follow the seal with this number and their heads are good.
func (t *Tx) checkBeforeSeal(ctx context.Context, chains []auditChain, number int) error {
	if err := checkChains(chains, func(chain auditChain) int { return chain.Chain }); err != nil {
		return err
	}

	seals, err := t.AuditSeals(ctx)
	if err != nil {
		return err
	}

	keys, err := t.openSeals(seals)
	if err != nil {
		return err
	}

	if len(keys) != number {
		return logFault("there are %d seals, not %d", len(keys), number)
	}

	var key []byte
	if number > 0 {
		key = keys[number-1]
	}

	for _, chain := range chains {
		if chain.Seal > number {
			return logFault("seal %d was removed", chain.Seal)
		}
		if chain.Seal != number || !hmac.Equal(chain.mac(key), chain.MAC) {
			return AuditFault{chain.Chain, chain.Length, "the head is not the one that was written"}
		}
	}

	if number > 0 {
		return nil
	}

	keyed, err := queryRow[bool](ctx, t.db, "look for keyed rows of the audit log",
		`SELECT EXISTS (SELECT 1 FROM audit_events WHERE seal <> 0)`)
	if err == nil && keyed {
		err = logFault("the seals were removed")
	}

	return err
}

// storeSeals adds the last of seals, and updates how the keys of the others are wrapped.
func (t *Tx) storeSeals(ctx context.Context, seals []AuditSeal) error {
	last := len(seals) - 1
	for _, seal := range seals[:last] {
		_, err := t.exec(ctx, "wrap a key of the audit log",
			`UPDATE audit_seals SET key_id = ?, wrapped_key = ? WHERE number = ?`,
			seal.KeyID, seal.WrappedKey, seal.Number)
		if err != nil {
			return err
		}
	}

	return t.insert(ctx, "seal the audit log",
		`INSERT INTO audit_seals (number, sealed_at, heads, key_id, wrapped_key, mac)
		VALUES (:number, :sealed_at, :heads, :key_id, :wrapped_key, :mac)`, seals[last])
}

// listAuditChains lists the ends of all chains, sorted by chain.
func (r reader) listAuditChains(ctx context.Context) ([]auditChain, error) {
	return queryRows[auditChain](ctx, r.db, "list the ends of the audit log",
		`SELECT chain, length, hash, seal, log_rows, mac FROM audit_chains ORDER BY chain`)
}
