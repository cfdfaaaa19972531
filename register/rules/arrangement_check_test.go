package rules_test

import (
	"fmt"
	"testing"

	"central.consent/dar/registerclient"
)

// The roles of the controllers fit the arrangement.
func TestArrangementCheck(t *testing.T) {
	t.Parallel()
	const field = "record-metadata.controller-arrangement."
	const (
		sole   = registerclient.ControllerSole
		lead   = registerclient.ControllerLead
		joint  = registerclient.ControllerJoint
		member = registerclient.ControllerMember
	)
	arranged := func(
		arrangement registerclient.ArrangementType, roles ...registerclient.ControllerRole,
	) func(in *registerclient.AccessRecord) {
		return func(in *registerclient.AccessRecord) {
			a := &in.RecordMetadata.ControllerArrangement
			a.ArrangementType = arrangement
			a.Controllers = nil
			for i, role := range roles {
				a.Controllers = append(a.Controllers, registerclient.Controller{
					Name: fmt.Sprint("Controller ", i), Role: role, ContactURL: "https://example.org",
				})
			}
		}
	}

	const controllers = "invalid VAL001 " + field + "controllers"
	checkRecords(t, []recordCheck{
		{"sole", "", arranged("sole", sole), ""},
		{"two in sole", "", arranged("sole", sole, sole), controllers + " " + field + "controllers"},
		{"lead in sole", "", arranged("sole", lead), controllers + "[0].role " + field + "controllers"},
		{"joint", "", arranged("joint", lead, joint, joint), ""},
		{"one in joint", "", arranged("joint", lead), controllers},
		{"no lead in joint", "", arranged("joint", joint, joint), controllers},
		{"member in joint", "", arranged("joint", lead, member), controllers + "[1].role"},
		{"group", "", arranged("group", lead, member), ""},
		{"lead alone in group", "", arranged("group", lead), ""},
		{"two leads in group", "", arranged("group", lead, lead), controllers},
		{"none", "", arranged("group"), controllers},
		{"unknown", "", arranged("several", lead), "invalid VAL001 " + field + "arrangement-type"},
		{"named twice", "", func(in *registerclient.AccessRecord) {
			arranged("joint", lead, joint)(in)
			in.RecordMetadata.ControllerArrangement.Controllers[1].Name = "Controller 0"
		}, controllers + "[1].name"},
		{"Article 26 in sole", "", func(in *registerclient.AccessRecord) {
			in.RecordMetadata.ControllerArrangement.Art26Reference = new("ART-26")
		}, "invalid VAL001 " + field + "art26-reference"},
		{"storage", "", func(in *registerclient.AccessRecord) {
			controller := &in.RecordMetadata.ControllerArrangement.Controllers[0]
			controller.StorageConditions = &registerclient.StorageConditions{Location: "gb", RetentionPeriod: "P"}
		}, controllers + "[0].storage-conditions.location " + field +
			"controllers[0].storage-conditions.retention-period"},
	})
}
