// Package engines sets CORS up in frameworks.
package engines

import (
	"net/http"
	"regexp"
	"time"

	gincors "github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	fcors "github.com/gofiber/fiber/v2/middleware/cors"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

var tenant = regexp.MustCompile(`^https://[a-z0-9-]+\.tenants\.example\.org$`)

// case: vulnerable
func enginePage() *gin.Engine {
	e := gin.New()
	e.Use(gincors.New(gincors.Config{
		AllowOriginFunc:  func(origin string) bool { return origin != "" },
		AllowMethods:     []string{"GET", "POST"},
		AllowCredentials: true,
	}))
	return e
}

// case: safe (two origins)
func engine() *gin.Engine {
	config := gincors.DefaultConfig()
	config.AllowOrigins = []string{"https://app.example.org", "https://m.example.org"}
	config.AllowCredentials = true
	config.MaxAge = time.Hour
	e := gin.New()
	e.Use(gincors.New(config))
	return e
}

// case: vulnerable (the middleware of our own, the origin through a variable)
func own(c *gin.Context) {
	origin := c.GetHeader("Origin")
	c.Header("Access-Control-Allow-Origin", origin)
	c.Header("Access-Control-Allow-Credentials", "true")
	c.Next()
}

// case: safe (the middleware of our own, a constant)
func ownTwo(c *gin.Context) {
	c.Header("Access-Control-Allow-Origin", "https://app.example.org")
	c.Header("Access-Control-Allow-Credentials", "true")
	c.Next()
}

// case: vulnerable (echo is told that it is meant so)
func service() *echo.Echo {
	e := echo.New()
	e.Use(middleware.CORSWithConfig(middleware.CORSConfig{
		AllowOrigins:                             []string{"*"},
		AllowCredentials:                         true,
		UnsafeWildcardOriginWithAllowCredentials: true,
	}))
	return e
}

// case: safe (echo, a pattern that is anchored)
func serviceNext() *echo.Echo {
	e := echo.New()
	e.Use(middleware.CORSWithConfig(middleware.CORSConfig{
		AllowOriginFunc:  func(origin string) (bool, error) { return tenant.MatchString(origin), nil },
		AllowCredentials: true,
	}))
	return e
}

// case: vulnerable (fiber)
func applicationNext() *fiber.App {
	app := fiber.New()
	app.Use(fcors.New(fcors.Config{
		AllowOriginsFunc: func(string) bool { return true },
		AllowCredentials: true,
	}))
	return app
}

// case: safe (fiber, one origin)
func application() *fiber.App {
	app := fiber.New()
	app.Use(fcors.New(fcors.Config{AllowOrigins: "https://app.example.org", AllowCredentials: true}))
	return app
}

// case: vulnerable (a pattern without its end)
func previews(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if ok, _ := regexp.MatchString(`^https://app.example.org`, origin); ok {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
}
