// Package framework sets the middlewares of the services up.
package framework

import (
	"net/http"
	"os"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	fcsrf "github.com/gofiber/fiber/v2/middleware/csrf"
	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	gcsrf "github.com/utrack/gin-csrf"
)

func save(c echo.Context) error { return c.NoContent(http.StatusNoContent) }

// case: safe (echo's middleware as it is)
func service() *echo.Echo {
	e := echo.New()
	e.Use(middleware.CSRF())
	e.POST("/save", save)
	return e
}

// case: vulnerable (it is skipped for every request)
func serviceTwo() *echo.Echo {
	e := echo.New()
	e.Use(middleware.CSRFWithConfig(middleware.CSRFConfig{
		Skipper:     func(c echo.Context) bool { return true },
		TokenLookup: "form:csrf",
	}))
	e.POST("/save", save)
	return e
}

// case: safe (it is skipped for one page that only reads)
func monitored() *echo.Echo {
	e := echo.New()
	e.Use(middleware.CSRFWithConfig(middleware.CSRFConfig{
		Skipper:        func(c echo.Context) bool { return c.Request().Method == http.MethodGet && c.Path() == "/health" },
		TokenLookup:    "form:csrf",
		CookieSecure:   true,
		CookieHTTPOnly: true,
	}))
	e.POST("/save", save)
	return e
}

// case: vulnerable (fiber's Next leaves it out for all)
func applicationNext() *fiber.App {
	app := fiber.New()
	app.Use(fcsrf.New(fcsrf.Config{
		KeyLookup: "header:X-Csrf-Token",
		Next:      func(c *fiber.Ctx) bool { return true },
	}))
	app.Post("/save", func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusNoContent) })
	return app
}

// case: safe (fiber's middleware for all)
func application() *fiber.App {
	app := fiber.New()
	app.Use(fcsrf.New(fcsrf.Config{KeyLookup: "header:X-Csrf-Token", CookieSecure: true, CookieHTTPOnly: true}))
	app.Post("/save", func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusNoContent) })
	return app
}

// case: safe (gin's middleware stops what has no token)
func engine() *gin.Engine {
	e := gin.New()
	e.Use(gcsrf.Middleware(gcsrf.Options{
		Secret:    os.Getenv("CSRF_KEY"),
		ErrorFunc: func(c *gin.Context) { c.AbortWithStatus(http.StatusForbidden) },
	}))
	e.POST("/save", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	return e
}

// case: vulnerable (what is found wrong goes on all the same)
func backoffice() *gin.Engine {
	e := gin.New()
	e.Use(gcsrf.Middleware(gcsrf.Options{
		Secret:    os.Getenv("CSRF_KEY"),
		ErrorFunc: func(c *gin.Context) { c.Next() },
	}))
	e.POST("/save", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	return e
}

// case: vulnerable (a field set later; the socket acts for who is signed in by cookie)
func liveV2(c *gin.Context) {
	if _, err := c.Cookie("session"); err != nil {
		c.AbortWithStatus(http.StatusUnauthorized)
		return
	}
	upgrader := websocket.Upgrader{ReadBufferSize: 512}
	upgrader.CheckOrigin = func(*http.Request) bool { return true }
	conn, err := upgrader.Upgrade(c.Writer, c.Request, nil)
	if err != nil {
		return
	}
	conn.Close()
}

// case: safe (without a check of ours the library compares origin and host)
func live(c *gin.Context) {
	upgrader := websocket.Upgrader{ReadBufferSize: 512, Subprotocols: strings.Split("v1,v2", ",")}
	conn, err := upgrader.Upgrade(c.Writer, c.Request, nil)
	if err != nil {
		return
	}
	conn.Close()
}
