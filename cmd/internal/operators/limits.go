package operators

// Limits are what one address or one adviser may do in an hour; zero for the portal's own limit.
type Limits struct {
	StartsOfAddress         int
	LookUpsOfAddress        int
	AdviserStartsOfAddress  int
	AdviserLookUpsOfAddress int
	StartsOfAdviser         int
	LookUpsOfAdviser        int
}

// The bounds of each limit. Below the least a household is refused; the register has limits of its own above the most.
const (
	leastPerHour   = 5
	mostPerAddress = 10_000
	mostPerAdviser = 1_000
)

func (c *checker) checkLimits(e *entry, o *Operator) {
	if e.limitsErr != nil {
		c.refuse("limits", "must be a table, begun by [operator.limits]")
		return
	}

	s := c.below("limits.")
	given := e.limits
	o.Limits = Limits{
		StartsOfAddress:  s.number("starts-per-address", given.StartsPerAddress, leastPerHour, mostPerAddress),
		LookUpsOfAddress: s.number("look-ups-per-address", given.LookUpsPerAddress, leastPerHour, mostPerAddress),
		AdviserStartsOfAddress: s.number("adviser-starts-per-address", given.AdviserStartsPerAddress,
			leastPerHour, mostPerAddress),
		AdviserLookUpsOfAddress: s.number("adviser-look-ups-per-address", given.AdviserLookUpsPerAddress,
			leastPerHour, mostPerAddress),
		StartsOfAdviser:  s.number("starts-per-adviser", given.StartsPerAdviser, leastPerHour, mostPerAdviser),
		LookUpsOfAdviser: s.number("look-ups-per-adviser", given.LookUpsPerAdviser, leastPerHour, mostPerAdviser),
	}
}
