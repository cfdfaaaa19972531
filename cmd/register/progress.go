package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress shows how far an import is. On a terminal it is one line that is written over; elsewhere it is a line every
// ten seconds.
type progress struct {
	out      io.Writer
	terminal bool
	size     int64 // of the file in bytes; 0 if it is unknown
	every    time.Duration
	started  time.Time
	shown    time.Time
}

func newProgress(out io.Writer, size int64) *progress {
	now := time.Now()
	p := &progress{out: out, size: size, every: 10 * time.Second, started: now, shown: now}
	if file, ok := out.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.terminal = true
			p.every = 200 * time.Millisecond
		}
	}

	return p
}

// show is told how many bytes and lines have been read.
func (p *progress) show(read int64, lines int) {
	now := time.Now()
	if now.Sub(p.shown) < p.every {
		return
	}

	p.shown = now
	text := progressText(read, p.size, lines, now.Sub(p.started))
	if p.terminal {
		fmt.Fprintf(p.out, "\r%s\x1b[K", text)
	} else {
		fmt.Fprintln(p.out, text)
	}
}

// end moves on from the line that was written over.
func (p *progress) end() {
	if p.terminal && p.shown.After(p.started) {
		fmt.Fprintln(p.out)
	}
}

// progressText estimates the remaining time from the bytes read, if the size is known.
func progressText(read, size int64, lines int, elapsed time.Duration) string {
	text := fmt.Sprintf("%d lines, %.0f lines/s", lines, float64(lines)/elapsed.Seconds())
	if size > 0 && read > 0 {
		remaining := time.Duration(float64(elapsed) * float64(size-read) / float64(read)).Round(time.Second)
		text += fmt.Sprintf(", %d %%, %s left", 100*read/size, max(remaining, 0))
	}

	return text
}
