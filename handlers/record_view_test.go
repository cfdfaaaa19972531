package handlers

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

func TestRecordState(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) *time.Time { return point(now.Add(d)) }
	const day = 24 * time.Hour
	type summaryChange = func(*registerclient.AccessRecordSummary)
	expires := func(d time.Duration) summaryChange {
		return func(s *registerclient.AccessRecordSummary) { s.Expiry = at(d) }
	}
	revokedBy := func(by *registerclient.RevokedBy) summaryChange {
		return func(s *registerclient.AccessRecordSummary) {
			s.State = registerclient.StateRevoked
			s.RevokedAt = at(-time.Hour)
			s.RevokedBy = by
		}
	}
	ofStatus := func(status registerclient.DataUserStatus, expiry time.Duration) summaryChange {
		return func(s *registerclient.AccessRecordSummary) {
			s.DataUserStatus = &status
			s.Expiry = at(expiry)
		}
	}
	hasBasis := func(basis *registerclient.LegalBasis) summaryChange {
		return func(s *registerclient.AccessRecordSummary) { s.LegalBasis = basis }
	}
	expired := func(s *registerclient.AccessRecordSummary) {
		s.State = registerclient.StateExpired
		s.Expiry = at(-day)
	}

	customer := point(registerclient.RevokedByCustomer)
	organisation := point(registerclient.RevokedByOrganisation)
	explicit := point(registerclient.BasisExplicitConsent)
	contract := point(registerclient.BasisContract)
	never := time.Time{}
	anHourAgo := now.Add(-time.Hour)
	for _, test := range []struct {
		name     string
		change   summaryChange
		want     views.RecordState
		ended    time.Time
		withdraw bool
	}{
		{"no end", func(*registerclient.AccessRecordSummary) {}, views.RecordActive, never, true},
		{"an end far off", expires(30*day + time.Second), views.RecordActive, never, true},
		{"30 days to go", expires(30 * day), views.RecordEndingSoon, never, true},
		{"a second to go", expires(time.Second), views.RecordEndingSoon, never, true},
		{"over this moment", expires(0), views.RecordExpired, now, false},
		{"expired", expired, views.RecordExpired, now.Add(-day), false},
		{"stopped", revokedBy(customer), views.RecordStopped, anHourAgo, false},
		{"closed", revokedBy(organisation), views.RecordClosed, anHourAgo, false},
		{"ended by an unknown party", revokedBy(nil), views.RecordClosed, anHourAgo, false},
		{"explicit consent", hasBasis(explicit), views.RecordActive, never, true},
		{"not by permission", hasBasis(contract), views.RecordActive, never, false},
		{"no legal basis", hasBasis(nil), views.RecordActive, never, false},
		{"of an active organisation", ofStatus(registerclient.DataUserActive, 90*day), views.RecordActive, never, true},
		{"of a suspended one", ofStatus(registerclient.DataUserSuspended, 90*day), views.RecordSuspended, never, true},
		{"of one that left", ofStatus(registerclient.DataUserTerminated, day), views.RecordLeft, never, true},
		{"of a suspended one, over", ofStatus(registerclient.DataUserSuspended, 0), views.RecordExpired, now, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := summary("Bright Energy Ltd")
			test.change(&s)
			got := recordView(heldRecord{Handle: "h", Summary: s}, now)
			if got.State != test.want || !got.EndedAt.Equal(test.ended) || got.CanWithdraw != test.withdraw {
				t.Errorf("got %s, ended %v, withdraw %v", got.State, got.EndedAt, got.CanWithdraw)
			}
		})
	}
}

