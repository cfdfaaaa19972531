package rules

import (
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The length of a list that a customer's token opens. It is given once, in one answer: if it could grow without bound,
// enough accounts together could make it too long to read.
const (
	// listedPerAccount is how many records of one account a list holds, unless more are active.
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

// hasRoom reports whether another record of this many bytes fits.
func (a accountShare) hasRoom(bytes, most int) bool {
	return a.records == 0 || a.records < listedPerAccount && a.bytes+bytes <= most
}

func (a *accountShare) add(bytes int) {
	a.records++
	a.bytes += bytes
}

// shortenList returns the rows that a customer's list holds, in their order, and how many it leaves out by account. It
// never leaves out an active record: an account could otherwise hide one from the customer behind others. Of those that
// have ended it lists the newest of each account. The first record of an account is always listed.
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
			share := shares[row.AccountID]
			size := len(row.Record) + len(row.Amendments)
			if isActive(row) == active && (active || share.hasRoom(size, most)) {
				share.add(size)
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
