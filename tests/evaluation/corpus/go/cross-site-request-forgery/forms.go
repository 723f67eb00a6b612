// Package forms protects the forms of the portal.
package forms

import (
	"net/http"
	"net/url"
	"os"

	"github.com/gorilla/csrf"
	"github.com/gorilla/mux"
	"github.com/gorilla/websocket"
	"github.com/justinas/nosurf"
)

func transfer(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }

// case: safe (every form carries a token)
func portalApi() http.Handler {
	router := mux.NewRouter()
	router.HandleFunc("/transfer", transfer).Methods(http.MethodPost)
	return csrf.Protect([]byte(os.Getenv("CSRF_KEY")), csrf.Secure(true))(router)
}

// case: vulnerable (the check is skipped for everything)
func portal() http.Handler {
	router := mux.NewRouter()
	router.HandleFunc("/transfer", transfer).Methods(http.MethodPost)
	protected := csrf.Protect([]byte(os.Getenv("CSRF_KEY")))(router)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protected.ServeHTTP(w, csrf.UnsafeSkipCheck(r))
	})
}

// case: vulnerable (the form that moves money is exempt)
func money() http.Handler {
	router := http.NewServeMux()
	router.HandleFunc("/transfer", transfer)
	handler := nosurf.New(router)
	handler.ExemptPath("/transfer")
	return handler
}

// case: safe (nosurf without exemptions)
func orders() http.Handler {
	router := http.NewServeMux()
	router.HandleFunc("/transfer", transfer)
	return nosurf.New(router)
}

// case: vulnerable (a glob that fits all paths)
func settings() http.Handler {
	router := http.NewServeMux()
	router.HandleFunc("/transfer", transfer)
	handler := nosurf.New(router)
	handler.ExemptGlob("/*")
	return handler
}

// case: vulnerable (any site may open the socket with the visitor's cookies)
func socket(w http.ResponseWriter, r *http.Request) {
	if _, err := r.Cookie("session"); err != nil {
		http.Error(w, "sign in", http.StatusUnauthorized)
		return
	}
	upgrader := websocket.Upgrader{CheckOrigin: func(r *http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.WriteMessage(websocket.TextMessage, []byte("balance"))
}

// case: safe (the origin is compared)
func socketV2(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(r *http.Request) bool {
		origin, err := url.Parse(r.Header.Get("Origin"))
		return err == nil && origin.Scheme == "https" && origin.Host == "portal.example.org"
	}}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.WriteMessage(websocket.TextMessage, []byte("balance"))
}
