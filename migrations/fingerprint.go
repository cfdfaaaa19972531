package migrations

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
)

// Fingerprint returns 16 hexadecimal digits that change with the migrations of the set for PostgreSQL. The names of the
// databases that tests copy carry it.
func (set Set) Fingerprint() (string, error) {
	scripts, err := fs.Sub(files, string(set)+"/postgres")
	if err != nil {
		return "", err
	}

	hash := sha256.New()
	err = fs.WalkDir(scripts, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}

		script, err := fs.ReadFile(scripts, path)
		fmt.Fprintf(hash, "%s %d\n%s", path, len(script), script)

		return err
	})

	return hex.EncodeToString(hash.Sum(nil)[:8]), err
}
