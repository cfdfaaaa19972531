package store

import (
	"context"
	"slices"
	"time"
)

// The verdicts about an approval.
const (
	Approved = "approved"
	Refused  = "refused"
)

// Approval is a request of an administrator that another one has to approve.
type Approval struct {
	ID          string `db:"approval"`
	Action      string `db:"action"`
	Parameters  string `db:"parameters"` // JSON
	Reason      string `db:"reason"`
	RequestedBy string `db:"requested_by"`
	RequestedAt Millis `db:"requested_at"`
	ExpiresAt   Millis `db:"expires_at"`
	// Verdict is empty before a decision.
	Verdict string `db:"verdict"`
	// DecidedBy is empty for the command line on the register's host.
	DecidedBy string  `db:"decided_by"`
	DecidedAt *Millis `db:"decided_at"`
	UsedAt    *Millis `db:"used_at"`
	// FinishedAt is when the last page was read, and Position where the next one begins.
	FinishedAt *Millis `db:"finished_at"`
	Position   string  `db:"position"`
	// Seq is set when approvals are listed.
	Seq int64 `db:"seq"`
}

const approvalColumns = `approval, action, parameters, reason, requested_by, requested_at, expires_at, verdict,
	decided_by, decided_at, used_at, finished_at, position`

// activeAdministrator is true of an account that may decide.
const activeAdministrator = `role = 'admin' AND status = 'active'`

// InsertApproval adds a request that waits for a verdict.
func (t *Tx) InsertApproval(ctx context.Context, a Approval) error {
	return t.insert(ctx, "insert an approval", `INSERT INTO approvals (approval, action, parameters, reason,
		requested_by, requested_at, expires_at)
		VALUES (:approval, :action, :parameters, :reason, :requested_by, :requested_at, :expires_at)`, a)
}

// FindApproval finds an approval by its key; ErrNotFound.
func (r reader) FindApproval(ctx context.Context, id string) (Approval, error) {
	return queryRow[Approval](ctx, r.db, "find an approval",
		`SELECT `+approvalColumns+` FROM approvals WHERE approval = ?`, id)
}

// ListOpenApprovals lists the requests of an administrator that can still be approved or used, newest first.
func (r reader) ListOpenApprovals(ctx context.Context, requestedBy string, now time.Time) ([]Approval, error) {
	return queryRows[Approval](ctx, r.db, "list open approvals", `SELECT `+approvalColumns+` FROM approvals
		WHERE requested_by = ? AND expires_at > ? AND verdict <> 'refused' AND used_at IS NULL
		ORDER BY requested_at DESC, seq DESC`, requestedBy, Millis(now))
}

// ListApprovals lists a page of the approvals, newest first, and returns how many there are.
func (r reader) ListApprovals(ctx context.Context, page Page) ([]Approval, Total, error) {
	approvals := list{columns: approvalColumns + `, seq`, from: `approvals`, at: "requested_at", seq: "seq"}

	return queryPage[Approval](ctx, r.db, approvals, conditions{}, page)
}

// CountAdministrators returns how many administrators are active.
func (r reader) CountAdministrators(ctx context.Context) (int, error) {
	return queryRow[int](ctx, r.db, "count administrators", `SELECT COUNT(*) FROM accounts WHERE `+activeAdministrator)
}

// DecideApproval sets the verdict of a request that has none and has not expired. The administrator must be active and
// not the one who asked. It returns false if one of these does not hold.
func (t *Tx) DecideApproval(ctx context.Context, id, verdict, by string, now time.Time) (bool, error) {
	return t.execOne(ctx, "decide an approval", `UPDATE approvals SET verdict = ?, decided_by = ?, decided_at = ?
		WHERE approval = ? AND verdict = '' AND expires_at > ? AND requested_by <> ?
		AND EXISTS (SELECT 1 FROM accounts WHERE account_id = ? AND `+activeAdministrator+`)`,
		verdict, by, Millis(now), id, Millis(now), by, by)
}

// DecideApprovalOnHost is DecideApproval for the command line on the register's host. It may refuse always, and approve
// only if fewer than two administrators are active.
func (t *Tx) DecideApprovalOnHost(ctx context.Context, id, verdict string, now time.Time) (bool, error) {
	return t.execOne(ctx, "decide an approval", `UPDATE approvals SET verdict = ?, decided_by = '', decided_at = ?
		WHERE approval = ? AND verdict = '' AND expires_at > ?
		AND (CAST(? AS TEXT) = 'refused' OR (SELECT COUNT(*) FROM accounts WHERE `+activeAdministrator+`) < 2)`,
		verdict, Millis(now), id, Millis(now), verdict)
}

// ApprovalUse is one use of an approval.
type ApprovalUse struct {
	ID, RequestedBy, Action, Parameters string
	// After is where the page of a list begins, and Next where the page after it does; empty if there is none. An
	// approval for anything else is finished by its first use.
	After, Next string
}

// UseApproval uses an approval for what it was asked for. A list is read once, each page after the one before. The
// administrator who approved must still be active. It returns false if the approval does not allow the use.
func (t *Tx) UseApproval(ctx context.Context, use ApprovalUse, now time.Time) (bool, error) {
	var finished *Millis
	if use.Next == "" {
		finished = new(Millis(now))
	}

	return t.execOne(ctx, "use an approval", `UPDATE approvals SET used_at = COALESCE(used_at, ?), finished_at = ?,
		position = ?
		WHERE approval = ? AND requested_by = ? AND action = ? AND parameters = ? AND verdict = 'approved'
		AND expires_at > ? AND (used_at IS NULL OR finished_at IS NULL AND position = ?)
		AND (decided_by = '' OR EXISTS (SELECT 1 FROM accounts WHERE account_id = decided_by AND `+
		activeAdministrator+`))`,
		Millis(now), finished, use.Next, use.ID, use.RequestedBy, use.Action, use.Parameters, Millis(now), use.After)
}

// NoteReads notes the access records that an administrator is shown, and returns how many different ones it was shown
// since a moment, these included. Other transactions of the administrator wait.
func (t *Tx) NoteReads(
	ctx context.Context, accountID string, aks []string, now, since time.Time,
) (shown int, err error) {
	_, err = queryRow[string](ctx, t.db, "hold an administrator",
		`SELECT account_id FROM accounts WHERE account_id = ?`+t.forUpdate(), accountID)
	if err != nil {
		return 0, err
	}

	_, err = t.exec(ctx, "delete old reads of an administrator",
		`DELETE FROM administrator_reads WHERE account_id = ? AND read_at <= ?`, accountID, Millis(since))
	if err != nil {
		return 0, err
	}

	for batch := range slices.Chunk(aks, rowsPerInsert) {
		var args []any
		for _, ak := range batch {
			args = append(args, accountID, ak, Millis(now))
		}

		_, err = t.exec(ctx, "note reads of an administrator", `INSERT INTO administrator_reads
			(account_id, ak, read_at) VALUES `+placeholders(len(batch), 3)+`
			ON CONFLICT (account_id, ak) DO NOTHING`, args...)
		if err != nil {
			return 0, err
		}
	}

	return queryRow[int](ctx, t.db, "count reads of an administrator",
		`SELECT COUNT(*) FROM administrator_reads WHERE account_id = ?`, accountID)
}
