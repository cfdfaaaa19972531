package views

import "time"

// RecordsPage is who has access to one meter point's data.
type RecordsPage struct {
	Page
	MeterPoint MeterPoint
	// ReadAt is when the list was read from the register.
	ReadAt time.Time
	// Discovered are organisations that the DCC saw and that never registered.
	Discovered []Discovered
	// Active can read data now; Ended could once.
	Active []Record
	Ended  []Record
	// Return is nil where nobody sent the customer.
	Return *ReturnLink
	// Filter narrows the list, and Found is what it lets through: nil where nothing is narrowed. States and Reasons
	// are the choices that let something through.
	Filter          Filter
	Found           *List
	States, Reasons []Option
}

// List is who has access, in the three groups of the page.
type List struct {
	Discovered []Discovered
	Active     []Record
	Ended      []Record
}

// Len is how many records that are.
func (l List) Len() int { return len(l.Discovered) + len(l.Active) + len(l.Ended) }

// All is the whole list, whatever the filter says.
func (m RecordsPage) All() List { return List{m.Discovered, m.Active, m.Ended} }

// Shown is what the page lists.
func (m RecordsPage) Shown() List {
	if m.Found != nil {
		return *m.Found
	}
	return m.All()
}

// Discovered is one organisation that reads the meter's data without a record of why.
type Discovered struct {
	// Handle names it in this session's addresses, as a record's does.
	Handle       string
	Organisation string
	// Reference is its Smart Energy Code reference: SEC-OU-00429.
	Reference string
	FirstSeen time.Time
	LastSeen  time.Time
	DataTypes []DataType
}

// DataType is one kind of data, by the end of its text keys: records.data.<Key> is its name,
// records.data.<Key>.reveals what it can tell about a household.
type DataType struct{ Key string }

// The keys of the kinds of data. DataOther stands for one that this portal has no words for yet.
const (
	DataHalfHourlyUse    = "half-hourly-use"
	DataHalfHourlyExport = "half-hourly-export"
	DataMonthlyUse       = "monthly-use"
	DataMonthlyExport    = "monthly-export"
	DataYearlyUse        = "yearly-use"
	DataYearlyExport     = "yearly-export"
	DataPriceOfUse       = "price-of-use"
	DataPriceOfExport    = "price-of-export"
	DataOther            = "other"
)

// RecordState is how a record stands, and the end of its text keys.
type RecordState string

const (
	RecordActive     RecordState = "active"
	RecordEndingSoon RecordState = "ending" // active, 30 days or less to go
	RecordExpired    RecordState = "expired"
	// RecordStopped was withdrawn by the customer; RecordClosed by the organisation.
	RecordStopped RecordState = "stopped"
	RecordClosed  RecordState = "closed"
)

// Basis is the ground that an organisation claims, and the end of its text keys.
type Basis string

// The grounds. BasisOther stands for one that this portal has no words for yet.
const (
	BasisConsent             Basis = "consent"
	BasisExplicitConsent     Basis = "explicit-consent"
	BasisContract            Basis = "contract"
	BasisLegalObligation     Basis = "legal-obligation"
	BasisPublicTask          Basis = "public-task"
	BasisLegitimateInterests Basis = "legitimate-interests"
	BasisOther               Basis = "other"
)

// Record is one organisation's access.
type Record struct {
	// Handle names the record in this session's addresses; it tells nothing outside the session.
	Handle string
	// Organisation is the sole or lead controller.
	Organisation string
	// Arrangement is sole, joint or group, and the end of its text keys.
	Arrangement string
	// Controllers are all who are responsible, the lead first.
	Controllers []Controller
	// DataUser is the organisation that registered the record, where it is not itself a controller.
	DataUser string
	State    RecordState
	Basis    Basis
	// Purpose is in the organisation's own words, and Language what it wrote them in, as its notice says;
	// empty means English.
	Purpose  string
	Language string
	// Reference is the law or assessment that it names; may be empty.
	Reference string
	DataTypes []DataType
	Since     time.Time
	// Until is zero where no end was set.
	Until time.Time
	// EndedAt is when an ended record ended.
	EndedAt time.Time
	Notices []Notice
	// Storage is where and how long the data is kept; nil where the organisation did not say.
	Storage *Storage
	// Earlier says that somebody who lived here before gave it, and that it is still active.
	Earlier bool
	// Changes are what the organisation has changed since it registered, the newest first.
	Changes []Change
	// CanWithdraw says that the customer may stop this access here.
	CanWithdraw bool
}

// Change is one change of a record. What it said before is empty where it stayed as it was.
type Change struct {
	At             time.Time
	Added, Removed []DataType
	// Organisation was the sole or lead controller, Basis the ground, and Purpose in the organisation's own words.
	Organisation string
	Basis        Basis
	Purpose      string
	// EndMoved says that another end was set than Until, which is zero where there was none.
	EndMoved bool
	Until    time.Time
}

// Controller is one responsible organisation. Role is sole, lead, joint or member.
type Controller struct {
	Name       string
	Role       string
	ContactURL string
	// PrivacyURL is where its customers use their data rights; may be empty.
	PrivacyURL string
}

// Notice is a privacy notice that the customer was shown. Controller is empty where one notice speaks for all.
type Notice struct {
	Controller string
	URL        string
	Version    string
}

// Storage is where data is kept, and for how long (an ISO 8601 duration, as P2Y).
type Storage struct {
	Country   string
	Retention string
}
