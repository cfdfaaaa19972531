package handlers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"central.consent/dar/registerclient"
	"central.consent/dar/views/i18n"
)

// Every value that the register may send has words in every language. A value that is added later must get them too.
func TestEveryCodeHasALabel(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../registerclient/types.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}

	seen := map[string]int{}
	for _, declared := range file.Decls {
		group, ok := declared.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}

		for _, spec := range group.Specs {
			constant := spec.(*ast.ValueSpec)
			kind := constant.Type.(*ast.Ident).Name
			code, err := strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}

			seen[kind]++
			for _, key := range textKeys(t, kind, code) {
				for _, lang := range i18n.Languages() {
					// T panics if there is no such text.
					text := i18n.For(lang).T(key, "Org", "Bright Energy", "Clock", "1pm", "Date", "today")
					if text == "" || text == code {
						t.Errorf("%s %s is %q in %s", kind, code, text, lang)
					}
				}
			}
		}
	}

	for _, kind := range []string{
		"DataType",
		"LegalBasis",
		"AccessState",
		"ArrangementType",
		"ControllerRole",
		"Method",
		"RevokedBy",
		"ReidentificationStatus",
		"DataUserStatus",
	} {
		if seen[kind] == 0 {
			t.Errorf("types.go has no %s: does this test still read it rightly?", kind)
		}
	}
}

// textKeys returns the text keys of a code; nil if no page shows it.
func textKeys(t *testing.T, kind, code string) []string {
	t.Helper()
	label := func(key string, ok bool) string {
		if !ok {
			t.Errorf("%s %s has no label", kind, code)
		}
		return key
	}
	switch kind {
	case "DataType":
		key, ok := dataTypeLabels[registerclient.DataType(code)]

		return []string{"records.data." + label(key, ok), "records.data." + key + ".reveals"}
	case "LegalBasis":
		key, ok := basisLabels[registerclient.LegalBasis(code)]

		return []string{
			"records.basis." + label(string(key), ok),
			"records.basis." + string(key) + ".means",
			"records.basis." + string(key) + ".do",
		}
	case "ArrangementType":
		key, ok := arrangementLabels[registerclient.ArrangementType(code)]
		if label(key, ok) == "sole" {
			return nil // a page says nothing about a single controller
		}

		return []string{"records.arrangement." + key}
	case "ControllerRole":
		key, ok := controllerLabels[registerclient.ControllerRole(code)]
		if label(key, ok) == "sole" {
			return nil
		}

		return []string{"records.role." + key}
	case "Method":
		key, ok := methodLabels[registerclient.Method(code)]

		return []string{
			"prove.method." + label(key, ok) + ".title",
			"prove.method." + key + ".body",
			"prove.method." + key + ".button",
			"waiting." + key + ".title",
		}
	case "RevokedBy":
		key, ok := endLabels[registerclient.RevokedBy(code)]

		return []string{"records.state." + label(string(key), ok)}
	case "DataUserStatus":
		if code == string(registerclient.DataUserActive) {
			return nil
		}

		key, ok := registrantLabels[registerclient.DataUserStatus(code)]

		return []string{
			"records.registrant." + label(string(key), ok),
			"records.state." + string(key),
			"letter.registrant." + string(key),
		}
	case "NoticeStatus":
		key, ok := deliveryLabels[registerclient.NoticeStatus(code)]

		return []string{"withdrawn.notice." + label(string(key), ok)}
	case "AccessState", "ReidentificationStatus":
		// recordView and pollChallenge show them, and have tests of their own.
		return nil
	case "Role", "RevokeReason", "DeliveryStatus":
		return nil
	}

	t.Errorf("%s is new: does a page show it?", kind)

	return nil
}

func TestUnknownCodes(t *testing.T) {
	t.Parallel()
	if got := dataTypeViews([]registerclient.DataType{"MINUTE-BY-MINUTE"})[0].Key; got != "other" {
		t.Errorf("data type: %q", got)
	}

	unknown := registerclient.LegalBasis("uk-vital-interests")
	if got := basisView(&unknown); got != "other" {
		t.Errorf("basis: %q", got)
	}
	if got := basisView(nil); got != "other" {
		t.Errorf("no basis: %q", got)
	}
}
