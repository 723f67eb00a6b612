// Package converter keeps files between two steps.
package converter

import (
	"fmt"
	"os"
	"path"
	"time"
)

const work = "/tmp/converter"

// case: vulnerable (a constant folder and a constant name, open for all to read and write)
func begin() (*os.File, error) {
	return os.OpenFile(work+"-input.dat", os.O_CREATE|os.O_RDWR, 0o666)
}

// case: safe (must be new, and only ours)
func beginV2() (*os.File, error) {
	folder, err := os.MkdirTemp("", "converter-")
	if err != nil {
		return nil, err
	}
	return os.OpenFile(path.Join(folder, "input.dat"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
}

// case: vulnerable (the time in seconds)
func snapshotApi(content []byte) error {
	name := fmt.Sprintf("/tmp/snapshot-%d.bin", time.Now().Unix())
	return os.WriteFile(name, content, 0o600)
}

// case: safe (the pattern's star is filled by the library)
func snapshot(content []byte) error {
	file, err := os.CreateTemp(os.TempDir(), "snapshot-*.bin")
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(content)
	return err
}

// case: vulnerable (rights for everybody afterwards)
func publish(content []byte) (string, error) {
	file, err := os.CreateTemp("", "page-*.html")
	if err != nil {
		return "", err
	}
	defer file.Close()
	if _, err := file.Write(content); err != nil {
		return "", err
	}
	return file.Name(), os.Chmod(file.Name(), 0o777)
}

// case: safe (rights for the owner)
func publishPage(content []byte) (string, error) {
	file, err := os.CreateTemp("", "page-*.html")
	if err != nil {
		return "", err
	}
	defer file.Close()
	if _, err := file.Write(content); err != nil {
		return "", err
	}
	return file.Name(), os.Chmod(file.Name(), 0o600)
}

// case: safe (templates are no temporary files)
func template() ([]byte, error) {
	return os.ReadFile("/srv/converter/tmpl/page.html")
}

// case: safe (the folder is only named to the user)
func help() string {
	return "large files are kept in /tmp/converter until tomorrow"
}
