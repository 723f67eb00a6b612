// Package matching tries patterns on what people type.
package matching

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

var (
	linear = regexp.MustCompile(`^(a+)+$`)
	simple = regexp2.MustCompile(`^[0-9]{5}$`, regexp2.None)
)

// case: vulnerable (this library backtracks, and the pattern is nested)
func word(w http.ResponseWriter, r *http.Request) {
	pattern := regexp2.MustCompile(`^(\w+\s?)+$`, regexp2.None)
	if ok, _ := pattern.MatchString(r.FormValue("text")); !ok {
		http.Error(w, "no", http.StatusBadRequest)
	}
}

// case: safe (the standard library needs linear time, whatever the pattern looks like)
func letters(w http.ResponseWriter, r *http.Request) {
	if !linear.MatchString(r.FormValue("text")) {
		http.Error(w, "no", http.StatusBadRequest)
	}
}

// case: vulnerable (the pattern itself is the client's)
func search(w http.ResponseWriter, r *http.Request) {
	pattern, err := regexp2.Compile(r.FormValue("pattern"), regexp2.IgnoreCase)
	if err != nil {
		http.Error(w, "bad pattern", http.StatusBadRequest)
		return
	}
	if ok, _ := pattern.MatchString(strings.Repeat("lorem ipsum ", 200)); ok {
		w.WriteHeader(http.StatusNoContent)
	}
}

// case: safe (it ends after 100 milliseconds)
func searchApi(w http.ResponseWriter, r *http.Request) {
	pattern, err := regexp2.Compile(r.FormValue("pattern"), regexp2.IgnoreCase)
	if err != nil {
		http.Error(w, "bad pattern", http.StatusBadRequest)
		return
	}
	pattern.MatchTimeout = 100 * time.Millisecond
	if ok, _ := pattern.MatchString(strings.Repeat("lorem ipsum ", 200)); ok {
		w.WriteHeader(http.StatusNoContent)
	}
}

// case: safe (five digits cannot be tried in many ways)
func code(w http.ResponseWriter, r *http.Request) {
	if ok, _ := simple.MatchString(r.FormValue("code")); !ok {
		http.Error(w, "no", http.StatusBadRequest)
	}
}

// case: vulnerable (alternatives that overlap, on a header)
func agent(w http.ResponseWriter, r *http.Request) {
	pattern := regexp2.MustCompile(`^(([a-z]+|[a-z0-9]+)[-/ ]?)+;$`, 0)
	if ok, _ := pattern.MatchString(r.UserAgent()); ok {
		w.WriteHeader(http.StatusNoContent)
	}
}
