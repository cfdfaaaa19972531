package rules

import (
	"fmt"

	"central.consent/dar/registerclient"
)

// privacyNotice checks that an access record has the privacy notice that the customer was shown if it rests on consent,
// and none otherwise: one notice that the controllers share, or one for each.
func (k *Checks) privacyNotice(in *registerclient.AccessRecord) {
	consent := in.Processing.LegalBasis.Consent()
	notice := in.Notice
	if notice == nil {
		if consent {
			k.Add("notice", "is required if the legal basis is consent.")
		}
		return
	}

	if !consent {
		k.Add("notice", "must be null if the legal basis is not consent.")
		return
	}
	if (notice.SharedNotice == nil) == (notice.Notices == nil) {
		k.Add("notice", "must have either shared-notice or notices.")
	}

	if shared := notice.SharedNotice; shared != nil {
		k.noticeDetail("notice.shared-notice.", *shared)
	}
	if notice.Notices != nil {
		k.controllerNotices(notice.Notices, in.RecordMetadata.ControllerArrangement)
	}
}

// controllerNotices checks that each controller of a joint arrangement has one notice.
func (k *Checks) controllerNotices(
	notices []registerclient.ControllerNotice, arrangement registerclient.ControllerArrangement,
) {
	const field = "notice.notices"
	if arrangement.ArrangementType != registerclient.ArrangementJoint {
		k.Add(field, "is for a joint arrangement only.")
	}

	missing := map[string]bool{}
	for _, controller := range arrangement.Controllers {
		missing[controller.Name] = true
	}

	for i, notice := range notices {
		at := fmt.Sprintf("%s[%d].", field, i)
		if !missing[notice.ControllerName] {
			k.Add(at+"controller-name", "must be the name of a controller, each once.")
		}
		delete(missing, notice.ControllerName)

		k.noticeDetail(at, registerclient.NoticeDetail{
			TermsURL:       notice.TermsURL,
			NoticeVersion:  notice.NoticeVersion,
			NoticeLanguage: notice.NoticeLanguage,
		})
	}

	if len(missing) > 0 || len(notices) < 2 {
		k.Add(field, "must have one notice for each controller, and at least two.")
	}
}

func (k *Checks) noticeDetail(field string, notice registerclient.NoticeDetail) {
	k.link(field+"terms-url", notice.TermsURL)
	k.required(field+"notice-version", notice.NoticeVersion, 50)
	if notice.NoticeLanguage != "" {
		k.pattern(field+"notice-language", notice.NoticeLanguage, patternLang,
			"must be a language's two letters, as en.")
	}
}
