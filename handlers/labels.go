package handlers

import (
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// The register's codes and the ends of the text keys that stand for them. No customer ever sees a code; a
// test holds these tables against every value in registerclient/types.go.
var (
	dataTypeLabels = map[registerclient.DataType]string{
		registerclient.HalfHourlyConsumption: views.DataHalfHourlyUse,
		registerclient.HalfHourlyExport:      views.DataHalfHourlyExport,
		registerclient.MonthlyConsumption:    views.DataMonthlyUse,
		registerclient.MonthlyExport:         views.DataMonthlyExport,
		registerclient.AnnualConsumption:     views.DataYearlyUse,
		registerclient.AnnualExport:          views.DataYearlyExport,
		registerclient.TariffImport:          views.DataPriceOfUse,
		registerclient.TariffExport:          views.DataPriceOfExport,
	}

	basisLabels = map[registerclient.LegalBasis]views.Basis{
		registerclient.BasisConsent:             views.BasisConsent,
		registerclient.BasisExplicitConsent:     views.BasisExplicitConsent,
		registerclient.BasisContract:            views.BasisContract,
		registerclient.BasisLegalObligation:     views.BasisLegalObligation,
		registerclient.BasisPublicTask:          views.BasisPublicTask,
		registerclient.BasisLegitimateInterests: views.BasisLegitimateInterests,
	}

	arrangementLabels = map[registerclient.ArrangementType]string{
		registerclient.ArrangementSole:  "sole",
		registerclient.ArrangementJoint: "joint",
		registerclient.ArrangementGroup: "group",
	}

	controllerLabels = map[registerclient.ControllerRole]string{
		registerclient.ControllerSole:   "sole",
		registerclient.ControllerLead:   "lead",
		registerclient.ControllerJoint:  "joint",
		registerclient.ControllerMember: "member",
	}

	methodLabels = map[registerclient.Method]string{
		registerclient.MethodPasskeyAssert:   "passkey-assert",
		registerclient.MethodMagicLink:       "magic-link",
		registerclient.MethodPasskeyRegister: "passkey-register",
	}

	toldLabels = map[registerclient.NoticeStatus]views.ToldState{
		registerclient.NoticeNone:        views.ToldNone,
		registerclient.NoticePending:     views.ToldPending,
		registerclient.NoticeDelivered:   views.ToldDelivered,
		registerclient.NoticeUndelivered: views.ToldUndelivered,
	}

	// endLabels are the states of a record that somebody ended, by who did.
	endLabels = map[registerclient.RevokedBy]views.RecordState{
		registerclient.RevokedByCustomer:     views.RecordStopped,
		registerclient.RevokedByOrganisation: views.RecordClosed,
	}
)

// dataTypes names kinds of data. A newer register's unknown kind has words of its own: that there is
// something more matters more than what it is called.
func dataTypes(codes []registerclient.DataType) []views.DataType {
	named := make([]views.DataType, len(codes))
	for i, code := range codes {
		key, ok := dataTypeLabels[code]
		if !ok {
			key = views.DataOther
		}
		named[i] = views.DataType{Key: key}
	}

	return named
}

func basis(code *registerclient.LegalBasis) views.Basis {
	if code == nil {
		return views.BasisOther
	}
	if key, ok := basisLabels[*code]; ok {
		return key
	}

	return views.BasisOther
}
