// Package services has the routes of echo, fiber and mux.
package services

import (
	"crypto/subtle"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/basicauth"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

func drop(c echo.Context) error { return c.NoContent(http.StatusNoContent) }

func reset(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusNoContent) }

func purge(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }

func news(w http.ResponseWriter, r *http.Request) { w.Write([]byte("nothing new")) }

func same(given, wanted string) bool {
	return wanted != "" && subtle.ConstantTimeCompare([]byte(given), []byte(wanted)) == 1
}

// case: vulnerable (everybody who sends a name and a password is let in)
func accountsTwo() *echo.Echo {
	e := echo.New()
	admin := e.Group("/admin")
	admin.Use(middleware.BasicAuth(func(name, password string, c echo.Context) (bool, error) {
		return true, nil
	}))
	admin.DELETE("/accounts/:id", drop)
	return e
}

// case: safe (name and password are compared)
func accounts() *echo.Echo {
	e := echo.New()
	admin := e.Group("/admin")
	admin.Use(middleware.BasicAuth(func(name, password string, c echo.Context) (bool, error) {
		return same(name, os.Getenv("ADMIN_USER")) && same(password, os.Getenv("ADMIN_PASSWORD")), nil
	}))
	admin.DELETE("/accounts/:id", drop)
	return e
}

// case: vulnerable (a status is set, but the chain is not ended)
func guard(c *gin.Context) {
	if c.GetString("role") != "admin" {
		c.JSON(http.StatusForbidden, gin.H{"error": "no"})
	}
	c.Next()
}

// case: safe (the chain is ended)
func guardNext(c *gin.Context) {
	if c.GetString("role") != "admin" {
		c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"error": "no"})
		return
	}
	c.Next()
}

// case: vulnerable (fiber, no check at all)
func application() *fiber.App {
	app := fiber.New()
	app.Delete("/admin/users/:id", reset)
	app.Post("/admin/reset", reset)
	return app
}

// case: safe (fiber, basic authentication for what follows)
func applicationNext() *fiber.App {
	app := fiber.New()
	app.Use("/admin", basicauth.New(basicauth.Config{
		Authorizer: func(name, password string) bool {
			return same(name, os.Getenv("ADMIN_USER")) && same(password, os.Getenv("ADMIN_PASSWORD"))
		},
	}))
	app.Post("/admin/reset", reset)
	return app
}

// case: vulnerable (the role is the client's word)
func purgeAll(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Role") != "admin" {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	os.RemoveAll("/srv/archive")
}

// case: safe (a subrouter with its middleware)
func router(check mux.MiddlewareFunc) http.Handler {
	r := mux.NewRouter()
	admin := r.PathPrefix("/admin").Subrouter()
	admin.Use(check)
	admin.HandleFunc("/purge", purge).Methods(http.MethodPost)
	return r
}

// case: safe (pages for everybody that only read)
func public() http.Handler {
	r := mux.NewRouter()
	r.HandleFunc("/news", news).Methods(http.MethodGet)
	r.HandleFunc("/health", news).Methods(http.MethodGet)
	return r
}
