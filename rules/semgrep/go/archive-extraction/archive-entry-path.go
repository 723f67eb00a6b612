package themes

import (
	"archive/tar"
	"archive/zip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const folder = "/srv/themes"

func unzip(archive string) error {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	for _, entry := range reader.File {
		target := filepath.Join(folder, entry.Name)
		// ruleid: go-archive-entry-path
		out, err := os.Create(target)
		if err != nil {
			return err
		}
		out.Close()
		// ok: go-archive-entry-path
		os.Create(filepath.Join(folder, filepath.Base(entry.Name)))
	}
	return nil
}

func unzipChecked(reader *zip.Reader) error {
	for _, entry := range reader.File {
		target := filepath.Join(folder, entry.Name)
		if !strings.HasPrefix(target, filepath.Clean(folder)+string(os.PathSeparator)) {
			return errors.New("outside")
		}
		// ok: go-archive-entry-path
		os.MkdirAll(target, 0o750)
	}
	return nil
}

func untar(reader *tar.Reader) error {
	for {
		header, err := reader.Next()
		if err != nil {
			return err
		}
		content, _ := io.ReadAll(io.LimitReader(reader, 1<<20))
		// ruleid: go-archive-entry-path
		os.WriteFile(folder+"/"+header.Name, content, 0o600)
		if !filepath.IsLocal(header.Name) {
			continue
		}
		// ok: go-archive-entry-path
		os.WriteFile(folder+"/"+header.Name, content, 0o600)
	}
}

func manifest(reader *zip.Reader) *zip.File {
	// ok: go-archive-entry-path
	for _, entry := range reader.File {
		if entry.Name == "theme.json" {
			return entry
		}
	}
	return nil
}
