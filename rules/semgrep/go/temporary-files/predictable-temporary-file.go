package reports

import (
	"fmt"
	"io/ioutil"
	"os"
	"path/filepath"
	"strconv"
)

func write(content []byte) {
	// ruleid: go-predictable-temporary-file
	os.WriteFile("/tmp/report.csv", content, 0o600)
	// ruleid: go-predictable-temporary-file
	os.Create(filepath.Join(os.TempDir(), "report-"+strconv.Itoa(os.Getpid())))
	name := "/tmp/" + "lock"
	// ruleid: go-predictable-temporary-file
	ioutil.WriteFile(name, content, 0o600)
	// ruleid: go-predictable-temporary-file
	os.Create(fmt.Sprintf("/tmp/report-%d", os.Getpid()))
	// ok: go-predictable-temporary-file
	os.CreateTemp("", "report-*")
	// ok: go-predictable-temporary-file
	os.OpenFile("/tmp/report.csv", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	// ok: go-predictable-temporary-file
	os.WriteFile("/var/lib/reports/report.csv", content, 0o600)
}
