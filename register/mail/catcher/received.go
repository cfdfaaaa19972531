package catcher

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// Received is one letter to one address.
type Received struct {
	// ID counts the letters from 1, the dropped ones included.
	ID int
	// At is when the letter arrived.
	At time.Time
	// From and To are the addresses of the envelope. Those of the letter itself are in Header.
	From, To string
	Header   mail.Header
	// Subject, Text and HTML are decoded. Text or HTML is empty if the letter has no such part.
	Subject, Text, HTML string
	// Raw is the letter as it arrived.
	Raw []byte
}

// parse reads the header and the parts of a letter.
func parse(raw []byte) (Received, error) {
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Received{}, err
	}

	letter := Received{Header: message.Header, Raw: raw}
	letter.Subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		return Received{}, fmt.Errorf("subject: %w", err)
	}

	err = letter.readPart(
		message.Header.Get("Content-Type"),
		message.Header.Get("Content-Transfer-Encoding"),
		message.Body,
	)

	return letter, err
}

// readPart keeps the first text and the first HTML of a part and of the parts within it.
func (r *Received) readPart(contentType, encoding string, body io.Reader) error {
	if contentType == "" {
		contentType = "text/plain"
	}

	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type: %w", err)
	}

	if strings.HasPrefix(kind, "multipart/") {
		return r.readParts(multipart.NewReader(body, parameters["boundary"]))
	}

	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}

	contents, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}

	text := strings.ReplaceAll(string(contents), "\r\n", "\n")
	switch {
	case kind == "text/plain" && r.Text == "":
		r.Text = text
	case kind == "text/html" && r.HTML == "":
		r.HTML = text
	}

	return nil
}

// readParts reads each part of a multipart letter.
func (r *Received) readParts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("parts: %w", err)
		}

		err = r.readPart(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
		if err != nil {
			return err
		}
	}
}
