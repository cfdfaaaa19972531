package e2e

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// module is how the import path of every package of this repository begins.
const module = "central.consent/dar/"

// layout lists every package and what it may import from this repository. A package whose row ends in "..." may import
// everything below that folder. Tests may import testImports as well. A new folder gets a row, with its reason.
var layout = map[string][]string{
	// Leaves.
	"static":             {},
	"migrations":         {},
	"registerclient":     {},
	"views/i18n":         {},
	"internal/web":       {}, // what both HTTP edges do alike
	"internal/web/limit": {}, // a sliding window, which knows no HTTP and no SQL
	"internal/web/argon": {}, // hashes of secrets, of accounts and of advisers
	// The checks of web addresses, which know no HTTP.
	"internal/web/address": {},

	// The portal: HTTP above pages above parts. It reaches the register through its client only.
	"views/ui":          {"views/i18n", "static"},
	"views":             {"views/ui", "views/i18n"},
	"handlers/portaldb": {"internal/web/limit"},
	"handlers": {
		"handlers/portaldb", "views", "views/i18n", "static", "registerclient",
		"internal/web", "internal/web/address", "internal/web/argon", "internal/web/limit",
	},

	// The register. Of the client its rooms may use the wire types (see TestWireTypes).
	"register/store":        {"internal/web/limit"},
	"register/passkey":      {"internal/web/address"},
	"register/mail":         {"internal/web/address", "views/i18n"},
	"register/mail/catcher": {"internal/web/address"}, // a mail server for tests and for the inbox of the demonstration
	"register/webhook":      {"internal/web/address"},
	"register/docspage":     {"static", "views/i18n", "views/ui"}, // the page that shows the description of the API
	"register/rules": {
		"register/store", "register/passkey", "register/mail", "register/webhook", "registerclient",
		"internal/web/address", "internal/web/argon",
	},
	"register/api": {"register/rules", "register/store", "registerclient", "internal/web"},
	"register/id": {
		"register/rules", "register/store", "register/passkey", "register/mail", "registerclient",
		"internal/web", "internal/web/address", "views/ui", "views/i18n",
	},
	"register/outbox": {"register/rules", "register/store", "register/mail", "register/webhook"},
	// Hosts, listeners and readiness.
	"register/edge": {
		"register/api", "register/docspage", "register/id", "register/rules", "register/store",
		"internal/web", "internal/web/address",
	},
	"register": {
		"register/edge",
		"register/api", "register/id", "register/outbox", "register/rules", "register/store", "register/passkey",
		"register/mail", "register/webhook", "register/docspage", "internal/web", "internal/web/address", "static",
	},
	// A real register for the tests of other packages.
	"register/registertest": {
		"register", "register/rules", "register/store", "register/mail", "register/mail/catcher",
		"registerclient", "migrations",
	},

	// Programs wire everything. Nothing imports them.
	"cmd/portal":       {"..."},
	"cmd/register":     {"..."},
	"cmd/demo":         {"..."},
	"cmd/gallery":      {"..."},
	"cmd/e2e":          {"..."},
	"cmd/internal/env": {},                   // settings, which both programs read and refuse alike
	"cmd/internal/cli": {"cmd/internal/env"}, // commands, which both programs run alike
	// The file of operators, which the portal, the demonstration and the gallery read.
	"cmd/internal/operators": {
		"cmd/internal/env", "views", "views/i18n", "static", "internal/web/address", "internal/web/argon",
	},
	"cmd/internal/serve": {}, // an HTTP server, which every program runs
}

// testImports are what the tests of every package may import.
var testImports = []string{"migrations", "register/registertest", "register/mail/catcher"}

// moreTestImports are what the tests of some packages may import besides.
var moreTestImports = map[string][]string{
	"migrations":      {"register/rules"}, // knows the form of the keys that a migration makes
	"register":        {"registerclient"},
	"register/api":    {"register", "register/mail", "register/outbox"}, // call the whole register
	"register/outbox": {"registerclient"},
}

// echoUsers are the packages that may import echo. A move to another version or framework stops there.
var echoUsers = []string{
	"handlers", "register/api", "register/edge", "register/id", "register", "internal/web", "cmd/internal/serve",
}

// sqlUsers are the packages that may hold SQL and import database/sql or sqlx.
var sqlUsers = []string{
	"register/store",
	"handlers/portaldb",
	"migrations",
	"register/registertest", // creates and drops the databases of tests
}

