package forms

import (
	"net/http"
	"os"

	"github.com/gorilla/csrf"
	"github.com/gorilla/websocket"
	"github.com/justinas/nosurf"
)

func skipped(next http.Handler) http.Handler {
	protected := csrf.Protect([]byte(os.Getenv("CSRF_KEY")))(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// ruleid: go-csrf-check-off
		protected.ServeHTTP(w, csrf.UnsafeSkipCheck(r))
	})
}

func exempt(next http.Handler) http.Handler {
	handler := nosurf.New(next)
	// ruleid: go-csrf-check-off
	handler.ExemptPath("/transfer")
	return handler
}

// ruleid: go-csrf-check-off
var open = websocket.Upgrader{CheckOrigin: func(r *http.Request) bool { return true }}

// ok: go-csrf-check-off
var compared = websocket.Upgrader{CheckOrigin: func(r *http.Request) bool {
	return r.Header.Get("Origin") == "https://example.org"
}}

func protected(next http.Handler) http.Handler {
	// ok: go-csrf-check-off
	return csrf.Protect([]byte(os.Getenv("CSRF_KEY")))(next)
}
