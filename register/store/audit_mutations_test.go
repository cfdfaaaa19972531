package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"central.consent/dar/register/store"
)

// mutations is how many changes of the audit log are tried on each database.
const mutations = 1000

// Every change that an intruder with the whole database but without the keys makes to the audit log is found. The log
// has rows from before its seal, and rows with the keys of two seals.
func TestVerifyAuditFindsEveryMutation(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		log := d.mutableLog()
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		for i := range mutations {
			mutate := log.mutations()[i%len(log.mutations())]
			m := &mutation{log: log, t: t, Rand: random}
			err := d.Transact(t.Context(), func(tx *store.Tx) error {
				m.tx = tx
				mutate(m)
				_, err := tx.VerifyAudit(t.Context(), nil)

				return errors.Join(errUndo, err)
			})
			_, isFault := errors.AsType[store.AuditFault](err)
			if !errors.Is(err, errUndo) || !isFault && !errors.Is(err, store.ErrAuditUnsealed) {
				t.Errorf("seed %d, mutation %d: %s: found %v", seed, i, m.what, err)
			}
		}

		d.verify(log.total)
	})
}

// errUndo rolls a transaction back.
var errUndo = errors.New("undo")

// mutation is one change of the audit log, in a transaction that is rolled back.
type mutation struct {
	*rand.Rand

	log  *mutableLog
	t    *testing.T
	tx   *store.Tx
	what string
}

// mutations lists the kinds of changes.
func (l *mutableLog) mutations() []func(m *mutation) {
	return []func(m *mutation){
		(*mutation).alterRow,
		(*mutation).alterRow,
		(*mutation).alterHead,
		(*mutation).alterSeal,
		(*mutation).removeRows,
		(*mutation).insertOutside,
		(*mutation).insertAgain,
		(*mutation).insertBetween,
		(*mutation).swapRows,
		(*mutation).swapHeads,
		(*mutation).truncate,
		(*mutation).restoreEarlierHead,
		(*mutation).restoreOldSeal,
		(*mutation).forgeWithoutKey,
		(*mutation).forgeFrom,
	}
}

// exec changes rows. It fails the test if it changes none.
func (m *mutation) exec(statement string, args ...any) {
	m.t.Helper()
	rows, err := m.tx.ExecForTest(m.t.Context(), statement, args...)
	if err != nil || rows == 0 {
		m.t.Fatalf("%s: %s changed %d rows (%v)", m.what, statement, rows, err)
	}
}

// says sets what the mutation is.
func (m *mutation) says(format string, args ...any) { m.what = fmt.Sprintf(format, args...) }

func (m *mutation) row() store.AuditEvent { return m.log.rows[m.IntN(len(m.log.rows))] }

// chain returns the end of a chain that has rows.
func (m *mutation) chain() chainRow {
	for {
		if chain := m.log.chains[m.IntN(len(m.log.chains))]; chain.Length > 0 {
			return chain
		}
	}
}

// otherNumber returns another number than n, often one that is near.
func (m *mutation) otherNumber(n int64) int64 {
	others := []int64{n + 1, n - 1, -n - 1, n + 1<<33, n + 1 + m.Int64N(1000)}
	return others[m.IntN(len(others))]
}

// otherChain returns another chain, which may not exist.
func (m *mutation) otherChain(chain int) int {
	others := []int{chain + 1, chain - 1, (chain + 7) % 16, 99}
	return others[m.IntN(len(others))]
}

// otherText returns another text than text.
func (m *mutation) otherText(text string) string {
	others := []string{text + " ", text + "x", "x" + text}
	if text != "" {
		others = append(others, "", text[1:], text[:len(text)-1])
	}

	return others[m.IntN(len(others))]
}

// otherBytes returns other bytes than value.
func (m *mutation) otherBytes(value []byte) []byte {
	if len(value) == 0 {
		return []byte{1}
	}

	switch m.IntN(3) {
	case 0:
		return value[1:]
	case 1:
		return append(slices.Clone(value), 0)
	}

	other := slices.Clone(value)
	other[m.IntN(len(other))] ^= 1 << m.IntN(8)

	return other
}

