package e2e

import (
	"go/ast"
	"testing"
)

// The most lines that a file, a function, package register and its register.go may have.
const (
	maxFile         = 500
	maxFunction     = 60
	maxRegister     = 300
	maxRegisterFile = 200
)

// longFunctions are the functions that may be longer, each with its reason. All are tables.
var longFunctions = map[string]string{
	"register/api.API.routes": "the table of every operation",
}

// Hand-written files and functions stay short enough to be read at once, and package register only wires its rooms.
func TestSizes(t *testing.T) {
	t.Parallel()
	register := 0
	seen := map[string]bool{}
	for _, p := range packages(t) {
		for name, file := range p.tests(t) {
			checkFile(t, name, file, maxFile)
		}

		for name, file := range p.production(t) {
			if ast.IsGenerated(file) {
				continue
			}

			limit := maxFile
			if name == "register/register.go" {
				limit = maxRegisterFile
			}

			lines := checkFile(t, name, file, limit)
			if p.ImportPath == "register" {
				register += lines
			}
			for _, function := range tooLong(file) {
				key := p.ImportPath + "." + function
				seen[key] = true
				if longFunctions[key] == "" {
					t.Errorf("%s has more than %d lines", key, maxFunction)
				}
			}
		}
	}

	if register > maxRegister {
		t.Errorf("package register has %d lines, want at most %d", register, maxRegister)
	}
	for name := range longFunctions {
		if !seen[name] {
			t.Errorf("%s needs no exception any more", name)
		}
	}
}

// checkFile returns how many lines the file has, and fails the test if they are more than the limit.
func checkFile(t *testing.T, name string, file *ast.File, limit int) int {
	t.Helper()
	lines := sources.File(file.FileStart).LineCount()
	if lines > limit {
		t.Errorf("%s has %d lines, want at most %d", name, lines, limit)
	}

	return lines
}

// tooLong returns the names of the functions and methods whose bodies have more lines than maxFunction.
func tooLong(file *ast.File) []string {
	var names []string
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Body == nil {
			continue
		}

		first := sources.Position(function.Body.Lbrace).Line
		last := sources.Position(function.Body.Rbrace).Line
		if last-first+1 <= maxFunction {
			continue
		}

		name := function.Name.Name
		if function.Recv != nil {
			name = receiver(function.Recv.List[0].Type) + "." + name
		}
		names = append(names, name)
	}

	return names
}

// receiver returns the name of the type that a method has as its receiver.
func receiver(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}

	return "?"
}
