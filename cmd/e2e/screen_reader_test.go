package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// waitingSpeech returns what a screen reader must say on the waiting page, in this order: the quick exit, the page, the
// number, what to do, the code letter by letter, the time that remains, and the ways to go on.
func waitingSpeech(code string) []string {
	return []string{
		"link: Skip to the main content",
		"region: Quick exit",
		"status:",
		"button: Leave this page fast",
		"main:",
		"text: 23 1234 5678 901",
		"heading: Check your email",
		"list:",
		"text: Come back to this page and choose Continue.",
		"region: Your code",
		"text: " + strings.Join(strings.Split(code, ""), " "),
		"text: We are waiting for you to confirm.",
		"text: About 15 minutes left.",
		"link: Continue",
		"region: Nothing has arrived",
		"button: Send the email again",
		"region: If others read that mailbox",
		"link: Use another way",
		"status:",
		"contentinfo:",
	}
}

// The accessibility tree of the waiting page holds what a screen reader has to say, in its order.
func TestWaitingSpeech(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo", "--reidentification", "live"), look{360, "en", true})
	toProve(b)
	b.press("form[action='/portal/prove'] button")
	b.at("/portal/waiting")
	code := b.text(".match-code")

	spoken := b.speech()
	remaining := strings.Join(spoken, "\n")
	for _, want := range waitingSpeech(code) {
		_, after, found := strings.Cut(remaining, want)
		if !found {
			t.Fatalf("%q does not follow:\n%s\n\nof\n%s", want, remaining, strings.Join(spoken, "\n"))
		}

		remaining = after
	}

	// A screen reader would say the running clock, and the code as it is drawn, again and again.
	for _, never := range []string{"timer", "text: " + code, "14:5"} {
		if slices.ContainsFunc(spoken, func(line string) bool { return strings.Contains(line, never) }) {
			t.Errorf("a screen reader says %q", never)
		}
	}
}

// axNode is a node of the accessibility tree.
type axNode struct {
	NodeID   string   `json:"nodeId"`
	ChildIDs []string `json:"childIds"`
	Ignored  bool     `json:"ignored"`
	Role     axValue  `json:"role"`
	Name     axValue  `json:"name"`
}

type axValue struct {
	Value any `json:"value"`
}

// String returns the value with single spaces, or "" if it is no text.
func (v axValue) String() string {
	text, _ := v.Value.(string)
	return strings.Join(strings.Fields(text), " ")
}

// speech lists what a screen reader says of the page: landmarks, headings, controls and texts, in their order.
func (b *tab) speech() []string {
	b.Helper()
	// The library does not know all the words that a newer Chromium has for why a node is ignored.
	var tree struct {
		Nodes []axNode `json:"nodes"`
	}
	b.run("read the accessibility tree", chromedp.ActionFunc(func(ctx context.Context) error {
		return cdp.Execute(ctx, "Accessibility.getFullAXTree", nil, &tree)
	}))
	if len(tree.Nodes) == 0 {
		return nil
	}

	byID := map[string]axNode{}
	for _, n := range tree.Nodes {
		byID[n.NodeID] = n
	}

	return speak(tree.Nodes[0], byID)
}

// landmarks are the roles besides headings and controls that a screen reader says.
var landmarks = []string{
	"banner", "main", "contentinfo", "region", "navigation", "list", "status", "alert", "timer",
}

// speak lists what a screen reader says of a node and the nodes below it.
func speak(n axNode, byID map[string]axNode) []string {
	var spoken []string
	role := n.Role.String()
	whole := slices.Contains([]string{"heading", "link", "button", "image"}, role)
	switch {
	case n.Ignored:
	case role == "StaticText":
		spoken = append(spoken, "text: "+n.Name.String())
	case whole || slices.Contains(landmarks, role):
		spoken = append(spoken, strings.TrimSpace(role+": "+n.Name.String()))
	}

	if whole && !n.Ignored {
		return spoken
	}
	for _, id := range n.ChildIDs {
		if child, ok := byID[id]; ok {
			spoken = append(spoken, speak(child, byID)...)
		}
	}

	return spoken
}
