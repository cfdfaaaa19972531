package registerclient

// DiscoveredAccess is a sighting by the DCC: an organisation reads a meter point, and no access record of it explains
// that.
type DiscoveredAccess struct {
	MPxN             string `json:"mpxn"`
	OrganisationName string `json:"organisation-name"`
	// OrganisationReference is the organisation's Smart Energy Code reference, such as SEC-OU-00429.
	OrganisationReference string     `json:"organisation-reference"`
	FirstSeen             Date       `json:"first-seen"`
	LastSeen              Date       `json:"last-seen,omitzero"`
	DataTypesObserved     []DataType `json:"data-types-observed"`
	SourceReference       string     `json:"source-reference"`
	// SupersededBy is a member of the published API that this register does not use: it does not list discovered access
	// that access records explain.
	SupersededBy *string `json:"superseded-by,omitzero"`
}

// SubmitDiscoveredAccessResponse holds the key of the discovered access.
type SubmitDiscoveredAccessResponse struct {
	Response ResponseMetadata `json:"response"`
	AK       string           `json:"ak"`
	State    AccessState      `json:"state"`
}
