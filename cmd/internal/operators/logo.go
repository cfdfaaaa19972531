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
)

const (
	// maxLogoFile bounds the file, in bytes.
	maxLogoFile = 1 << 20
	// maxLogoSide and maxLogoPixels bound what is unpacked: a file of a few bytes can claim any size.
	maxLogoSide   = 4000
	maxLogoPixels = 4 << 20
	// logoHeight and logoWidth are the most that is served, in pixels: three for each of the page's 44.
	logoHeight = 132
	logoWidth  = 900
)

// logo reads a picture and draws it anew, no larger than pages show it: what is served was written here, and holds
// nothing but pixels. It answers the new file, its extension and its size.
func logo(file []byte) (content []byte, ext string, size image.Point, err error) {
	if len(file) > maxLogoFile {
		return nil, "", size, fmt.Errorf("the file has more than %d KiB", maxLogoFile>>10)
	}

	config, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil || format != "png" && format != "jpeg" && format != "webp" {
		return nil, "", size, errors.New("is no PNG, JPEG or WebP picture (SVG is refused: it can hold scripts)")
	}
	if w, h := config.Width, config.Height; w < 1 || h < 1 || w > maxLogoSide || h > maxLogoSide ||
		w*h > maxLogoPixels {
		return nil, "", size, fmt.Errorf(
			"has %d x %d pixels, and may have at most %d a side and %d in all",
			w,
			h,
			maxLogoSide,
			maxLogoPixels,
		)
	}

	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, "", size, fmt.Errorf("is a broken %s picture", format)
	}

	size = picture.Bounds().Size()
	if size.Y > logoHeight {
		size = image.Pt(max(1, size.X*logoHeight/size.Y), logoHeight)
	}
	if size.X > logoWidth {
		size = image.Pt(logoWidth, max(1, size.Y*logoWidth/size.X))
	}

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
