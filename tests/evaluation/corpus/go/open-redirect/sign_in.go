// Package signin sends people back to where they came from.
package signin

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/gorilla/mux"
)

var pages = map[string]string{"inbox": "/inbox", "profile": "/profile", "help": "https://help.example.org/"}

type visitor struct{ r *http.Request }

func (v visitor) next() string { return v.r.URL.Query().Get("next") }

func (v visitor) start() string { return "/start" }

// local accepts nothing but a path of this site.
func local(target string) string {
	parsed, err := url.Parse(target)
	if err != nil || parsed.IsAbs() || parsed.Host != "" || parsed.Opaque != "" {
		return "/"
	}
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") || strings.ContainsAny(target, "\\\r\n\t") {
		return "/"
	}
	return target
}

// case: vulnerable
func login(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, r.FormValue("next"), http.StatusFound)
}

// case: safe (a helper lets only paths of this site pass)
func loginPage(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, local(r.FormValue("next")), http.StatusFound)
}

// case: vulnerable (a leading slash is no promise: //attacker.net is a host)
func logout(w http.ResponseWriter, r *http.Request) {
	target := r.URL.Query().Get("return_to")
	if !strings.HasPrefix(target, "/") {
		target = "/"
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// case: safe (the name picks a page of the table)
func open(w http.ResponseWriter, r *http.Request) {
	target, ok := pages[r.FormValue("page")]
	if !ok {
		target = "/"
	}
	http.Redirect(w, r, target, http.StatusFound)
}

// case: vulnerable (the Location header by hand, from a path variable)
func resume(w http.ResponseWriter, r *http.Request) {
	target, err := url.QueryUnescape(mux.Vars(r)["target"])
	if err != nil {
		http.Redirect(w, r, "/", http.StatusFound)
		return
	}
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusFound)
}

// case: safe (the value stands behind a fixed path)
func item(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/items/"+url.PathEscape(mux.Vars(r)["id"]), http.StatusMovedPermanently)
}

// case: vulnerable (the host is checked by its end, attackerexample.org fits too)
func partnerApi(w http.ResponseWriter, r *http.Request) {
	target, err := url.Parse(r.FormValue("to"))
	if err != nil || !strings.HasSuffix(target.Host, "example.org") {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	http.Redirect(w, r, target.String(), http.StatusFound)
}

// case: safe (the host is compared whole)
func partner(w http.ResponseWriter, r *http.Request) {
	target, err := url.Parse(r.FormValue("to"))
	if err != nil || target.Scheme != "https" || target.Host != "partner.example.org" {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	http.Redirect(w, r, target.String(), http.StatusFound)
}

// case: vulnerable (the wrapper's method, and escaping for HTML leaves an address whole)
func continueTo(w http.ResponseWriter, r *http.Request) {
	v := visitor{r}
	target := html.EscapeString(v.next())
	http.Redirect(w, r, target, http.StatusTemporaryRedirect)
}

// case: safe (the wrapper's other method is constant)
func begin(w http.ResponseWriter, r *http.Request) {
	v := visitor{r}
	http.Redirect(w, r, v.start(), http.StatusTemporaryRedirect)
}

// case: vulnerable (a field of a JSON body)
func confirm(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Success string `json:"success_url"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return
	}
	target := fmt.Sprintf("%s?confirmed=1", body.Success)
	http.Redirect(w, r, target, http.StatusFound)
}

// case: safe (the number goes into the query of a fixed path)
func paging(w http.ResponseWriter, r *http.Request) {
	page, err := strconv.Atoi(r.FormValue("page"))
	if err != nil {
		page = 1
	}
	http.Redirect(w, r, "/list?page="+strconv.Itoa(page), http.StatusFound)
}

// case: safe (the host comes from the configuration, the client's part is cleaned and rooted)
func canonical(w http.ResponseWriter, r *http.Request) {
	base := os.Getenv("PUBLIC_URL")
	http.Redirect(w, r, base+path.Clean("/"+r.FormValue("path")), http.StatusMovedPermanently)
}

// case: vulnerable (the list of values; a handler made for the one request)
func moved(w http.ResponseWriter, r *http.Request) {
	http.RedirectHandler(r.URL.Query()["return"][0], http.StatusFound).ServeHTTP(w, r)
}
