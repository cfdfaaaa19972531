package rules_test

import (
	"testing"

	"central.consent/dar/registerclient"
)

// A consent has one privacy notice for all controllers, or in a joint arrangement one for each.
func TestNoticeCheck(t *testing.T) {
	t.Parallel()
	noticed := func(
		arrangement registerclient.ArrangementType, controllers ...string,
	) func(in *registerclient.AccessRecord) {
		return func(in *registerclient.AccessRecord) {
			a := &in.RecordMetadata.ControllerArrangement
			a.ArrangementType = arrangement
			other := registerclient.ControllerJoint
			if arrangement == registerclient.ArrangementGroup {
				other = registerclient.ControllerMember
			}
			a.Controllers = []registerclient.Controller{
				{Name: "A", Role: registerclient.ControllerLead, ContactURL: "https://a.example"},
				{Name: "B", Role: other, ContactURL: "https://b.example"},
			}

			in.Notice.SharedNotice = nil
			in.Notice.Notices = []registerclient.ControllerNotice{}
			for _, name := range controllers {
				in.Notice.Notices = append(in.Notice.Notices, registerclient.ControllerNotice{
					ControllerName: name, TermsURL: "https://example.org/terms", NoticeVersion: "1",
				})
			}
		}
	}

	const notices = "invalid VAL001 notice.notices"
	checkRecords(t, []recordCheck{
		{"one each", "", noticed("joint", "B", "A"), ""},
		{"one missing", "", noticed("joint", "A"), notices},
		{"one twice", "", noticed("joint", "A", "A"), notices + "[1].controller-name notice.notices"},
		{"of another", "", noticed("joint", "A", "B", "C"), notices + "[2].controller-name"},
		{"none", "", noticed("joint"), notices},
		{"in a group", "", noticed("group", "A", "B"), notices},
		{"both forms", "", func(in *registerclient.AccessRecord) {
			shared := in.Notice.SharedNotice
			noticed("joint", "A", "B")(in)
			in.Notice.SharedNotice = shared
		}, "invalid VAL001 notice"},
		{"neither form", "", func(in *registerclient.AccessRecord) {
			in.Notice.SharedNotice = nil
		}, "invalid VAL001 notice"},
		{"shared", "", func(in *registerclient.AccessRecord) {
			*in.Notice.SharedNotice = registerclient.NoticeDetail{TermsURL: "ftp://a", NoticeLanguage: "eng"}
		}, "invalid VAL001 notice.shared-notice.terms-url notice.shared-notice.notice-version " +
			"notice.shared-notice.notice-language"},
	})
}