// alterRow changes one column of a row.
func (m *mutation) alterRow() {
	row := m.row()
	columns := []struct {
		name  string
		value any
	}{
		{"chain", m.otherChain(row.Chain)},
		{"place", m.otherNumber(row.Place)},
		{"event_id", m.otherText(row.EventID)},
		{"at", m.otherNumber(row.At.Time().UnixMilli())},
		{"account_id", m.otherText(row.AccountID)},
		{"event_type", m.otherText(row.EventType)},
		{"ak", m.otherText(row.AK)},
		{"mpxn", m.otherText(row.MPxN)},
		{"detail", m.otherText(row.Detail)},
		{"seal", m.otherNumber(int64(row.Seal))},
		{"log_rows", m.otherNumber(row.LogRows)},
		{"hash", m.otherBytes(row.Hash)},
	}
	column := columns[m.IntN(len(columns))]
	m.says("%s of chain %d, row %d becomes %v", column.name, row.Chain, row.Place, column.value)
	m.exec(`UPDATE audit_events SET `+column.name+` = ? WHERE chain = ? AND place = ?`, column.value, row.Chain,
		row.Place)
}

// alterHead changes one column of the end of a chain, or removes or repeats it.
func (m *mutation) alterHead() {
	chain := m.log.chains[m.IntN(len(m.log.chains))]
	columns := []struct {
		name  string
		value any
	}{
		{"chain", m.otherChain(chain.Chain)},
		{"length", m.otherNumber(chain.Length)},
		{"hash", m.otherBytes(chain.Hash)},
		{"seal", m.otherNumber(int64(chain.Seal))},
		{"log_rows", m.otherNumber(chain.LogRows)},
		{"mac", m.otherBytes(chain.MAC)},
	}
	switch i := m.IntN(len(columns) + 2); i {
	default:
		m.says("%s of the head of chain %d becomes %v", columns[i].name, chain.Chain, columns[i].value)
		m.exec(`UPDATE audit_chains SET `+columns[i].name+` = ? WHERE chain = ?`, columns[i].value, chain.Chain)
	case len(columns):
		m.says("the head of chain %d is removed", chain.Chain)
		m.exec(`DELETE FROM audit_chains WHERE chain = ?`, chain.Chain)
	case len(columns) + 1:
		m.says("the head of chain %d is there twice", chain.Chain)
		m.insertChain(chain)
	}
}

// insertChain inserts the end of a chain.
func (m *mutation) insertChain(chain chainRow) {
	m.exec(`INSERT INTO audit_chains (chain, length, hash, seal, log_rows, mac) VALUES (?, ?, ?, ?, ?, ?)`,
		chain.Chain, chain.Length, chain.Hash, chain.Seal, chain.LogRows, chain.MAC)
}

// alterSeal changes one column of a seal, or removes or repeats it.
func (m *mutation) alterSeal() {
	seal := m.log.seals[m.IntN(len(m.log.seals))]
	columns := []struct {
		name  string
		value any
	}{
		{"number", m.otherNumber(int64(seal.Number))},
		{"sealed_at", m.otherNumber(seal.SealedAt.Time().UnixMilli())},
		{"heads", m.otherText(seal.Heads)},
		{"key_id", m.otherText(seal.KeyID)},
		{"wrapped_key", m.otherBytes(seal.WrappedKey)},
		{"mac", m.otherBytes(seal.MAC)},
	}
	switch i := m.IntN(len(columns) + 2); i {
	default:
		m.says("%s of seal %d becomes %v", columns[i].name, seal.Number, columns[i].value)
		m.exec(`UPDATE audit_seals SET `+columns[i].name+` = ? WHERE number = ?`, columns[i].value, seal.Number)
	case len(columns):
		m.says("seal %d is removed", seal.Number)
		m.exec(`DELETE FROM audit_seals WHERE number = ?`, seal.Number)
	case len(columns) + 1:
		m.says("seal %d is there twice", seal.Number)
		m.exec(`INSERT INTO audit_seals SELECT * FROM audit_seals WHERE number = ?`, seal.Number)
	}
}

// removeRows removes a row, the end or the beginning of a chain, or a chain.
func (m *mutation) removeRows() {
	row := m.row()
	compare := []string{"=", ">=", "<=", "> 0 *"}[m.IntN(4)]
	m.says("rows of chain %d with place %s %d are removed", row.Chain, compare, row.Place)
	m.exec(`DELETE FROM audit_events WHERE chain = ? AND place `+compare+` ?`, row.Chain, row.Place)
}

