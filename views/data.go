package views

import (
	"strings"

	"central.consent/dar/views/i18n"
)

// DataType is one kind of data, by the end of its text keys: records.data.<Key> is its name, and
// records.data.<Key>.reveals is what it can tell about a household.
type DataType struct{ Key string }

// The keys of the kinds of data. DataOther stands for one that this portal has no words for yet.
const (
	DataHalfHourlyUse    = "half-hourly-use"
	DataHalfHourlyExport = "half-hourly-export"
	DataMonthlyUse       = "monthly-use"
	DataMonthlyExport    = "monthly-export"
	DataYearlyUse        = "yearly-use"
	DataYearlyExport     = "yearly-export"
	DataPriceOfUse       = "price-of-use"
	DataPriceOfExport    = "price-of-export"
	DataOther            = "other"
)

// dataNames lists the kinds of data in the words of the page.
func dataNames(text *i18n.Printer, types []DataType) string {
	names := make([]string, len(types))
	for i, d := range types {
		names[i] = text.T("records.data." + d.Key)
	}

	return strings.Join(names, "; ")
}

// letterDataNames lists the kinds of data in the words of a letter.
func letterDataNames(text *i18n.Printer, types []DataType) string {
	names := make([]string, len(types))
	for i, d := range types {
		names[i] = text.T("letter.data." + d.Key)
	}

	return strings.Join(names, "; ")
}
