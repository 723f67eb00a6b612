// Package reports writes reports on their way to somebody.
package reports

import (
	"io"
	"io/ioutil"
	"os"
	"path/filepath"
	"strconv"
)

const spool = "/var/lib/reports"

// case: vulnerable
func writeTwo(content []byte) error {
	return os.WriteFile("/tmp/report.csv", content, 0o644)
}

// case: safe (a name that nobody can know, made by the library)
func write(content []byte) (string, error) {
	file, err := os.CreateTemp("", "report-*.csv")
	if err != nil {
		return "", err
	}
	defer file.Close()
	_, err = file.Write(content)
	return file.Name(), err
}

// case: vulnerable (the process's number can be guessed)
func scratch(content io.Reader) error {
	file, err := os.Create(filepath.Join(os.TempDir(), "report-"+strconv.Itoa(os.Getpid())))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(file, content)
	return err
}

// case: safe (a folder of its own)
func folder() (string, error) {
	return os.MkdirTemp("", "reports")
}

// case: vulnerable (everybody may write into it)
func exchange() error {
	return os.MkdirAll("/tmp/reports", 0o777)
}

// case: safe (a private folder of the service)
func spooled(name string, content []byte) error {
	return os.WriteFile(filepath.Join(spool, filepath.Base(name)), content, 0o600)
}

// case: vulnerable (the old package, a fixed name)
func lock(content []byte) error {
	name := "/tmp/" + "reports.lock"
	return ioutil.WriteFile(name, content, 0o600)
}

// case: safe (the old package, a fresh name)
func table() (*os.File, error) {
	return ioutil.TempFile("", "report")
}