// insert inserts a row.
func (m *mutation) insert(row store.AuditEvent) {
	m.exec(`INSERT INTO audit_events (chain, place, event_id, at, account_id, event_type, ak, mpxn, detail, seal,
		log_rows, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		row.Chain, row.Place, row.EventID, row.At, row.AccountID, row.EventType, row.AK, row.MPxN, row.Detail, row.Seal,
		row.LogRows, row.Hash)
}

// insertOutside inserts a copy of a row outside the chains: in a chain that does not exist, before the first row of a
// chain or behind the last one.
func (m *mutation) insertOutside() {
	row := m.row()
	row.EventID = fmt.Sprintf("aud_%d", m.Int64())
	switch m.IntN(3) {
	case 0:
		row.Chain = []int{99, 16, -1, 1 << 30}[m.IntN(4)]
		if m.IntN(2) == 0 { // with a head
			m.insertChain(chainRow{Chain: row.Chain, Length: row.Place, Hash: row.Hash, Seal: row.Seal})
		}
	case 1:
		row.Place = -m.Int64N(3)
	case 2:
		row.Place = m.log.chains[row.Chain].Length + 1 + m.Int64N(5)
	}

	m.says("a copy of a row is inserted as chain %d, row %d", row.Chain, row.Place)
	m.insert(row)
}

// insertAgain inserts a row a second time, or another one at its place.
func (m *mutation) insertAgain() {
	row := m.row()
	m.says("chain %d, row %d is there twice", row.Chain, row.Place)
	if m.IntN(2) == 0 {
		row.AccountID = "another"
		row.Hash = m.otherBytes(row.Hash)
	}

	m.insert(row)
}

// insertBetween makes a place for a copy of a row in a chain, and moves the head.
func (m *mutation) insertBetween() {
	row := m.row()
	m.says("a row is inserted before chain %d, row %d", row.Chain, row.Place)
	m.exec(`UPDATE audit_events SET place = place + 1 WHERE chain = ? AND place >= ?`, row.Chain, row.Place)
	m.exec(`UPDATE audit_chains SET length = length + 1 WHERE chain = ?`, row.Chain)
	row.EventID = fmt.Sprintf("aud_%d", m.Int64())
	m.insert(row)
}

// swapRows lets two rows change places, with or without their hashes.
func (m *mutation) swapRows() {
	a := m.row()
	b := m.row()
	for a.EventID == b.EventID {
		b = m.row()
	}

	m.says("chain %d, row %d and chain %d, row %d change places", a.Chain, a.Place, b.Chain, b.Place)
	m.exec(`UPDATE audit_events SET chain = ?, place = ? WHERE event_id = ?`, a.Chain, a.Place, b.EventID)
	m.exec(`UPDATE audit_events SET chain = ?, place = ? WHERE event_id = ?`, b.Chain, b.Place, a.EventID)
	if m.IntN(2) == 0 {
		m.exec(`UPDATE audit_events SET hash = ?, seal = ?, log_rows = ? WHERE event_id = ?`,
			a.Hash, a.Seal, a.LogRows, b.EventID)
		m.exec(`UPDATE audit_events SET hash = ?, seal = ?, log_rows = ? WHERE event_id = ?`,
			b.Hash, b.Seal, b.LogRows, a.EventID)
	}
}

// swapHeads lets the heads of two chains change places.
func (m *mutation) swapHeads() {
	a := m.log.chains[m.IntN(len(m.log.chains))]
	b := m.chain()
	for a.Chain == b.Chain {
		b = m.chain()
	}

	m.says("the heads of chains %d and %d change places", a.Chain, b.Chain)
	m.exec(`DELETE FROM audit_chains WHERE chain IN (?, ?)`, a.Chain, b.Chain)
	a.Chain, b.Chain = b.Chain, a.Chain
	m.insertChain(a)
	m.insertChain(b)
}

// before returns the row before a place of a chain; an empty one before the first.
func (m *mutation) before(chain int, place int64) store.AuditEvent {
	for _, row := range m.log.rows {
		if row.Chain == chain && row.Place == place-1 {
			return row
		}
	}

	return store.AuditEvent{Hash: []byte{}}
}

// truncate removes the end of a chain and moves the head to the row before, as a checkpoint of that time says.
func (m *mutation) truncate() {
	row := m.row()
	end := m.before(row.Chain, row.Place)
	m.says("chain %d ends before row %d", row.Chain, row.Place)
	m.exec(`DELETE FROM audit_events WHERE chain = ? AND place >= ?`, row.Chain, row.Place)
	m.exec(`UPDATE audit_chains SET length = ?, hash = ?, log_rows = ? WHERE chain = ?`,
		row.Place-1, end.Hash, end.LogRows, row.Chain)
	if m.IntN(2) == 0 {
		m.exec(`UPDATE audit_chains SET seal = ?, mac = ? WHERE chain = ?`, end.Seal, []byte{}, row.Chain)
	}
}

// restoreEarlierHead brings back the head that a chain had once, with its keyed hash, and removes the rows since. It
// does so to a chain that is not the last one written: no row is left that could tell.
func (m *mutation) restoreEarlierHead() {
	latest := slices.MaxFunc(m.log.rows, func(a, b store.AuditEvent) int { return int(a.LogRows - b.LogRows) })
	for {
		earlier := m.log.earlier[m.IntN(len(m.log.earlier))]
		chain := earlier[m.IntN(len(earlier))]
		if chain.Chain == latest.Chain || bytes.Equal(chain.MAC, m.log.chains[chain.Chain].MAC) {
			continue
		}

		m.says("the head of chain %d at length %d is brought back", chain.Chain, chain.Length)
		m.exec(`DELETE FROM audit_events WHERE chain = ? AND place > ?`, chain.Chain, chain.Length)
		m.exec(`DELETE FROM audit_chains WHERE chain = ?`, chain.Chain)
		m.insertChain(chain)

		return
	}
}

// restoreOldSeal brings back the seals as they were before the last one, all of them or the one that has changed.
func (m *mutation) restoreOldSeal() {
	old := m.log.oldSeals[0]
	switch m.IntN(3) {
	case 0:
		m.says("the seals from before the last one are brought back")
		m.exec(`DELETE FROM audit_seals WHERE number > ?`, old.Number)
	case 1:
		m.says("the first seal is brought back as it was")
	case 2:
		m.says("the first seal is brought back as the last one")
		m.exec(`UPDATE audit_seals SET heads = ?, mac = ? WHERE number = ?`, old.Heads, old.MAC, len(m.log.seals))
		return
	}

	m.exec(`UPDATE audit_seals SET key_id = ?, wrapped_key = ?, mac = ? WHERE number = ?`,
		old.KeyID, old.WrappedKey, old.MAC, old.Number)
	if m.IntN(2) == 0 {
		m.exec(`UPDATE audit_chains SET seal = ?`, old.Number)
	}
}

// forgeWithoutKey writes rows behind the end of a chain as a program without keys did, and moves the head; or it
// removes every seal and key.
func (m *mutation) forgeWithoutKey() {
	chain := m.chain()
	if m.IntN(4) == 0 {
		m.says("all seals are removed")
		m.exec(`DELETE FROM audit_seals`)
		m.exec(`UPDATE audit_events SET seal = 0, log_rows = 0`)
		m.exec(`UPDATE audit_chains SET seal = 0, log_rows = 0, mac = ?`, []byte{})

		return
	}

	m.says("a row without a key is appended to chain %d", chain.Chain)
	row := auditEvent("portal_ops")
	row.Chain = chain.Chain
	row.Place = chain.Length + 1
	row.RehashForTest(nil, chain.Hash)
	m.insert(row)
	m.exec(`UPDATE audit_chains SET length = ?, hash = ? WHERE chain = ?`, row.Place, row.Hash, row.Chain)
}

// forgeFrom changes a row and computes the hashes of all rows from there to the end of the chain, with a wrong key, or
// without one, for those rows that have one.
func (m *mutation) forgeFrom() {
	first := m.row()
	key := [][]byte{nil, []byte("guessed")}[m.IntN(2)]
	m.says("chain %d is computed again from row %d on, with the key %q", first.Chain, first.Place, key)
	hash := m.before(first.Chain, first.Place).Hash
	keepsSeal := m.IntN(2) == 0
	for _, row := range m.log.rows {
		if row.Chain != first.Chain || row.Place < first.Place {
			continue
		}

		if row.Place == first.Place {
			row.AccountID = "another"
		}
		if !keepsSeal && key == nil {
			row.Seal = 0
			row.LogRows = 0
		}

		if row.Seal == 0 {
			row.RehashForTest(nil, hash)
		} else {
			row.RehashForTest(key, hash)
		}

		hash = row.Hash
		m.exec(`UPDATE audit_events SET account_id = ?, seal = ?, log_rows = ?, hash = ? WHERE event_id = ?`,
			row.AccountID, row.Seal, row.LogRows, row.Hash, row.EventID)
	}

	m.exec(`UPDATE audit_chains SET hash = ? WHERE chain = ?`, hash, first.Chain)
}
