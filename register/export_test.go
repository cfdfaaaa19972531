package register

// SealForTest seals a value with the ring's first key.
func SealForTest(ring *Keyring, value, place string) []byte {
	return ring.sealer().sealed([]byte(value), place)
}

// OpenForTest opens it again.
func OpenForTest(ring *Keyring, id string, value []byte, place string) (string, error) {
	plain, err := ring.open(id, value, place)
	return string(plain), err
}

// Operations lists the route table, each row as "POST /access-records" with its parameters as the router has them.
func Operations() []string {
	var names []string
	for _, o := range (&Register{}).operations() {
		names = append(names, o.method+" "+o.path)
	}
	return names
}

// LookEvery is how often a worker looks for what another process has queued.
const LookEvery = lookEvery
