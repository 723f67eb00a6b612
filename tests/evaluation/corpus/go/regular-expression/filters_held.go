// Package filters sorts mail by rules.
package filters

import (
	"encoding/json"
	"net/http"
	"regexp"
	"time"

	"github.com/dlclark/regexp2"
	"github.com/gin-gonic/gin"
)

var known = map[string]*regexp2.Regexp{
	"ticket": regexp2.MustCompile(`^\[#[0-9]{1,9}\]`, regexp2.None),
}

// case: vulnerable
func filterPage(c *gin.Context) {
	pattern, err := regexp2.Compile(c.Query("rule"), regexp2.None)
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	match, err := pattern.FindStringMatch(c.PostForm("subject"))
	c.JSON(http.StatusOK, gin.H{"matched": err == nil && match != nil})
}

// case: safe (quoted, so that nothing in it is special)
func filter(c *gin.Context) {
	pattern, err := regexp2.Compile(regexp.QuoteMeta(c.Query("rule")), regexp2.None)
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	match, err := pattern.FindStringMatch(c.PostForm("subject"))
	c.JSON(http.StatusOK, gin.H{"matched": err == nil && match != nil})
}

// case: vulnerable (the option is about syntax, it backtracks all the same)
func address(c *gin.Context) {
	pattern := regexp2.MustCompile(`^([a-zA-Z0-9]+)*@example\.org$`, regexp2.RE2)
	ok, _ := pattern.MatchString(c.PostForm("address"))
	c.JSON(http.StatusOK, gin.H{"ok": ok})
}

// case: safe (the request names a rule of the table)
func named(c *gin.Context) {
	pattern, ok := known[c.Query("rule")]
	if !ok {
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	matched, _ := pattern.MatchString(c.PostForm("subject"))
	c.JSON(http.StatusOK, gin.H{"matched": matched})
}

// case: vulnerable (rules of a JSON body in a loop)
func rules(w http.ResponseWriter, r *http.Request) {
	var given struct{ Patterns []string }
	if json.NewDecoder(r.Body).Decode(&given) != nil {
		return
	}
	for _, text := range given.Patterns {
		pattern := regexp2.MustCompile(text, regexp2.Multiline)
		if ok, _ := pattern.MatchString(r.Header.Get("X-Subject")); ok {
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
}

// case: safe (a nested pattern, but every attempt has an end)
func nested(w http.ResponseWriter, r *http.Request) {
	pattern := regexp2.MustCompile(`^((ab?)+b*)+c$`, regexp2.None)
	pattern.MatchTimeout = 50 * time.Millisecond
	if ok, err := pattern.MatchString(r.FormValue("text")); err != nil || !ok {
		http.Error(w, "no", http.StatusBadRequest)
	}
}

// case: safe (the standard library on a nested pattern)
func standard(w http.ResponseWriter, r *http.Request) {
	if ok, err := regexp.MatchString(`^(\d+\.?)+$`, r.FormValue("version")); err != nil || !ok {
		http.Error(w, "no", http.StatusBadRequest)
	}
}
