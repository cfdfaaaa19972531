package registerclient

// ImportLine is one line of an import: an access record, and its identity record if there is none yet. It has exactly
// one of IdentityRecord and the access record's identity-record-ref.
type ImportLine struct {
	// ImportReference is chosen by the sender and unique among all lines that its account ever imports. It makes an
	// import idempotent: a line that is sent again changes nothing. At most 255 characters.
	ImportReference string                       `json:"import-reference"`
	IdentityRecord  *CreateIdentityRecordRequest `json:"identity-record,omitzero"`
	AccessRecord    AccessRecord                 `json:"access-record"`
}

// ImportResponse is the result of an import.
type ImportResponse struct {
	Response ResponseMetadata `json:"response"`
	// Lines counts the lines that are not blank. It is the sum of Imported, Known and Refused.
	Lines    int `json:"lines"`
	Imported int `json:"imported"`
	// Known counts the lines that had been imported before, with the same content.
	Known   int `json:"known"`
	Refused int `json:"refused"`
	// Errors lists the first thousand mistakes.
	Errors []ImportError `json:"errors"`
}

// ImportError is one mistake in one line. Lines are counted from 1.
type ImportError struct {
	Line int `json:"line"`
	ErrorDetail
}
