package handlers

// checkPrimes are the factors of the first twelve digits of an MPAN (MPAN core, Balancing and Settlement Code).
var checkPrimes = [mpanLength - 1]int{3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43}

// mprnCheckDigits is how many check digits an MPRN ends with.
const mprnCheckDigits = 2

// hasCheckDigits reports whether a number ends with the check digits of the digits before them.
func hasCheckDigits(number string) bool {
	if len(number) == mpanLength {
		return hasMPANCheckDigit(number)
	}

	return hasMPRNCheckDigits(number)
}

// hasMPANCheckDigit reports whether the last digit of an MPAN is the check digit of the first twelve: the sum of each
// digit times its prime, modulo 11, modulo 10.
func hasMPANCheckDigit(number string) bool {
	sum := 0
	for i, prime := range checkPrimes {
		sum += digitOf(number[i]) * prime
	}

	return digitOf(number[mpanLength-1]) == sum%11%10
}

// hasMPRNCheckDigits reports whether the last two digits of an MPRN, from 00 to 10, are the check digits of those
// before: the sum of each digit times its place, counted from the right, modulo 11. Leading zeros change nothing.
func hasMPRNCheckDigits(number string) bool {
	places := len(number) - mprnCheckDigits
	sum := 0
	for i := range places {
		sum += digitOf(number[i]) * (places - i)
	}

	return digitOf(number[places])*10+digitOf(number[places+1]) == sum%11
}

func digitOf(character byte) int { return int(character - '0') }