// sqlInTests are the other test files that may hold SQL, each with its reason.
var sqlInTests = map[string]string{
	"cmd/register/audit_test.go":               "removes rows, as an attacker would",
	"cmd/register/database_test.go":            "reads a copy that no program serves",
	"cmd/register/kill_test.go":                "makes the jobs of a program that was killed due at once",
	"cmd/register/serve_test.go":               "makes a job due for its last attempt",
	"register/register_test.go":                "makes jobs in every state, to count them",
	"register/router_test.go":                  "makes a database that is not ready",
	"register/api/bench_test.go":               "compares an operation with its bare query",
	"register/api/changes_test.go":             "makes a change that was committed late",
	"register/api/credentials_test.go":         "reads the names of the limits, which no operation shows",
	"register/api/identity_records_test.go":    "looks for an e-mail address in the file of the database",
	"register/api/imports_bench_test.go":       "compares an import with its bare statements",
	"register/api/imports_test.go":             "counts the rows of each table before and after",
	"register/api/repeated_readings_test.go":   "reads the kept readings, which no operation shows",
	"register/api/tenancy_test.go":             "makes the rows of an older version",
	"register/api/times_test.go":               "makes the times of an older version",
	"register/api/totals_test.go":              "makes more records than a test could register",
	"register/id/helpers_test.go":              "counts the passkeys of all records, which no operation shows",
	"register/id/passkeys_browser_test.go":     "reads the name of a passkey",
	"register/id/passkeys_test.go":             "reads passkeys and the audit log, which no operation shows whole",
	"register/id/security_test.go":             "makes return URLs that the rules refuse",
	"register/outbox/letters_test.go":          "reads and makes jobs in states that take days to reach",
	"register/rules/audit_seals_test.go":       "makes the audit log of an older version",
	"register/rules/contact_events_test.go":    "breaks a sealed address, which no operation does",
	"register/rules/discovered_access_test.go": "makes the rows of an older version",
	"register/rules/erasures_test.go":          "examines every column for what an erasure leaves",
	"register/rules/key_rotation_test.go":      "examines every column that is encrypted",
	"register/rules/names_test.go":             "makes names that the rules refuse",
	"register/rules/record_sealing_test.go":    "makes the rows of an older version",
	"register/rules/records_helpers_test.go":   "counts the rows of each table before and after",
	"register/rules/tenancy_test.go":           "makes the rows of an older version",
}

// goPackage is a package of this repository, as `go list` describes it.
type goPackage struct {
	ImportPath   string
	Dir          string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// packages returns every package of this repository. Their import paths lack the module.
func packages(t *testing.T) []goPackage {
	t.Helper()
	list, err := listPackages()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < len(layout)/2 {
		t.Fatalf("only %d packages were found", len(list))
	}

	return list
}

var listPackages = sync.OnceValues(func() ([]goPackage, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,TestGoFiles,XTestGoFiles,"+
		"Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}

	var list []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}

		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		list = append(list, p)
	}
})

// production parses the files of the package that are no tests.
func (p *goPackage) production(t *testing.T) map[string]*ast.File {
	t.Helper()
	return p.parse(t, p.GoFiles)
}

// tests parses the test files of the package.
func (p *goPackage) tests(t *testing.T) map[string]*ast.File {
	t.Helper()
	return p.parse(t, slices.Concat(p.TestGoFiles, p.XTestGoFiles))
}

// sources holds the positions of every file that was parsed.
var sources = token.NewFileSet()

// parse returns the syntax trees of files of the package by their path in the repository.
func (p *goPackage) parse(t *testing.T, names []string) map[string]*ast.File {
	t.Helper()
	files := make(map[string]*ast.File, len(names))
	for _, name := range names {
		mode := parser.SkipObjectResolution | parser.ParseComments
		file, err := parser.ParseFile(sources, filepath.Join(p.Dir, name), nil, mode)
		if err != nil {
			t.Fatal(err)
		}

		files[p.ImportPath+"/"+name] = file
	}

	return files
}

// mayImport reports whether a row of the layout lists the package.
func mayImport(row []string, name string) bool {
	return slices.Contains(row, name) || slices.Contains(row, "...")
}

// Each package stands in the layout, and the packages of this repository that it imports stand in its row.
func TestImports(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		row, ok := layout[p.ImportPath]
		if !ok {
			t.Errorf("%s is not in the layout", p.ImportPath)
			continue
		}

		for _, imported := range p.Imports {
			if name, ok := strings.CutPrefix(imported, module); ok && !mayImport(row, name) {
				t.Errorf("%s imports %s, which the layout does not allow", p.ImportPath, name)
			}
		}

		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			name, ok := strings.CutPrefix(imported, module)
			may := slices.Concat(row, testImports, moreTestImports[p.ImportPath])
			if ok && name != p.ImportPath && !mayImport(may, name) {
				t.Errorf("the tests of %s import %s, which the layout does not allow", p.ImportPath, name)
			}
		}
	}
}

