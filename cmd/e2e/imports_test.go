package e2e

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "central.consent/dar/"

// rules say what each package may import from this repository; its tests may import testImports as well. A pattern
// that ends in /... stands for the package and all below it. Packages that are not here do not belong here: a new
// folder gets a line, with its reason.
var rules = []struct {
	pkg     string
	imports []string
}{
	// Leaves.
	{"views/i18n", nil},
	{"static", nil},
	{"migrations", nil},
	{"registerclient", nil},
	{"register/store", nil},

	// The portal: HTTP above pages above parts. It meets the register only through its client.
	{"views/ui", []string{"views/i18n", "static"}},
	{"views", []string{"views/ui", "views/i18n", "static"}},
	{"handlers", []string{"handlers/portaldb", "internal/web/...", "views/...", "static", "registerclient"}},
	{"handlers/portaldb", []string{"internal/web/limit"}}, // every SQL statement of the portal

	// The register: its own parts, and of the client the wire types (see TestWireTypesOnly).
	{"register", registerMay},
	{"register/docspage", registerMay}, // the page of the API's description
	{"register/id", registerMay},
	{"register/passkey", registerMay},
	{"register/mail", []string{"registerclient", "views/ui", "views/i18n", "static"}},
	{"register/mail/catcher", nil}, // a mail server that keeps what it gets, for tests and the demonstration's inbox
	{"register/webhook", registerMay},
	{"register/outbox", registerMay},
	{"register/registertest", append([]string{"migrations"}, registerMay...)}, // a real register for others' tests

	// Programs put everything together. Nothing imports them.
	{"cmd/portal", anything},
	{"cmd/register", anything},
	{"cmd/demo", anything},
	{"cmd/gallery", anything},
	{"cmd/load", anything},
	{"cmd/e2e", anything},
	{"cmd/internal/env", nil}, // settings, read and refused alike by both programs
	{
		"cmd/internal/operators",
		[]string{"views", "views/i18n", "static", "cmd/internal/env"},
	}, // the file of operators, read alike by the portal, the demonstration and the gallery
	{"cmd/internal/serve", nil}, // an HTTP server, run alike by all programs
}

var (
	registerMay = []string{"register/...", "registerclient", "views/ui", "views/i18n", "static"}
	anything    = []string{
		"register/...",
		"registerclient",
		"handlers/...",
		"views/...",
		"static",
		"migrations",
		"cmd/internal/...",
	}
	testImports = []string{"migrations", "register/registertest", "register/mail/catcher"}
)

// echoUsers are the packages that echo.Context stops at, so that a later move to another version is a day's work.
var echoUsers = []string{"handlers", "register", "register/id", "register/docspage", "cmd/..."}

type listed struct {
	ImportPath, Dir                    string
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
}

func list(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}

	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}

		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		packages = append(packages, p)
	}
}

func allowed(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		parent, all := strings.CutSuffix(pattern, "/...")
		return pkg == parent || all && strings.HasPrefix(pkg, parent+"/")
	})
}

func TestImports(t *testing.T) {
	t.Parallel()
	packages := list(t)
	if len(packages) < 10 {
		t.Fatalf("only %d packages were found", len(packages))
	}

	for _, p := range packages {
		i := slices.IndexFunc(rules, func(r struct {
			pkg     string
			imports []string
		}) bool {
			return r.pkg == p.ImportPath
		})
		if i < 0 {
			t.Errorf("%s has no place in this repository: see the rules", p.ImportPath)
			continue
		}

		may := rules[i].imports
		check := func(imports, may []string, what string) {
			for _, path := range imports {
				inside, ok := strings.CutPrefix(path, module)
				if ok && inside != p.ImportPath && !allowed(may, inside) {
					t.Errorf("%s %s %s, which it may not: see the rules", p.ImportPath, what, inside)
				}
				if strings.HasPrefix(path, "github.com/labstack/echo") && !allowed(echoUsers, p.ImportPath) {
					t.Errorf("%s %s %s, which stops at the edge", p.ImportPath, what, path)
				}
			}
		}
		check(p.Imports, may, "imports")
		check(slices.Concat(p.TestImports, p.XTestImports), slices.Concat(may, testImports), "tests with")
	}
}

// TestWireTypesOnly keeps the register from calling itself over HTTP: of the client it may use what goes over the
// wire, and only the tests' register may make a client.
func TestWireTypesOnly(t *testing.T) {
	t.Parallel()
	calling := []string{"New", "Client", "Options", "WithRequestID", "Error"}
	for _, p := range list(t) {
		if !allowed([]string{"register/..."}, p.ImportPath) || p.ImportPath == "register/registertest" ||
			!slices.Contains(p.Imports, module+"registerclient") {
			continue
		}

		for _, name := range p.GoFiles {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}

			client := ""
			for _, i := range file.Imports {
				if i.Path.Value == `"`+module+`registerclient"` {
					client = "registerclient"
					if i.Name != nil {
						client = i.Name.Name
					}
				}
			}

			ast.Inspect(file, func(n ast.Node) bool {
				selector, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if from, ok := selector.X.(*ast.Ident); ok && client != "" && from.Name == client &&
					(slices.Contains(calling, selector.Sel.Name) || strings.HasPrefix(selector.Sel.Name, "Err") && selector.Sel.Name != "ErrorResponse" && selector.Sel.Name != "ErrorDetail") {
					t.Errorf(
						"%s uses registerclient.%s, which is no wire type",
						files.Position(n.Pos()),
						selector.Sel.Name,
					)
				}

				return true
			})
		}
	}
}
