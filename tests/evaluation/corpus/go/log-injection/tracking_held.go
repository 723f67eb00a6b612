// Package tracking logs in the services that run on frameworks.
package tracking

import (
	"log"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/sirupsen/logrus"
	"go.uber.org/zap"
)

var (
	structured, _  = zap.NewProduction()
	development, _ = zap.NewDevelopment()
	records        = &logrus.Logger{Out: os.Stderr, Formatter: &logrus.JSONFormatter{}, Level: logrus.InfoLevel}
	identifier     = regexp.MustCompile(`^[0-9a-f]{8}$`)
)

func lowered(value string) string { return strings.ToLower(value) }

func withoutSlashes(value string) string { return strings.ReplaceAll(value, `\n`, "") }

// case: vulnerable
func visit(c *gin.Context) {
	log.Println("visit from", c.Query("campaign"))
}

// case: safe (strconv quotes)
func visitTwo(c *gin.Context) {
	log.Println("visit from", strconv.Quote(c.Query("campaign")))
}

// case: vulnerable (the development's logger writes messages as they are)
func orderAlt(c *gin.Context) {
	development.Sugar().Infof("order of %s", c.PostForm("customer"))
}

// case: safe (a field of a JSON record)
func order(c *gin.Context) {
	structured.Info("order", zap.String("customer", c.PostForm("customer")))
}

// case: vulnerable (a backslash and an n are not the line's end)
func search(c echo.Context) error {
	log.Print("search for " + withoutSlashes(c.QueryParam("q")))
	return c.NoContent(http.StatusNoContent)
}

// case: safe (eight hexadecimal digits, or nothing)
func trace(c echo.Context) error {
	id := c.Request().Header.Get("X-Trace")
	if !identifier.MatchString(id) {
		return echo.ErrBadRequest
	}
	log.Print("trace " + id)
	return c.NoContent(http.StatusNoContent)
}

// case: vulnerable (a helper hands on)
func itemPage(c *fiber.Ctx) error {
	log.Printf("item %v", lowered(c.Query("item")))
	return c.SendStatus(fiber.StatusNoContent)
}

// case: safe (logrus with records in JSON)
func item(c *fiber.Ctx) error {
	records.WithField("item", c.Query("item")).Info("item")
	return c.SendStatus(fiber.StatusNoContent)
}

// case: safe (an identifier is parsed and written anew)
func session(c *fiber.Ctx) error {
	id, err := uuid.Parse(c.Query("session"))
	if err != nil {
		return fiber.ErrBadRequest
	}
	log.Printf("session %s", id)
	return c.SendStatus(fiber.StatusNoContent)
}
