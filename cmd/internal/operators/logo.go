package operators

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // read, and written as PNG

	"central.consent/dar/views"
)

const (
	// maxLogoFile bounds the file, in bytes.
	maxLogoFile = 1 << 20
	// maxLogoSide and maxLogoPixels bound what is unpacked: a small file can claim any size.
	maxLogoSide   = 4000
	maxLogoPixels = 4 << 20
	// logoHeight and logoWidth are the most that is served, in pixels: three for each of the page's 44.
	logoHeight = 132
	logoWidth  = 900
)

// logo reads a picture and draws it again, no larger than pages show it: what is served was written here and holds only
// pixels. It returns the new file, its extension and its size.
func logo(file []byte) (content []byte, ext string, size image.Point, err error) {
	if len(file) > maxLogoFile {
		return nil, "", size, fmt.Errorf("the file has more than %d KiB", maxLogoFile>>10)
	}

	config, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil || format != "png" && format != "jpeg" && format != "webp" {
		return nil, "", size, errors.New("is no PNG, JPEG or WebP picture (SVG is refused: it can hold scripts)")
	}

	w := config.Width
	h := config.Height
	if w < 1 || h < 1 || w > maxLogoSide || h > maxLogoSide || w*h > maxLogoPixels {
		return nil, "", size, fmt.Errorf("has %d x %d pixels, and may have at most %d a side and %d in all",
			w, h, maxLogoSide, maxLogoPixels)
	}

	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, "", size, fmt.Errorf("is a broken %s picture", format)
	}

	size = fitted(picture.Bounds().Size())
	drawn := image.NewNRGBA(image.Rectangle{Max: size})
	draw.CatmullRom.Scale(drawn, drawn.Bounds(), picture, picture.Bounds(), draw.Src, nil)

	var b bytes.Buffer
	if format == "jpeg" {
		err = jpeg.Encode(&b, drawn, &jpeg.Options{Quality: 90})
		return b.Bytes(), ".jpg", size, err
	}

	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err = encoder.Encode(&b, drawn)

	return b.Bytes(), ".png", size, err
}

// fitted returns the size with which a picture is served: its own, unless it is larger than pages show it.
func fitted(size image.Point) image.Point {
	if size.Y > logoHeight {
		size = image.Pt(max(1, size.X*logoHeight/size.Y), logoHeight)
	}
	if size.X > logoWidth {
		size = image.Pt(logoWidth, max(1, size.Y*logoWidth/size.X))
	}

	return size
}

// checkLogo reads the operator's pictures.
func (c *checker) checkLogo(e *entry, o *Operator) {
	o.Brand.Logo = c.picture("logo", e.Logo, o)
	o.Brand.DarkLogo = c.picture("logo-dark", e.LogoDark, o)
	o.Brand.LogoSaysName = c.flag("logo-says-name", e.LogoSaysName)
	if e.Logo.given {
		return
	}

	if e.LogoDark.given {
		c.refuse("logo-dark", "needs a logo")
	}
	if e.LogoSaysName.given {
		c.refuse("logo-says-name", "needs a logo")
	}
}

// picture adds a picture to the operator's files; nil if the file names none or it is refused.
func (c *checker) picture(key string, file text, o *Operator) *views.Image {
	name := c.optional(key, file)
	if name == "" {
		return nil
	}

	content, err := c.read(name)
	if err != nil {
		c.refuse(key, "%v", err)
		return nil
	}

	drawn, ext, size, err := logo(content)
	if err != nil {
		c.refuse(key, "%s: %v", name, err)
		return nil
	}

	return &views.Image{URL: o.Files.Add(key+ext, drawn), Width: size.X, Height: size.Y}
}
