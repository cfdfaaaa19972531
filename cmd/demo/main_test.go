package main

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
)

func TestHelpShowsFlagsAsTheyAreTyped(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	_ = run(t.Context(), []string{"--help"}, &out, io.Discard)
	for _, flag := range []string{"\n  --addr ", "\n  --data-dir ", "\n  --reidentification "} {
		if !strings.Contains(out.String(), flag) {
			t.Errorf("%q is not in\n%s", flag, out.String())
		}
	}
}

func TestLiveDemonstrationSaysWhereItsMailIs(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe()
	go func() {
		args := []string{"--addr", "localhost:0", "--reidentification", "live"}
		writer.CloseWithError(run(t.Context(), args, writer, io.Discard))
	}()

	buffer := make([]byte, 4096)
	n, err := reader.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}

	go io.Copy(io.Discard, reader)
	printed := string(buffer[:n])
	for _, want := range []string{
		`portal stands at http://localhost:\d+/portal\n`,
		`mail is read at http://localhost:\d+/demo/inbox\n`,
		`Passkeys work too: on localhost`,
	} {
		if !regexp.MustCompile(want).MatchString(printed) {
			t.Errorf("it does not say %s:\n%s", want, printed)
		}
	}
}
