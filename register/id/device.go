package id

import (
	"slices"
	"strings"

	"central.consent/dar/register/passkey"
)

// devices are recognised by what their browsers say of themselves, in this order: an Android phone says Linux too.
var devices = []struct{ mark, device string }{
	{"iPhone", "iphone"},
	{"iPad", "ipad"},
	{"Android", "android"},
	{"CrOS", "chromebook"},
	{"Windows", "windows"},
	{"Macintosh", "mac"},
	{"Linux", "linux"},
}

// deviceOf returns the kind of device that a browser runs on.
func deviceOf(userAgent string) string {
	for _, d := range devices {
		if !strings.Contains(userAgent, d.mark) {
			continue
		}
		if d.device == "android" && !strings.Contains(userAgent, "Mobile") {
			return "tablet"
		}

		return d.device
	}

	return "other"
}

// deviceWith returns the kind of device that holds a passkey which a browser on device had created.
func deviceWith(created passkey.Passkey, device string) string {
	internal := slices.Contains(created.Transports, "internal")
	hybrid := slices.Contains(created.Transports, "hybrid")
	switch {
	case len(created.Transports) > 0 && !internal && !hybrid:
		return "key"
	case created.Elsewhere && hybrid:
		return "phone" // it read a code from the screen of this device
	}

	return device
}

// deviceKey returns the text key of a kind of device.
func deviceKey(device string) string { return "id.passkey.device." + device }
