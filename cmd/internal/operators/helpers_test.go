package operators

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"regexp"
	"slices"
	"strings"
)

// files are those that the operators of these tests name.
var files = map[string][]byte{
	"secret":      []byte("canary\n"),
	"advisers":    []byte("canary-of-advisers\n"),
	"empty":       nil,
	"two-lines":   []byte("a\nb"),
	"logo.png":    pngOf(300, 100),
	"photo.jpg":   jpegOf(64, 64),
	"moving.gif":  gifOf(),
	"drawing.svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`),
	"bomb.png":    claiming(60000, 60000),
	"wide.png":    claiming(4001, 1),
	"broken.png":  pngOf(300, 100)[:200],
	"large.png":   make([]byte, maxLogoFile+1),
	"page.png":    []byte("<!DOCTYPE html><script>alert(1)</script>"),
}

func read(name string) ([]byte, error) {
	if text, ok := files[name]; ok {
		return text, nil
	}
	return nil, fmt.Errorf("open %s: %w", name, os.ErrNotExist)
}

func pngOf(w, h int) []byte {
	picture := image.NewNRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		picture.Set(x, h/2, color.NRGBA{uint8(x), 80, 120, 255})
	}

	var b bytes.Buffer
	_ = png.Encode(&b, picture)

	return b.Bytes()
}

func jpegOf(w, h int) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil)
	return b.Bytes()
}

func gifOf() []byte {
	var b bytes.Buffer
	_ = gif.Encode(&b, image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black, color.White}), nil)
	return b.Bytes()
}

// claiming is a small PNG with any size in its header.
func claiming(w, h uint32) []byte {
	file := pngOf(1, 1)
	header := file[12:29] // type and content of IHDR
	binary.BigEndian.PutUint32(header[4:], w)
	binary.BigEndian.PutUint32(header[8:], h)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(header))

	return file
}

// good is a file of one operator without a mistake.
const good = `[[operator]]
slug = "advice"
hosts = ["energy.advice.example"]
account-id = "advice_1"
account-secret-file = "secret"
name = "Advice"
phone = "0800 000 0000"
`

const goodColours = good + `[operator.colours]
accent = "#26347f"
on-accent = "#ffffff"
dark-accent = "#ffd769"
dark-on-accent = "#231a00"
`

// with replaces the line of an operator that sets a key, or adds one. It is given keys and lines in turn; an empty line
// removes the key.
func with(file string, keysAndLines ...string) string {
	for pair := range slices.Chunk(keysAndLines, 2) {
		line := pair[1]
		if line != "" {
			line += "\n"
		}

		found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(pair[0]) + ` = .*\n`).FindStringIndex(file)
		if found == nil {
			file = strings.Replace(file, "[[operator]]\n", "[[operator]]\n"+line, 1)
			continue
		}

		file = file[:found[0]] + line + file[found[1]:]
	}

	return file
}
