package rules

import (
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The length of a list that a customer's token opens. It is given once, in one answer: if it could grow without bound,
// enough accounts together could make it too long to read.
const (
	// listedPerAccount is how many records of one account a list holds.
	listedPerAccount = 100
	// listBytes is what the documents of all records of a list may hold, in bytes, and listBytesPerAccount those of one
	// account. A client of the register reads 32 MiB.
	listBytes           = 16 << 20
	listBytesPerAccount = 512 << 10
)

// accountShare is what of a list belongs to one account.
type accountShare struct {
	records, bytes, omitted int
}

// take adds a record of this many bytes unless the share is used up.
func (a *accountShare) take(bytes, most int) bool {
	if a.records > 0 && (a.records >= listedPerAccount || a.bytes+bytes > most) {
		return false
	}

	a.records++
	a.bytes += bytes

	return true
}

// shortenList returns the rows that a customer's list holds, in their order, and how many it leaves out by account. Of
// each account, active records come first, then the newest. The first record of an account is always listed.
func shortenList(
	rows []store.ListedRecord, isActive func(row store.ListedRecord) bool,
) (kept []store.ListedRecord, leftOut []registerclient.LeftOutRecords) {
	shares := map[string]*accountShare{}
	for _, row := range rows {
		shares[row.AccountID] = &accountShare{}
	}

	most := min(listBytesPerAccount, listBytes/max(len(shares), 1))
	listed := make(map[string]bool, len(rows))
	for _, active := range []bool{true, false} {
		for _, row := range rows {
			size := len(row.Record) + len(row.Amendments)
			if isActive(row) == active && shares[row.AccountID].take(size, most) {
				listed[row.AK] = true
			}
		}
	}

	var accounts []string
	for _, row := range rows {
		if listed[row.AK] {
			kept = append(kept, row)
			continue
		}

		share := shares[row.AccountID]
		if share.omitted == 0 {
			accounts = append(accounts, row.AccountID)
			leftOut = append(leftOut, registerclient.LeftOutRecords{DataUserName: row.DataUserName})
		}
		share.omitted++
	}

	for i, account := range accounts {
		leftOut[i].Records = shares[account].omitted
	}

	return kept, leftOut
}
