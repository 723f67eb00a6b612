package matching

import (
	"net/http"
	"regexp"

	"github.com/dlclark/regexp2"
)

func search(w http.ResponseWriter, r *http.Request) {
	// ruleid: go-regex-injection-request
	regexp2.Compile(r.FormValue("pattern"), 0)
	// ok: go-regex-injection-request
	regexp2.Compile(regexp.QuoteMeta(r.FormValue("text")), 0)
	// ok: go-regex-injection-request
	regexp.Compile(r.FormValue("pattern"))
}
