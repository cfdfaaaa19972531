package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// htmlFault is a fault that html-validate found.
type htmlFault struct {
	RuleID   string
	Message  string
	Selector string
	Line     int
	Column   int
}

// The HTML of every page, in each state, language and brand, and of the register's documentation follows the standard.
// htmlvalidate.json leaves out matters of taste (how the doctype is written, how long a title is, which space a
// telephone number has) and of decision (browsers do not offer to save the code of an adviser; a page without scripts
// may load itself again). A list may have a
// name (ARIA 1.2, 5.2.8.4), which the validator takes for a mistake.
func TestMarkup(t *testing.T) {
	t.Parallel()
	needNode(t)
	folder := t.TempDir()
	saveGallery(t, folder, program(t, "gallery", "--operators", operators), "li a")
	// The pages of the register have no operator's brand.
	saveGallery(t, folder, program(t, "gallery"), "li a[href*='/id-']")
	savePage(t, folder, program(t, "demo"), "/docs")

	// A page with two faults shows that faults are found.
	bad := `<!DOCTYPE html><html lang="en"><head><title>Bad</title></head>
<body><p id="a"><div id="a"></div></p></body></html>`
	if err := os.WriteFile(filepath.Join(folder, "bad.html"), []byte(bad), 0o644); err != nil {
		t.Fatal(err)
	}

	faults := validate(t, folder)
	if len(faults["bad.html"]) < 2 {
		t.Error("the validator does not find the faults of a page that has two")
	}

	delete(faults, "bad.html")
	for name, list := range faults {
		for _, f := range list {
			t.Errorf("%s:%d:%d %s: %s (%s)", name, f.Line, f.Column, f.RuleID, f.Message, f.Selector)
		}
	}
}

// saveGallery saves every page of a gallery that a link leads to.
func saveGallery(t *testing.T, folder, base, links string) {
	t.Helper()
	index, err := goquery.NewDocumentFromReader(bytes.NewReader(savePage(t, folder, base, "/")))
	if err != nil {
		t.Fatal(err)
	}

	found := index.Find(links)
	if found.Length() < 50 {
		t.Fatalf("the gallery shows only %d pages", found.Length())
	}

	found.Each(func(_ int, a *goquery.Selection) { savePage(t, folder, base, a.AttrOr("href", "")) })
}

// savePage saves a page in the folder and returns its HTML.
func savePage(t *testing.T, folder, base, path string) []byte {
	t.Helper()
	response, err := http.Get(base + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	html, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v", path, response.StatusCode, err)
	}

	name := strings.ReplaceAll(strings.Trim(path, "/"), "/", "_") + ".html"
	if err := os.WriteFile(filepath.Join(folder, name), html, 0o644); err != nil {
		t.Fatal(err)
	}

	return html
}

// validate returns the faults of every page in the folder, by the name of its file.
func validate(t *testing.T, folder string) map[string][]htmlFault {
	t.Helper()
	program := nodeModules + "/html-validate/bin/html-validate.mjs"
	cmd := exec.Command("node", program, "--config", "htmlvalidate.json", "--formatter", "json", folder)
	out, err := cmd.Output() // fails, because there are faults
	var files []struct {
		FilePath string
		Messages []htmlFault
	}
	if json.Unmarshal(out, &files) != nil {
		t.Fatalf("%v: %s", err, out)
	}

	faults := map[string][]htmlFault{}
	for _, file := range files {
		faults[filepath.Base(file.FilePath)] = file.Messages
	}

	return faults
}
