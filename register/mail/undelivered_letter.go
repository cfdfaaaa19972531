package mail

import (
	"time"

	"central.consent/dar/views/i18n"
)

// UndeliveredDetails is the content of an Undelivered letter.
type UndeliveredDetails struct {
	// Language is "en" or "cy". Any other value means unknown, and the letter is in both languages.
	Language string
	// Event is the type of the event, such as consent.withdrawal. EventID and WebhookID are the ids of the API.
	Event, EventID, WebhookID string
	// Host is the host of the endpoint, without its path: a path may contain a secret.
	Host string
	// Attempts is the number of attempts, Since the time of the first one.
	Attempts int
	Since    time.Time
	// Reason is why the last attempt failed, in a few words.
	Reason string
	// List and Redeliver are the full URLs of the API calls that list the deliveries and repeat this one.
	List, Redeliver string
}

// Undelivered writes the letter that tells the engineers of a Data User that the register has stopped trying to
// deliver an event. Its texts are mail.undelivered.* in views/i18n.
func Undelivered(d UndeliveredDetails) Message {
	event := clean(d.Event, 60)
	host := clean(d.Host, 253)

	return render(d.Language, func(text *i18n.Printer) letter {
		return letter{
			subject: text.T("mail.undelivered.subject", "Event", event, "Host", host),
			title:   text.T("mail.undelivered.title"),
			blocks: []block{
				{paragraph: text.N("mail.undelivered.body", d.Attempts)},
				{facts: []fact{
					{text.T("mail.fact.event"), event},
					{text.T("mail.fact.event-id"), clean(d.EventID, 100)},
					{text.T("mail.fact.webhook"), clean(d.WebhookID, 100)},
					{text.T("mail.fact.endpoint"), host},
					{text.T("mail.fact.since"), ukTime(text, d.Since)},
					{text.T("mail.fact.reason"), clean(d.Reason, 200)},
				}},
				{heading: text.T("mail.undelivered.again")},
				{paragraph: text.T("mail.undelivered.list")},
				{code: "GET " + clean(d.List, 500)},
				{paragraph: text.T("mail.undelivered.redeliver")},
				{code: "POST " + clean(d.Redeliver, 500)},
				{paragraph: text.T("mail.undelivered.same")},
			},
			footer: []string{text.T("mail.undelivered.why"), text.T("mail.no-reply")},
		}
	})
}
