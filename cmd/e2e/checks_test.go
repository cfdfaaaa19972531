package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// badPage has one fault for each check of this package.
const badPage = `<!DOCTYPE html><html lang="en"><head><title>Bad</title><meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css"><script src="/script.js"></script></head>
<body><main><h1>Bad</h1><p class="pale">pale</p><img src="/image.png">
<p class="long">Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch</p><div class="cut"><p>cut off</p></div>
<p style="color: red">inline</p><img alt="" src="http://elsewhere.example/x.png"><p>mlr_0123456789abcdef01234567</p>
<a href="/next?mpxn=2312%203456%2078901">next</a></main></body></html>`

// TestChecks shows that the checks find what they are for, with scripts and without: one that finds nothing looks just
// like a page that has nothing.
func TestChecks(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src *")
		switch r.URL.Path {
		case "/style.css":
			w.Header().Set("Content-Type", "text/css")
			io.WriteString(
				w,
				".pale { color: #ccc } .long { font-size: 60px } .cut { height: 5px; overflow: hidden; white-space: nowrap }",
			)
		case "/script.js":
			w.Header().Set("Content-Type", "text/javascript")
			io.WriteString(w, `console.error("canary"); document.querySelector("nothing").canary()`)
		case "/image.png":
			http.NotFound(w, r)
		default:
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, badPage)
		}
	}))
	t.Cleanup(server.Close)
	for _, script := range []bool{true, false} {
		t.Run(look{360, "en", script}.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, server.URL, look{360, "en", script})
			b.open("/", 200)
			found := append(b.axe("true"), eval[[]string](b, misfits)...)
			b.press("a")
			// What the browser has to say comes when it likes.
			want := []string{
				"image-alt",
				"color-contrast",
				"px wide in a window of 360",
				"“cut off” is cut off",
				"Content Security Policy",
				"404",
				"asked elsewhere",
				"the address holds the meter point",
				"the answer holds mlr_",
			}
			if script {
				want = append(want, "console: ", "exception: ")
			}

			var text string
			for start := time.Now(); time.Since(start) < 5*time.Second; time.Sleep(50 * time.Millisecond) {
				b.mu.Lock()
				text = strings.Join(append(append(found, b.problems...), b.wire.problems(server.URL)...), "\n")
				b.mu.Unlock()
				if absent(text, want) == "" {
					break
				}
			}

			if fault := absent(text, want); fault != "" {
				t.Errorf("nothing was found about %q; only:\n%s", fault, text)
			}

			b.mu.Lock()
			b.problems, b.wire.exchanges = nil, nil
			b.mu.Unlock()
		})
	}
}

// absent is the first of want that text does not hold.
func absent(text string, want []string) string {
	for _, part := range want {
		if !strings.Contains(text, part) {
			return part
		}
	}

	return ""
}