// The layout lists no package that is gone, and no import that nothing needs.
func TestLayoutIsCurrent(t *testing.T) {
	t.Parallel()
	found := map[string]goPackage{}
	for _, p := range packages(t) {
		found[p.ImportPath] = p
	}

	for _, name := range slices.Sorted(maps.Keys(layout)) {
		p, ok := found[name]
		if !ok {
			t.Errorf("the layout lists %s, which does not exist", name)
			continue
		}

		for _, imported := range layout[name] {
			if imported != "..." && !slices.Contains(p.Imports, module+imported) {
				t.Errorf("the layout lets %s import %s, which it does not", name, imported)
			}
		}
	}
}

// echo stops at the HTTP edges.
func TestEcho(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if strings.HasPrefix(imported, "github.com/labstack/echo") && !mayUse(echoUsers, p.ImportPath) {
				t.Errorf("%s imports %s, which stops at the edges", p.ImportPath, imported)
			}
		}
	}
}

// mayUse reports whether the package is a program, or one of the users.
func mayUse(users []string, name string) bool {
	return slices.Contains(users, name) ||
		strings.HasPrefix(name, "cmd/") && !strings.HasPrefix(name, "cmd/internal/")
}

// sqlText matches statements of SQL, which this repository writes in capitals.
var sqlText = regexp.MustCompile(`\b(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s)`)

// Every statement of SQL stands in the packages for it.
func TestSQL(t *testing.T) {
	t.Parallel()
	excepted := map[string]bool{}
	for _, p := range packages(t) {
		if slices.Contains(sqlUsers, p.ImportPath) {
			continue
		}

		for _, imported := range p.Imports {
			if imported == "database/sql" || strings.HasPrefix(imported, "github.com/jmoiron/sqlx") {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}

		files := p.production(t)
		maps.Copy(files, p.tests(t))
		for name, file := range files {
			statements := sqlIn(file)
			excepted[name] = len(statements) > 0
			if sqlInTests[name] != "" {
				continue
			}
			for _, statement := range statements {
				t.Errorf("%s holds SQL: %.60s", sources.Position(statement.Pos()), statement.Value)
			}
		}
	}

	for name := range sqlInTests {
		if !excepted[name] {
			t.Errorf("%s needs no exception: it holds no SQL", name)
		}
	}
}

// sqlIn returns the strings of a file that hold SQL.
func sqlIn(file *ast.File) []*ast.BasicLit {
	var found []*ast.BasicLit
	ast.Inspect(file, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if ok && literal.Kind == token.STRING && sqlText.MatchString(literal.Value) {
			found = append(found, literal)
		}

		return true
	})

	return found
}

// The register must not call itself over HTTP: of the client it uses the types that go over the wire. Only the register
// for tests makes a client.
func TestWireTypes(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		inside := p.ImportPath == "register" || strings.HasPrefix(p.ImportPath, "register/")
		if !inside || p.ImportPath == "register/registertest" {
			continue
		}

		for _, file := range p.production(t) {
			client := importName(file, module+"registerclient")
			ast.Inspect(file, func(n ast.Node) bool {
				selector, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}

				from, ok := selector.X.(*ast.Ident)
				if ok && client != "" && from.Name == client && callsRegister(selector.Sel.Name) {
					t.Errorf(
						"%s uses registerclient.%s, which is no wire type",
						sources.Position(n.Pos()),
						selector.Sel,
					)
				}

				return true
			})
		}
	}
}

// callsRegister reports whether a name of registerclient belongs to its calls and their errors.
func callsRegister(name string) bool {
	if slices.Contains([]string{"New", "Client", "Options", "WithRequestID", "Error"}, name) {
		return true
	}
	return strings.HasPrefix(name, "Err") && name != "ErrorResponse" && name != "ErrorDetail"
}

// importName returns the name that a package has in a file, or "" if the file does not import it.
func importName(file *ast.File, path string) string {
	for _, i := range file.Imports {
		if i.Path.Value != `"`+path+`"` {
			continue
		}
		if i.Name != nil {
			return i.Name.Name
		}

		return path[strings.LastIndex(path, "/")+1:]
	}

	return ""
}
