package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// The list for programs: each value in words, with the register's code beside it if there is one.
type (
	jsonExport struct {
		Title      string         `json:"title"`
		Language   string         `json:"language"`
		ReadAt     time.Time      `json:"read-at"`
		MeterPoint jsonMeterPoint `json:"meter-point"`
		Answer     string         `json:"answer"`
		Shown      int            `json:"shown"`
		All        int            `json:"all"`
		Entries    []jsonEntry    `json:"entries"`
	}
	jsonMeterPoint struct {
		Number string `json:"number"`
		Fuel   string `json:"fuel"`
	}
	jsonWord struct {
		Code  string `json:"code,omitempty"`
		Words string `json:"words"`
	}
	jsonDataType struct {
		jsonWord
		Reveals string `json:"can-show"`
	}
	jsonRestart struct {
		On      time.Time `json:"on"`
		Stopped time.Time `json:"you-stopped-on"`
		Words   string    `json:"words"`
	}
	jsonRecipient struct {
		Name   string `json:"name"`
		Role   string `json:"role"`
		Notice string `json:"privacy-notice,omitempty"`
	}
	jsonNotice struct {
		Organisation string `json:"organisation"`
		Version      string `json:"version"`
		URL          string `json:"url"`
	}
	jsonController struct {
		Name    string `json:"name"`
		Role    string `json:"role,omitempty"`
		Contact string `json:"contact,omitempty"`
		Rights  string `json:"privacy-rights,omitempty"`
	}
	jsonEntry struct {
		Organisation string         `json:"organisation"`
		Status       jsonWord       `json:"status"`
		StillSeen    bool           `json:"still-seen-after-stop,omitempty"`
		Data         []jsonDataType `json:"data"`
		Reason       *jsonWord      `json:"reason"`
		Purpose      string         `json:"purpose,omitempty"`
		When         string         `json:"when"`
		Since        *time.Time     `json:"since"`
		Until        *time.Time     `json:"until"`
		Ended        *time.Time     `json:"ended"`
		Others       []string       `json:"responsible-with-it,omitempty"`
		Teller       string         `json:"registered-by,omitempty"`
		Reference    string         `json:"reference,omitempty"`
		Contact      string         `json:"contact,omitempty"`
		Changed      []string       `json:"changed,omitempty"`
		// StartedAgain is absent unless the customer had stopped access of the organisation shortly before.
		StartedAgain *jsonRestart     `json:"started-again,omitempty"`
		Renewed      *time.Time       `json:"renewed,omitempty"`
		Meaning      string           `json:"meaning,omitempty"`
		Recipients   []jsonRecipient  `json:"recipients,omitempty"`
		DataSource   string           `json:"data-source,omitempty"`
		Notices      []jsonNotice     `json:"privacy-notices,omitempty"`
		Responsible  []jsonController `json:"responsible,omitempty"`
		KeptWhere    string           `json:"kept-where,omitempty"`
		KeptLong     string           `json:"kept-long,omitempty"`
		// RegistrantStatus is absent while the organisation that registered the record takes part in the register.
		RegistrantStatus *jsonWord `json:"registered-by-status,omitempty"`
	}
)

func newJSONExport(v *visit, page views.RecordsPage, now time.Time) ([]byte, error) {
	fuel := "gas"
	if page.MeterPoint.Electricity {
		fuel = "electricity"
	}

	entries := page.Entries()
	list := jsonExport{
		Title:      page.Text.T("records.title"),
		Language:   page.Text.Lang(),
		ReadAt:     page.ReadAt,
		MeterPoint: jsonMeterPoint{Number: page.MeterPoint.Number, Fuel: fuel},
		Answer:     page.Answer(),
		Shown:      len(entries),
		All:        page.All().Len(),
		Entries:    make([]jsonEntry, len(entries)),
	}
	for i, entry := range entries {
		held := v.record(entry.Handle)
		if held == nil {
			return nil, errSessionEnded
		}

		list.Entries[i] = newJSONEntry(page, entry, *held, now)
	}

	var file bytes.Buffer
	encoder := json.NewEncoder(&file)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(list); err != nil {
		return nil, fmt.Errorf("export the list as JSON: %w", err)
	}

	return file.Bytes(), nil
}

func newJSONEntry(page views.RecordsPage, e views.Entry, held heldRecord, now time.Time) jsonEntry {
	entry := jsonEntry{
		Organisation: e.Organisation,
		Status:       jsonWord{Code: string(held.registerState(now)), Words: e.Status},
		StillSeen:    held.Summary.StillSeenAfterStop,
		Data:         make([]jsonDataType, len(e.Data)),
		Purpose:      e.Purpose,
		When:         e.When,
		Since:        nilIfZero(e.Since),
		Until:        nilIfZero(e.Until),
		Ended:        nilIfZero(e.Ended),
		Others:       e.Others,
		Teller:       e.DataUser,
		Reference:    e.Reference,
		Contact:      e.Contact,
		Changed:      e.Changed,
		Renewed:      nilIfZero(e.Renewed),
		Meaning:      e.Meaning,
		DataSource:   e.DataSource,
		KeptWhere:    e.KeptWhere,
		KeptLong:     e.KeptLong,
	}
	addOrganisations(page, &entry, e)

	codes := held.Summary.DataTypes
	if held.Summary.DiscoveredAccess != nil {
		codes = held.Summary.DiscoveredAccess.DataTypesObserved
	}

	for i, dataType := range e.Data {
		key := "records.data." + dataType.Key
		entry.Data[i] = jsonDataType{
			jsonWord: jsonWord{Code: string(codes[i]), Words: page.Text.T(key)},
			Reveals:  page.Text.T(key + ".reveals"),
		}
	}

	if e.Basis != "" {
		entry.Reason = &jsonWord{Code: string(value(held.Summary.LegalBasis)), Words: e.BasisName}
	}
	if e.RegistrantStatus != "" {
		entry.RegistrantStatus = &jsonWord{Code: string(value(held.Summary.DataUserStatus)), Words: e.Registrant}
	}

	return entry
}

// addOrganisations adds who is responsible, who gets the data and what the customer was told, and a restart.
func addOrganisations(page views.RecordsPage, entry *jsonEntry, e views.Entry) {
	if e.Restart != nil {
		entry.StartedAgain = &jsonRestart{On: e.Restart.On, Stopped: e.Restart.Stopped, Words: e.Restarted}
	}
	for _, recipient := range e.Recipients {
		entry.Recipients = append(entry.Recipients, jsonRecipient{
			Name: recipient.Name, Role: recipient.Role, Notice: recipient.PrivacyURL,
		})
	}
	for _, notice := range e.PrivacyNotices {
		entry.Notices = append(entry.Notices, jsonNotice{
			Organisation: notice.Controller, Version: notice.Version, URL: notice.URL,
		})
	}
	for _, controller := range e.Controllers {
		responsible := jsonController{
			Name: controller.Name, Contact: controller.ContactURL, Rights: controller.PrivacyURL,
		}
		if controller.Role != "" {
			responsible.Role = page.Text.T("records.role." + controller.Role)
		}

		entry.Responsible = append(entry.Responsible, responsible)
	}
}

// registerState returns the register's code for the state of the record at now.
func (h heldRecord) registerState(now time.Time) registerclient.AccessState {
	expired := h.Summary.Expiry != nil && !now.Before(*h.Summary.Expiry)
	if h.Summary.State == registerclient.StateActive && expired {
		return registerclient.StateExpired
	}

	return h.Summary.State
}

func nilIfZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