func TestRecordView(t *testing.T) {
	t.Parallel()
	s := summary("Lead Ltd")
	s.ArrangementType = nil
	s.RegisteredAt = nil
	s.DataUserName = point("Agent Ltd")
	s.RegisteredBy = "Agent Ltd"
	s.RecordMetadata = &registerclient.RecordMetadata{
		CreatedAt: point(now.AddDate(0, -1, 0)),
		ControllerArrangement: registerclient.ControllerArrangement{
			ArrangementType: registerclient.ArrangementJoint,
			Controllers: []registerclient.Controller{
				{
					Name:             "Second Ltd",
					Role:             registerclient.ControllerJoint,
					ContactURL:       "javascript:alert(1)",
					PrivacyRightsURL: "https://second.example/rights",
				},
				{
					Name:               "Lead Ltd",
					Role:               registerclient.ControllerLead,
					ContactURL:         "https://lead.example/contact",
					PrivacyRightsURL:   "data:text/html,x",
					StatutoryReference: point("Energy Act 2023, s.147"),
					LIAReference:       point("LIA-1"),
					StorageConditions:  &registerclient.StorageConditions{Location: "GB", RetentionPeriod: "P2Y"},
				},
			},
		},
	}
	s.Notice = &registerclient.Notice{Notices: []registerclient.ControllerNotice{
		{
			ControllerName: "Lead Ltd",
			TermsURL:       "https://lead.example/privacy",
			NoticeVersion:  "1",
			NoticeLanguage: "cy",
		},
		{ControllerName: "Second Ltd", TermsURL: "file:///etc/passwd", NoticeVersion: "2"},
	}}
	got := recordView(heldRecord{Handle: "h", Summary: s}, now)
	want := views.Record{
		Handle:       "h",
		Organisation: "Lead Ltd",
		Arrangement:  "joint",
		DataUser:     "Agent Ltd",
		Registrant:   "Agent Ltd",
		State:        views.RecordActive,
		Controllers: []views.Controller{
			{Name: "Lead Ltd", Role: "lead", ContactURL: "https://lead.example/contact"},
			{Name: "Second Ltd", Role: "joint", PrivacyURL: "https://second.example/rights"},
		},
		Basis:     views.BasisConsent,
		Purpose:   "Analysis",
		Language:  "cy",
		Reference: "Energy Act 2023, s.147",
		DataTypes: []views.DataType{{Key: views.DataHalfHourlyUse}},
		Since:     now.AddDate(0, -1, 0),
		PrivacyNotices: []views.PrivacyNotice{
			{Controller: "Lead Ltd", URL: "https://lead.example/privacy", Version: "1"},
		},
		Storage:     &views.Storage{Country: "GB", Retention: "P2Y"},
		CanWithdraw: true,
	}
	if got, want := asJSON(t, got), asJSON(t, want); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	s.RegisteredBy = ""
	if got := recordView(heldRecord{Summary: s}, now).DataUser; got != "" {
		t.Errorf("a Data User who is the lead controller is named again: %q", got)
	}

	bare := recordView(
		heldRecord{Summary: registerclient.AccessRecordSummary{State: "NEW", DataUserName: point("Agent Ltd")}},
		now,
	)
	if bare.Organisation != "Agent Ltd" || bare.State != views.RecordActive || bare.CanWithdraw {
		t.Errorf("a record with nothing in it: %+v", bare)
	}
}

// An organisation changes its record to see more, for another purpose and without an end. The customer reads what the
// record said before, on the page and in the export.
func TestChangesAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ak := w.accessRecord(t, registerclient.BasisContract)
	w.register.Clock.Add(time.Hour)
	record := registertest.AccessRecord(w.ir, registerclient.BasisContract)
	record.Processing.DataTypes = []registerclient.DataType{
		registerclient.TariffImport,
		registerclient.HalfHourlyExport,
	}
	record.Processing.Purpose = "Selling what it learns"
	record.AccessEvent.Expiry = nil
	record.RecordMetadata.ControllerArrangement.Controllers[0].Name = "Brighter Energy Ltd"
	if _, err := w.dataUser.ReplaceAccessRecord(t.Context(), ak, record); err != nil {
		t.Fatal(err)
	}

	b := w.browser(t)
	b.start()
	b.prove()
	b.confirm()
	b.get("/portal/waiting/check")
	card := b.get("/portal/records").doc.Find(`.card:contains("Brighter Energy Ltd")`)
	words := strings.Join(strings.Fields(card.Text()), " ")
	table := b.get("/portal/records.csv").body
	for _, want := range []string{
		"Changed on 1 June 2026.",
		"Data added: What you send to the grid, every half hour.",
		"Data taken out: How much you use, every half hour.",
		"Before, it was in the name of Bright Energy Ltd.",
		"Before, it was to end on 14 January 2028.",
		"Before, it was for: “Energy efficiency analysis”",
	} {
		if !strings.Contains(strings.NewReplacer("\u2068", "", "\u2069", "").Replace(words), want) {
			t.Errorf("the card does not say %q: %s", want, words)
		}
		if !strings.Contains(table, want) {
			t.Errorf("the table does not say %q: %s", want, table)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}

	return string(text)
}
