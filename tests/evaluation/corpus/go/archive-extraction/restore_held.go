// Package restore brings backups back.
package restore

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

var (
	target    = "/var/lib/restore"
	errOuter  = errors.New("entry leaves the target")
	errNumber = errors.New("too many entries")
)

const most = 10 << 20

func within(name string) (string, error) {
	full := filepath.Join(target, name)
	relative, err := filepath.Rel(target, full)
	if err != nil || relative == ".." || strings.HasPrefix(relative, "../") {
		return "", errOuter
	}
	return full, nil
}

func store(full string, content io.Reader) error {
	file, err := os.Create(full)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.CopyN(file, content, most)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// case: vulnerable (folders of the archive; the entry's content follows)
func uploadApi(c *gin.Context) {
	raw, err := io.ReadAll(io.LimitReader(c.Request.Body, most))
	if err != nil {
		return
	}
	reader, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	for _, entry := range reader.File {
		full := filepath.Join(target, entry.Name)
		if entry.FileInfo().IsDir() {
			os.MkdirAll(full, 0o700)
			continue
		}
		content, err := entry.Open()
		if err != nil {
			return
		}
		out, err := os.OpenFile(full, os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return
		}
		io.CopyN(out, content, most)
		out.Close()
	}
}

// case: safe (a helper refuses what leaves the target)
func upload(c *gin.Context) {
	raw, err := io.ReadAll(io.LimitReader(c.Request.Body, most))
	if err != nil {
		return
	}
	reader, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	for _, entry := range reader.File {
		full, err := within(entry.Name)
		if err != nil {
			c.AbortWithStatus(http.StatusBadRequest)
			return
		}
		content, err := entry.Open()
		if err != nil {
			return
		}
		out, err := os.OpenFile(full, os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return
		}
		io.CopyN(out, content, most)
		out.Close()
	}
}

// case: vulnerable (the name is looked at, and then all goes on)
func mailboxes(reader *tar.Reader, odd *[]string) error {
	for {
		header, err := reader.Next()
		if err != nil {
			return err
		}
		if strings.Contains(header.Name, "..") {
			*odd = append(*odd, header.Name)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(target, header.Name)), 0o700); err != nil {
			return err
		}
		out, err := os.Create(filepath.Join(target, header.Name))
		if err != nil {
			return err
		}
		io.CopyN(out, reader, most)
		out.Close()
	}
}

// case: safe (what contains two dots is left out, what is absolute is joined)
func pictures(reader *tar.Reader) error {
	for {
		header, err := reader.Next()
		if err != nil {
			return err
		}
		if strings.Contains(header.Name, "..") || header.Typeflag != tar.TypeReg {
			continue
		}
		out, err := os.Create(filepath.Join(target, header.Name))
		if err != nil {
			return err
		}
		io.CopyN(out, reader, most)
		out.Close()
	}
}

// case: safe (the files are numbered)
func scans(reader *zip.Reader) error {
	for number, entry := range reader.File {
		if number > 100 {
			return errNumber
		}
		content, err := entry.Open()
		if err != nil {
			return err
		}
		if err := store(filepath.Join(target, strconv.Itoa(number)+".bin"), content); err != nil {
			return err
		}
		content.Close()
	}
	return nil
}

// case: vulnerable (an entry without end is unpacked into memory)
func inflate(reader *zip.Reader) ([]byte, error) {
	var all bytes.Buffer
	for _, entry := range reader.File {
		content, err := entry.Open()
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(&all, content); err != nil {
			return nil, err
		}
		content.Close()
	}
	return all.Bytes(), nil
}

// case: safe (local names only)
func letters(reader *zip.Reader) error {
	for _, entry := range reader.File {
		if !filepath.IsLocal(entry.Name) {
			return errOuter
		}
		content, err := entry.Open()
		if err != nil {
			return err
		}
		out, err := os.Create(filepath.Join(target, entry.Name))
		if err != nil {
			return err
		}
		io.CopyN(out, content, most)
		out.Close()
		content.Close()
	}
	return nil
}

// case: safe (an archive is written here, not unpacked)
func pack(w io.Writer, names []string) error {
	writer := zip.NewWriter(w)
	for _, name := range names {
		entry, err := writer.Create(filepath.Base(name))
		if err != nil {
			return err
		}
		if _, err := entry.Write([]byte(name)); err != nil {
			return err
		}
	}
	return writer.Close()
}
