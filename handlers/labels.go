package handlers

import (
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// These tables map the register's codes to the ends of the text keys that stand for them. No customer ever sees a code.
// A test compares the tables with every value in registerclient/types.go.
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

	deliveryLabels = map[registerclient.NoticeStatus]views.DeliveryState{
		registerclient.NoticeNone:        views.DeliveryNone,
		registerclient.NoticePending:     views.DeliveryPending,
		registerclient.NoticeDelivered:   views.DeliveryDelivered,
		registerclient.NoticeUndelivered: views.DeliveryUndelivered,
	}

	// registrantLabels have no entry for an organisation that takes part in the register.
	registrantLabels = map[registerclient.DataUserStatus]views.RegistrantStatus{
		registerclient.DataUserSuspended:  views.RegistrantSuspended,
		registerclient.DataUserTerminated: views.RegistrantLeft,
	}

	// endLabels are the states of a record that was ended, by who ended it.
	endLabels = map[registerclient.RevokedBy]views.RecordState{
		registerclient.RevokedByCustomer:     views.RecordStopped,
		registerclient.RevokedByOrganisation: views.RecordClosed,
	}
)

// dataTypeViews names data types. A type that only a newer register knows is shown as other: that an organisation sees
// something more matters more than what it is called.
func dataTypeViews(codes []registerclient.DataType) []views.DataType {
	types := make([]views.DataType, len(codes))
	for i, code := range codes {
		key, ok := dataTypeLabels[code]
		if !ok {
			key = views.DataOther
		}

		types[i] = views.DataType{Key: key}
	}

	return types
}

// basisView names a legal basis, or other if there is none or only a newer register knows it.
func basisView(code *registerclient.LegalBasis) views.Basis {
	basis, ok := basisLabels[value(code)]
	if !ok {
		return views.BasisOther
	}

	return basis
}
