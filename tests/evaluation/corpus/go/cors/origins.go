// Package origins says which sites may read the API's answers.
package origins

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/handlers"
	"github.com/rs/cors"
)

var known = map[string]bool{"https://app.example.org": true, "https://admin.example.org": true}

func isOurs(origin string) bool { return known[origin] }

// case: vulnerable (whoever asks is allowed, with cookies)
func reflect(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	w.Header().Set("Access-Control-Allow-Credentials", "true")
}

// case: safe (only known origins are repeated)
func reflectTwo(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if !known[origin] {
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Access-Control-Allow-Credentials", "true")
	w.Header().Set("Vary", "Origin")
}

// case: vulnerable (the function says yes to all)
func libraryNext() http.Handler {
	c := cors.New(cors.Options{
		AllowOriginFunc:  func(origin string) bool { return true },
		AllowCredentials: true,
	})
	return c.Handler(http.NewServeMux())
}

// case: safe (a list of origins)
func library() http.Handler {
	c := cors.New(cors.Options{
		AllowedOrigins:   []string{"https://app.example.org"},
		AllowCredentials: true,
	})
	return c.Handler(http.NewServeMux())
}

// case: vulnerable (the end of the name is also the end of evil-example.org)
func shops(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if strings.HasSuffix(origin, "example.org") {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
}

// case: safe (the host is compared by its dot, the scheme as well)
func subdomain(w http.ResponseWriter, r *http.Request) {
	origin, err := url.Parse(r.Header.Get("Origin"))
	if err != nil || origin.Scheme != "https" || !strings.HasSuffix(origin.Hostname(), ".example.org") {
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", "https://"+origin.Host)
	w.Header().Set("Access-Control-Allow-Credentials", "true")
}

// case: vulnerable (sandboxed frames have the origin null)
func frames(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "null")
	w.Header().Set("Access-Control-Allow-Credentials", "true")
}

// case: safe (gorilla's handlers with the helper's answer)
func wrapped(next http.Handler) http.Handler {
	return handlers.CORS(
		handlers.AllowedOriginValidator(isOurs),
		handlers.AllowCredentials(),
	)(next)
}
