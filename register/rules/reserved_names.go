package rules

import "slices"

// reservedNames are the names of those that customers trust in matters of energy and of data: regulators, advisers,
// keepers of the industry's systems, the government and the register itself. An account gets one only if an
// administrator says that it is the organisation. The names of operators are reserved too: those of the accounts of
// role portal.
var reservedNames = []string{
	// The register.
	"Central Access Register", "The Central Access Register",
	"Data Access Register", "The Data Access Register", "central.consent", "Cofrestr Mynediad Ganolog",

	// Regulators, and those who settle disputes.
	"Ofgem", "Office of Gas and Electricity Markets", "Gas and Electricity Markets Authority",
	"Information Commissioner's Office", "Information Commission", "The Information Commission", "ICO",
	"Swyddfa'r Comisiynydd Gwybodaeth", "Competition and Markets Authority", "CMA",
	"Financial Conduct Authority", "FCA", "Utility Regulator", "Energy Ombudsman", "The Energy Ombudsman",
	"Ombudsman Services",

	// Advisers of the public.
	"Citizens Advice", "Citizens Advice Scotland", "Cyngor ar Bopeth", "Advice Direct Scotland",
	"Energy Saving Trust", "Action Fraud", "Report Fraud", "Trading Standards",

	// Keepers of the industry's systems and codes.
	"DCC", "Smart DCC", "Smart DCC Ltd", "Data Communications Company", "The Data Communications Company",
	"Elexon", "Elexon Ltd", "RECCo", "Retail Energy Code Company", "Retail Energy Code Company Ltd",
	"SECCo", "Smart Energy Code", "Smart Energy Code Company", "Smart Energy Code Company Ltd", "Xoserve",
	"NESO", "National Energy System Operator", "Smart Energy GB",

	// The government.
	"Department for Energy Security and Net Zero", "DESNZ", "GOV.UK", "GOV.WALES", "LLYW.CYMRU", "mygov.scot",
	"HM Government", "His Majesty's Government", "UK Government", "Welsh Government", "Llywodraeth Cymru",
	"Scottish Government", "HMRC", "HM Revenue and Customs", "HM Revenue & Customs", "DVLA", "NHS",
	"Department for Work and Pensions", "DWP", "National Cyber Security Centre", "NCSC", "Police",
}

// foldedReservedNames are the reserved names by their folded form.
var foldedReservedNames = func() map[string][]string {
	folded := map[string][]string{}
	for _, name := range reservedNames {
		key := FoldName(name)
		folded[key] = append(folded[key], name)
	}

	return folded
}()

// isReservedName reports whether a name is one of the reserved ones.
func isReservedName(name string) bool { return slices.Contains(reservedNames, name) }
