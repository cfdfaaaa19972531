package store

import "time"

// The states of an access record. A row past its expiry may still say StateActive: AccessRecord.StateAt tells.
const (
	StateActive  = "ACTIVE"
	StateExpired = "EXPIRED"
	StateRevoked = "REVOKED"
)

// StateAt returns the record's state at a moment. A record expires at its expiry, whether its row says so or not.
func (r AccessRecord) StateAt(now time.Time) string {
	if r.State == StateActive && r.Expiry != nil && !now.Before(r.Expiry.Time()) {
		return StateExpired
	}

	return r.State
}

// ActiveAt reports whether the record is active at a moment. The statements say the same in activeRecord.
func (r AccessRecord) ActiveAt(now time.Time) bool { return r.StateAt(now) == StateActive }
