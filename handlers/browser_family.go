package handlers

import "strings"

// browserFamilies are recognised by what browsers say of themselves, in this order: most name Chrome or Safari too,
// because sites once asked for those.
var browserFamilies = []struct{ mark, family string }{
	{"SamsungBrowser/", "Samsung Internet"},
	{"DuckDuckGo/", "DuckDuckGo"},
	{"Ddg/", "DuckDuckGo"},
	{"Vivaldi/", "Vivaldi"},
	{"YaBrowser/", "Yandex Browser"},
	{"UCBrowser/", "UC Browser"},
	{"Silk/", "Silk"},
	{"OPR/", "Opera"},
	{"OPT/", "Opera"},
	{"Opera", "Opera"},
	{"Edg/", "Edge"},
	{"EdgA/", "Edge"},
	{"EdgiOS/", "Edge"},
	{"Edge/", "Edge"},
	{"FxiOS/", "Firefox"},
	{"Firefox/", "Firefox"},
	{"CriOS/", "Chrome"},
	{"Chromium/", "Chromium"},
	{"Chrome/", "Chrome"},
	{"Trident/", "Internet Explorer"},
	{"MSIE ", "Internet Explorer"},
}

// browserFamily returns the family of a browser by its User-Agent header, as its owner knows it; empty for any that is
// not known. It says nothing of the version, the system or the device, and no text of the header passes through.
func browserFamily(userAgent string) string {
	for _, b := range browserFamilies {
		if strings.Contains(userAgent, b.mark) {
			return b.family
		}
	}

	// Safari names itself by these two; other programs on the same engine by one of them at most.
	if strings.Contains(userAgent, "Version/") && strings.Contains(userAgent, "Safari/") &&
		strings.Contains(userAgent, "AppleWebKit/") {
		return "Safari"
	}

	return ""
}
