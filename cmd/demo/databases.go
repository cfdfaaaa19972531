package main

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"

	"central.consent/dar/migrations"
	"central.consent/dar/register/rules"
)

// databases are those of both programs, with their keys.
type databases struct {
	register    *migrations.DB
	registerKey string
	portal      *migrations.DB
	portalKey   []byte
}

// openDatabases opens the databases and the keys, which the first start makes.
func openDatabases(ctx context.Context, folder string) (*databases, error) {
	registerKey, err := keyFile(filepath.Join(folder, "register.key"), func() string {
		return rules.GenerateKey("demo")
	})
	if err != nil {
		return nil, err
	}

	portalKey, err := keyFile(filepath.Join(folder, "portal.key"), func() string {
		key := make([]byte, 32)
		rand.Read(key)
		return string(key)
	})
	if err != nil {
		return nil, err
	}

	d := &databases{registerKey: registerKey, portalKey: []byte(portalKey)}
	if d.register, err = migrations.Open(ctx, filepath.Join(folder, "register.db"), migrations.Register); err != nil {
		return nil, err
	}
	if d.portal, err = migrations.Open(ctx, filepath.Join(folder, "portal.db"), migrations.Portal); err != nil {
		return nil, errors.Join(err, d.register.Close())
	}

	return d, nil
}

func (d *databases) close() error { return errors.Join(d.portal.Close(), d.register.Close()) }

// keyFile reads a key, or makes it if there is none yet.
func keyFile(path string, generate func() string) (string, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		key, readErr := os.ReadFile(path)
		return string(key), readErr
	}
	if err != nil {
		return "", err
	}

	key := generate()
	_, err = file.WriteString(key)

	return key, errors.Join(err, file.Close())
}
