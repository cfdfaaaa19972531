package views

// PendingAddressPage says that the register knows the meter point, and has no address for it that it may use: it is
// being checked, or there is none. The register does not tell a portal which.
type PendingAddressPage struct {
	Page
	MeterPoint MeterPoint
}
