// Package routes says who may reach what.
package routes

import (
	"crypto/subtle"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gorilla/sessions"
)

var store = sessions.NewCookieStore([]byte(os.Getenv("SESSION_KEY")))

func removeMember(c *gin.Context) { c.Status(http.StatusNoContent) }

func wipe(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }

func requireAdmin() gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.GetString("role") != "admin" {
			c.AbortWithStatus(http.StatusForbidden)
			return
		}
		c.Next()
	}
}

func adminOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := store.Get(r, "visit")
		if err != nil || session.Values["role"] != "admin" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// case: vulnerable (the administration's routes without any check)
func clubs() *gin.Engine {
	e := gin.New()
	e.DELETE("/admin/members/:id", removeMember)
	return e
}

// case: safe (a group with the check)
func teams() *gin.Engine {
	e := gin.New()
	admin := e.Group("/admin", requireAdmin())
	admin.DELETE("/members/:id", removeMember)
	return e
}

// case: vulnerable (what is used after the route does not guard it)
func leagues() *gin.Engine {
	e := gin.New()
	e.DELETE("/admin/members/:id", removeMember)
	e.Use(requireAdmin())
	return e
}

// case: safe (used before the route)
func cups() *gin.Engine {
	e := gin.New()
	e.Use(requireAdmin())
	e.DELETE("/admin/members/:id", removeMember)
	return e
}

// case: vulnerable (the answer is sent, and then the work is done all the same)
func maintenanceAlt(w http.ResponseWriter, r *http.Request) {
	session, err := store.Get(r, "visit")
	if err != nil || session.Values["role"] != "admin" {
		http.Error(w, "no", http.StatusForbidden)
	}
	os.RemoveAll("/srv/cache")
	w.WriteHeader(http.StatusNoContent)
}

// case: safe (the answer is sent, and that is all)
func maintenance(w http.ResponseWriter, r *http.Request) {
	session, err := store.Get(r, "visit")
	if err != nil || session.Values["role"] != "admin" {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	os.RemoveAll("/srv/cache")
	w.WriteHeader(http.StatusNoContent)
}

// case: vulnerable (chi; the guarded group ends before the dangerous route)
func routerAlt() http.Handler {
	r := chi.NewRouter()
	r.Group(func(guarded chi.Router) {
		guarded.Use(adminOnly)
		guarded.Get("/admin/report", wipe)
	})
	r.Post("/admin/wipe", wipe)
	return r
}

// case: safe (chi; With guards the one route)
func router() http.Handler {
	r := chi.NewRouter()
	r.With(adminOnly).Post("/admin/wipe", wipe)
	return r
}

// case: safe (a key is compared before)
func hook(w http.ResponseWriter, r *http.Request) {
	given, wanted := r.Header.Get("X-Hook-Key"), os.Getenv("HOOK_KEY")
	if wanted == "" || subtle.ConstantTimeCompare([]byte(given), []byte(wanted)) != 1 {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	wipe(w, r)
}
