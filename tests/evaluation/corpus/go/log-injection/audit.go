// Package audit writes who did what.
package audit

import (
	"fmt"
	"html"
	"log"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
)

var (
	trail  = log.New(os.Stderr, "audit ", log.LstdFlags)
	events = slog.New(slog.NewJSONHandler(os.Stderr, nil))
	breaks = strings.NewReplacer("\n", "", "\r", "")
)

func plain(value string) string { return breaks.Replace(value) }

// case: vulnerable
func login(w http.ResponseWriter, r *http.Request) {
	log.Printf("login of %s failed", r.FormValue("user"))
	http.Error(w, "wrong", http.StatusUnauthorized)
}

// case: safe (quoted, so that a line's end is written as two characters)
func loginPage(w http.ResponseWriter, r *http.Request) {
	log.Printf("login of %q failed", r.FormValue("user"))
	http.Error(w, "wrong", http.StatusUnauthorized)
}

// case: vulnerable (a logger of our own, concatenated)
func remove(w http.ResponseWriter, r *http.Request) {
	trail.Println("removed " + r.URL.Query().Get("document"))
}

// case: safe (line ends are removed by a helper)
func removePage(w http.ResponseWriter, r *http.Request) {
	trail.Println("removed " + plain(r.URL.Query().Get("document")))
}

// case: vulnerable (HTML escaping keeps line ends; a decoded path)
func view(w http.ResponseWriter, r *http.Request) {
	path := html.EscapeString(r.URL.Path)
	log.Print("viewed " + path)
}

// case: safe (an attribute of a JSON record)
func viewV2(w http.ResponseWriter, r *http.Request) {
	events.Info("viewed", "path", r.URL.Path)
}

// case: safe (a number)
func pay(w http.ResponseWriter, r *http.Request) {
	cents, err := strconv.Atoi(r.FormValue("cents"))
	if err != nil {
		http.Error(w, "bad amount", http.StatusBadRequest)
		return
	}
	log.Printf("paid %d", cents)
}

// case: vulnerable (the password is written down)
func register(w http.ResponseWriter, r *http.Request) {
	password := r.PostFormValue("password")
	log.Printf("register with password %q", password)
}

// case: vulnerable (a file that serves as log)
func note(w http.ResponseWriter, r *http.Request) {
	file, err := os.OpenFile("/var/log/portal/audit.log", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer file.Close()
	fmt.Fprintf(file, "note: %s\n", r.FormValue("note"))
}

// case: safe (the value is only counted)
func count(w http.ResponseWriter, r *http.Request) {
	log.Printf("note of %d bytes", len(r.FormValue("note")))
}
