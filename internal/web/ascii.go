package web

// IsVisibleASCII reports whether s is not empty and consists of visible ASCII characters, which excludes the space.
func IsVisibleASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}

	return s != ""
}
