package registerclient

import "time"

// Contact is an e-mail address or a passkey on an identity record, as an administrator sees it.
type Contact struct {
	ContactStanding

	MPxN string `json:"mpxn"`
	// Address is masked; nil if the contact is a passkey.
	Address *string `json:"address,omitzero"`
	// PasskeyName is the device that the passkey is on; nil if the contact is an address.
	PasskeyName *string `json:"passkey-name,omitzero"`
	AccountID   string  `json:"account-id"`
	IR          string  `json:"ir"`
	// Replaces is the contact that this one replaces once it stands; nil if there is none.
	Replaces *string `json:"replaces,omitzero"`
	// Letters is how many rounds of letters about the contact were written.
	Letters int `json:"letters"`
	// ToldAt is when the standing addresses had been told of the contact; nil if they have not, or there was no need.
	ToldAt *time.Time `json:"told-at"`
}

// ListContactsResponse lists the contacts of a meter point, of all Data Users and households, oldest first.
type ListContactsResponse struct {
	Response ResponseMetadata `json:"response"`
	Contacts []Contact        `json:"contacts"`
}

// ContactDecisionRequest says why an administrator decides about a contact. The reason is kept in the audit log: it
// must hold no personal data.
type ContactDecisionRequest struct {
	Reason string `json:"reason"`
}

// ContactResponse is a contact.
type ContactResponse struct {
	Response ResponseMetadata `json:"response"`
	Contact  Contact          `json:"contact"`
}

// AlarmKind is what an alarm is about.
type AlarmKind string

// The kinds of alarms.
const (
	// AlarmObjections is that of an account about which unusually many letters were answered with "not me".
	AlarmObjections AlarmKind = "objections"
	// AlarmFirstContacts is that of an account whose contacts were the first at unusually many meter points in a day.
	AlarmFirstContacts AlarmKind = "first-contacts"
)

// Alarm is something about an account that an administrator should look into. It stops nothing.
type Alarm struct {
	Alarm     string    `json:"alarm"`
	AccountID string    `json:"account-id"`
	Kind      AlarmKind `json:"kind"`
	// Day is a day in London.
	Day      Date      `json:"day"`
	RaisedAt time.Time `json:"raised-at"`
}

// ListAlarmsResponse is a page of the alarms, newest first.
type ListAlarmsResponse struct {
	Response ResponseMetadata `json:"response"`
	Alarms   []Alarm          `json:"alarms"`
	// Total is exact up to 10,000; if there are more, it is 10,000 and TotalIsAtLeast is true.
	Total          int    `json:"total"`
	TotalIsAtLeast bool   `json:"total-is-at-least,omitzero"`
	NextCursor     string `json:"next-cursor,omitzero"`
}
