package rules

// SealForTest seals a value with the ring's first key.
func SealForTest(ring *Keyring, value, place string) []byte {
	return ring.sealer().sealed([]byte(value), place)
}

// OpenForTest opens a sealed value.
func OpenForTest(ring *Keyring, id string, value []byte, place string) (string, error) {
	plain, err := ring.open(id, value, place)

	return string(plain), err
}

// WithdrawalDeliveryOf is withdrawalDeliveryOf.
var WithdrawalDeliveryOf = withdrawalDeliveryOf
