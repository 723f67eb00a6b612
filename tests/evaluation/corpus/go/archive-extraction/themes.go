// Package themes unpacks what designers upload.
package themes

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

const (
	folder = "/srv/themes"
	limit  = 5 << 20
)

var errEntry = errors.New("entry leaves the folder")

func save(target string, content io.Reader) error {
	file, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(file, io.LimitReader(content, limit))
	return err
}

// case: vulnerable
func unpack(archive string) error {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer reader.Close()
	for _, entry := range reader.File {
		content, err := entry.Open()
		if err != nil {
			return err
		}
		target := filepath.Join(folder, entry.Name)
		file, err := os.Create(target)
		if err != nil {
			return err
		}
		io.Copy(file, io.LimitReader(content, limit))
		file.Close()
		content.Close()
	}
	return nil
}

// case: safe (joined, then compared with the folder)
func unpackTwo(archive string) error {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer reader.Close()
	for _, entry := range reader.File {
		target := filepath.Join(folder, entry.Name)
		if !strings.HasPrefix(target, filepath.Clean(folder)+string(os.PathSeparator)) {
			return errEntry
		}
		content, err := entry.Open()
		if err != nil {
			return err
		}
		file, err := os.Create(target)
		if err != nil {
			return err
		}
		io.Copy(file, io.LimitReader(content, limit))
		file.Close()
		content.Close()
	}
	return nil
}

// case: vulnerable (tar of a request's body)
func receive(w http.ResponseWriter, r *http.Request) {
	unzipped, err := gzip.NewReader(r.Body)
	if err != nil {
		return
	}
	reader := tar.NewReader(unzipped)
	for {
		header, err := reader.Next()
		if err != nil {
			return
		}
		content, err := io.ReadAll(io.LimitReader(reader, limit))
		if err != nil {
			return
		}
		if err := os.WriteFile(folder+"/"+header.Name, content, 0o600); err != nil {
			return
		}
	}
}

// case: safe (only the last element of the entry's name)
func icons(w http.ResponseWriter, r *http.Request) {
	reader := tar.NewReader(r.Body)
	for {
		header, err := reader.Next()
		if err != nil {
			return
		}
		content, err := io.ReadAll(io.LimitReader(reader, limit))
		if err != nil {
			return
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(header.Name)), content, 0o600); err != nil {
			return
		}
	}
}

// case: vulnerable (dots at the beginning are refused, those in the middle are not)
func fonts(reader *zip.Reader) error {
	for _, entry := range reader.File {
		if strings.HasPrefix(entry.Name, "..") {
			return errEntry
		}
		content, err := entry.Open()
		if err != nil {
			return err
		}
		file, err := os.Create(folder + "/" + entry.Name)
		if err != nil {
			return err
		}
		io.CopyN(file, content, limit)
		file.Close()
		content.Close()
	}
	return nil
}

// case: safe (names are listed, nothing is written)
func list(reader *zip.Reader) []string {
	names := make([]string, 0, len(reader.File))
	for _, entry := range reader.File {
		names = append(names, entry.Name)
	}
	return names
}

// case: safe (one entry of a constant name is read)
func manifest(reader *zip.Reader) ([]byte, error) {
	for _, entry := range reader.File {
		if entry.Name != "theme.json" {
			continue
		}
		content, err := entry.Open()
		if err != nil {
			return nil, err
		}
		defer content.Close()
		return io.ReadAll(io.LimitReader(content, limit))
	}
	return nil, os.ErrNotExist
}

// case: vulnerable (a link in the archive can point anywhere)
func links(reader *tar.Reader) error {
	for {
		header, err := reader.Next()
		if err != nil {
			return err
		}
		target := filepath.Join(folder, filepath.Base(header.Name))
		switch header.Typeflag {
		case tar.TypeSymlink:
			if err := os.Symlink(header.Linkname, target); err != nil {
				return err
			}
		case tar.TypeReg:
			if err := save(target, reader); err != nil {
				return err
			}
		}
	}
}
