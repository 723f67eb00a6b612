package reports

import "os"

func open(content []byte) {
	// ruleid: go-file-writable-by-all
	os.MkdirAll("/srv/exchange", 0o777)
	// ruleid: go-file-writable-by-all
	os.WriteFile("/srv/exchange/a", content, 0666)
	// ruleid: go-file-writable-by-all
	os.Chmod("/srv/exchange", os.ModePerm)
	// ok: go-file-writable-by-all
	os.MkdirAll("/srv/exchange", 0o750)
	// ok: go-file-writable-by-all
	os.WriteFile("/srv/exchange/a", content, 0o644)
}
