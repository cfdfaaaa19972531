package catcher

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// Received is one letter, for one address.
type Received struct {
	// ID counts the letters from 1, also over those that were cleared.
	ID int
	// At is when it came.
	At time.Time
	// From and To are the envelope's addresses; the letter's own stand in Header.
	From, To string
	Header   mail.Header
	// Subject, Text and HTML are decoded; Text or HTML is empty where the letter has no such part.
	Subject, Text, HTML string
	// Raw is the letter as it came.
	Raw []byte
}

// read takes a letter apart.
func read(raw []byte) (Received, error) {
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

// readPart keeps the text and the HTML of a part and of the parts within it.
func (r *Received) readPart(contentType, encoding string, body io.Reader) error {
	if contentType == "" {
		contentType = "text/plain"
	}

	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type: %w", err)
	}

	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, parameters["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return fmt.Errorf("parts: %w", err)
			}
			if err := r.readPart(
				part.Header.Get("Content-Type"),
				part.Header.Get("Content-Transfer-Encoding"),
				part,
			); err != nil {
				return err
			}
		}
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
