package views

import (
	"net/url"
	"strconv"
	"time"
)

// SeveralPage is WithdrawPage for several records at once.
type SeveralPage struct {
	Page
	MeterPoint MeterPoint
	Records    []Record
	// Reasons are the reasons that a customer may give, as the ends of their text keys. No reason is needed.
	Reasons []string
	// Filter is how the list was narrowed. The way back keeps it.
	Filter Filter
}

// StoppedPage is WithdrawnPage for several records at once.
type StoppedPage struct {
	Page
	MeterPoint MeterPoint
	Outcomes   []Outcome
	// Filter is how the list was narrowed. The way back keeps it.
	Filter Filter
}

// The reasons why a record was not stopped, as the ends of their text keys.
const (
	failureEnded      = "over"       // it had ended already
	failureUnanswered = "unanswered" // the register did not answer, and may do so next time
)

// Outcome says what happened to one of several records.
type Outcome struct {
	Record Record
	// Failure is empty if the record was stopped, else over, refused or unanswered: the end of its text key.
	Failure string
	// At is when the register ended the access.
	At time.Time
	// Reference finds the withdrawal at the register.
	Reference string
	// Erasure says that the customer also asked for erasure.
	Erasure  bool
	Delivery DeliveryStatus
}

func (m SeveralPage) title() string { return m.Text.N("several.title", len(m.Records)) }

// urlWithout is the same page without one of the records. Without the last record it is the list.
func (m SeveralPage) urlWithout(i int) string {
	if len(m.Records) == 1 {
		return m.listURL(m.Filter)
	}

	values := m.Filter.Values()
	for j, r := range m.Records {
		if j != i {
			values.Add("record", r.Handle)
		}
	}

	return m.recordsURL() + "/several?" + values.Encode()
}

func (m StoppedPage) title() string {
	stopped := m.stopped()
	switch stopped {
	case len(m.Outcomes):
		return m.Text.N("stopped.all", stopped)
	case 0:
		return m.Text.T("stopped.none")
	}

	return m.Text.T("stopped.some", "Done", strconv.Itoa(stopped), "Count", strconv.Itoa(len(m.Outcomes)))
}

// allStopped says that every record was stopped.
func (m StoppedPage) allStopped() bool { return m.stopped() == len(m.Outcomes) }

// stopped is the number of records that were stopped.
func (m StoppedPage) stopped() int {
	count := 0
	for _, o := range m.Outcomes {
		if o.Failure == "" {
			count++
		}
	}

	return count
}

// headings are the names of the records, in the order of the outcomes.
func (m StoppedPage) headings() []string {
	records := make([]Record, len(m.Outcomes))
	for i, o := range m.Outcomes {
		records[i] = o.Record
	}

	return numberedNames(m.Text, records)
}

// retryable are the handles of the records that the customer can try to stop again.
func (m StoppedPage) retryable() []string {
	var handles []string
	for _, o := range m.Outcomes {
		if o.Failure == failureUnanswered {
			handles = append(handles, o.Record.Handle)
		}
	}

	return handles
}

// retryURL leads to the review of the records that can be tried again.
func (m StoppedPage) retryURL() string {
	address := m.recordsURL() + "/several?" + url.Values{"record": m.retryable()}.Encode()
	if values := m.Filter.Values(); len(values) > 0 {
		address += "&" + values.Encode()
	}

	return address
}

// backKind is the kind of the button that leads back. Trying again, if the page offers it, is the main action.
func (m StoppedPage) backKind() string {
	if len(m.retryable()) > 0 {
		return "second"
	}
	return ""
}
