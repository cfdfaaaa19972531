package operators

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"testing"
)

func TestLogoIsDrawnAnew(t *testing.T) {
	t.Parallel()
	hidden := append(pngOf(2000, 264), []byte("<script>canary</script>")...)
	content, ext, size, err := logo(hidden)
	if err != nil || ext != ".png" || size != image.Pt(900, 118) {
		t.Fatalf("%s %v %v", ext, size, err)
	}
	if bytes.Contains(content, []byte("canary")) {
		t.Error("what stood behind the picture is served")
	}

	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil || picture.Bounds().Size() != size {
		t.Errorf("what is served is no picture of its size: %v", err)
	}
	if _, ext, _, err = logo(files["photo.jpg"]); err != nil || ext != ".jpg" {
		t.Errorf("JPEG: %s %v", ext, err)
	}

	webp, _ := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	content, ext, _, err = logo(webp)
	if err != nil || ext != ".png" || !bytes.HasPrefix(content, []byte("\x89PNG")) {
		t.Errorf("WebP: %s %v", ext, err)
	}
}
