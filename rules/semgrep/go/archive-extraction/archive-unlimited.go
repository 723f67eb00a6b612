package themes

import (
	"compress/gzip"
	"io"
)

func all(in io.Reader, out io.Writer) error {
	reader, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	// ruleid: go-archive-unlimited
	_, err = io.Copy(out, reader)
	return err
}

func some(in io.Reader, out io.Writer) error {
	reader, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	// ok: go-archive-unlimited
	_, err = io.Copy(out, io.LimitReader(reader, 1<<20))
	return err
}
