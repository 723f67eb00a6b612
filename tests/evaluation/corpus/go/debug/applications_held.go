// Package applications has the start of several services.
package applications

import (
	"expvar"
	"fmt"
	"net/http"
	hpprof "net/http/pprof"
	"os"
	"runtime"
	"strings"

	"github.com/gin-contrib/pprof"
	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	fpprof "github.com/gofiber/fiber/v2/middleware/pprof"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/labstack/echo/v4"
	"gorm.io/gorm"
)

// case: vulnerable (gin with profiles)
func shopV2() error {
	e := gin.Default()
	pprof.Register(e)
	return e.Run(":8080")
}

// case: safe (gin without)
func shop() error {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.Use(gin.Recovery())
	return e.Run(":8080")
}

// case: vulnerable (fiber's profiles for everybody)
func portal() error {
	app := fiber.New()
	app.Use(fpprof.New())
	return app.Listen(":8080")
}

// case: safe (fiber recovers without a word to the visitor)
func portalNext() error {
	app := fiber.New(fiber.Config{
		ErrorHandler: func(c *fiber.Ctx, err error) error { return c.SendStatus(fiber.StatusInternalServerError) },
	})
	app.Use(recover.New())
	return app.Listen(":8080")
}

// case: vulnerable (all variables of the environment are shown)
func environment(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprintln(w, strings.Join(os.Environ(), "\n"))
}

// case: safe (one number that tells nothing)
func load(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprintln(w, runtime.NumGoroutine() < 1000)
}

// case: vulnerable (an error of the database in the answer)
func customers(db *gorm.DB) echo.HandlerFunc {
	return func(c echo.Context) error {
		var names []string
		if err := db.Raw("SELECT name FROM customers").Scan(&names).Error; err != nil {
			return c.JSON(http.StatusInternalServerError, map[string]string{"error": err.Error()})
		}
		return c.JSON(http.StatusOK, names)
	}
}

// case: safe (a fixed text in the answer)
func customersV2(db *gorm.DB) echo.HandlerFunc {
	return func(c echo.Context) error {
		var names []string
		if err := db.Raw("SELECT name FROM customers").Scan(&names).Error; err != nil {
			c.Logger().Error(err)
			return c.JSON(http.StatusInternalServerError, map[string]string{"error": "try again"})
		}
		return c.JSON(http.StatusOK, names)
	}
}

// case: safe (profiles and counters on the loopback address only)
func operations() error {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", hpprof.Index)
	mux.Handle("/debug/vars", expvar.Handler())
	return http.ListenAndServe("127.0.0.1:6060", mux)
}
