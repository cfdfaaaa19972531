package handlers

// checkPrimes are the factors of the first twelve digits of an MPAN (MPAN core, Balancing and Settlement Code).
var checkPrimes = [mpanLength - 1]int{3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43}

// hasCheckDigit reports whether the last digit of an MPAN is the check digit of the first twelve: the sum of each digit
// times its prime, modulo 11, modulo 10. An MPRN has no check digit, and always passes.
func hasCheckDigit(number string) bool {
	if len(number) != mpanLength {
		return true
	}

	sum := 0
	for i, prime := range checkPrimes {
		sum += int(number[i]-'0') * prime
	}

	return byte('0'+sum%11%10) == number[mpanLength-1]
}
