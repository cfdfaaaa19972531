package rules

import (
	"fmt"

	"central.consent/dar/registerclient"
)

// arrangement checks that the controllers' roles fit the arrangement: sole has exactly one sole controller; joint has
// two or more, one of them lead and the others joint; group has one lead, and the others are members.
func (k *Checks) arrangement(a registerclient.ControllerArrangement) {
	const field = "record-metadata.controller-arrangement."
	OneOf(k, field+"arrangement-type", a.ArrangementType,
		registerclient.ArrangementSole, registerclient.ArrangementJoint, registerclient.ArrangementGroup)
	if a.Art26Reference != nil {
		k.required(field+"art26-reference", *a.Art26Reference, 500)
		if a.ArrangementType != registerclient.ArrangementJoint {
			k.Add(field+"art26-reference", "is for a joint arrangement only.")
		}
	}

	k.controllers(field+"controllers", a)
}

func (k *Checks) controllers(field string, a registerclient.ControllerArrangement) {
	if len(a.Controllers) == 0 {
		k.Add(field, "must name at least one controller.")
		return
	}

	if a.ArrangementType == registerclient.ArrangementSole && len(a.Controllers) != 1 {
		k.Add(field, "must name exactly one controller in a sole arrangement.")
	}
	if a.ArrangementType == registerclient.ArrangementJoint && len(a.Controllers) < 2 {
		k.Add(field, "must name at least two controllers in a joint arrangement.")
	}

	leadRole, otherRole := arrangementRoles(a.ArrangementType)
	leads := 0
	names := map[string]bool{}
	for i, controller := range a.Controllers {
		at := fmt.Sprintf("%s[%d].", field, i)
		if controller.Role == leadRole {
			leads++
		} else if controller.Role != otherRole || otherRole == "" {
			k.Add(at+"role", fmt.Sprintf("does not fit a %s arrangement.", Printable(string(a.ArrangementType))))
		}

		if names[controller.Name] {
			k.Add(at+"name", "is named twice.")
		}
		names[controller.Name] = true

		k.controller(at, controller)
	}

	if leads != 1 {
		k.Add(field, fmt.Sprintf("must have exactly one controller of role %s.", leadRole))
	}
}

// arrangementRoles returns the role that exactly one controller of an arrangement has, and the role of all others. The
// latter is empty if there can be no others.
func arrangementRoles(arrangement registerclient.ArrangementType) (lead, other registerclient.ControllerRole) {
	switch arrangement {
	case registerclient.ArrangementSole:
		return registerclient.ControllerSole, ""
	case registerclient.ArrangementGroup:
		return registerclient.ControllerLead, registerclient.ControllerMember
	}

	return registerclient.ControllerLead, registerclient.ControllerJoint
}

func (k *Checks) controller(field string, c registerclient.Controller) {
	k.required(field+"name", c.Name, 255)
	k.link(field+"contact-url", c.ContactURL)
	k.address(field+"address", c.Address)
	k.optionalLink(field+"privacy-rights-url", c.PrivacyRightsURL)
	k.optional(field+"lia-reference", c.LIAReference, 255)
	k.optional(field+"statutory-reference", c.StatutoryReference, 500)

	storage := c.StorageConditions
	if storage == nil {
		return
	}

	const periodMessage = "must be a period in years, months, weeks or days, as P2Y."
	k.pattern(field+"storage-conditions.location", storage.Location, patternCountry,
		"must be a country's two letters, as GB.")
	if storage.RetentionPeriod == "P" || !patternPeriod.MatchString(storage.RetentionPeriod) {
		k.Add(field+"storage-conditions.retention-period", periodMessage)
	}
}
