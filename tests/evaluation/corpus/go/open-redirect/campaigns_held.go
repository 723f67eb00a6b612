// Package campaigns counts clicks and sends people on.
package campaigns

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/labstack/echo/v4"
)

const external = false

var (
	partners = []string{"shop.example.org", "blog.example.org"}
	slug     = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
)

type click struct {
	Target   string `form:"target" query:"target" json:"target"`
	Campaign string `form:"campaign" query:"campaign" json:"campaign"`
}

func passing(value string) string { return strings.TrimSpace(value) }

func landing(value string) string { return "/landing" }

func isPartner(target string) bool {
	parsed, err := url.Parse(target)
	if err != nil || parsed.Scheme != "https" {
		return false
	}
	for _, host := range partners {
		if parsed.Host == host {
			return true
		}
	}
	return false
}

// case: vulnerable
func followNext(c *gin.Context) {
	c.Redirect(http.StatusFound, c.Query("url"))
}

// case: safe (the helper's answer decides, and the handler stops)
func follow(c *gin.Context) {
	target := c.Query("url")
	if !isPartner(target) {
		c.AbortWithStatus(http.StatusForbidden)
		return
	}
	c.Redirect(http.StatusFound, target)
}

// case: vulnerable (the answer is forgotten: status without return)
func followApi(c *gin.Context) {
	target := c.Query("url")
	if !isPartner(target) {
		c.Header("X-Partner", "unknown")
	}
	c.Redirect(http.StatusFound, target)
}

// case: vulnerable (bound from a form; base64 in between)
func newsletter(c *gin.Context) {
	var one click
	if err := c.ShouldBind(&one); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	target, err := base64.RawURLEncoding.DecodeString(one.Target)
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	c.Redirect(http.StatusSeeOther, string(target))
}

// case: safe (a slug behind a fixed path)
func campaign(c *gin.Context) {
	name := c.Param("campaign")
	if !slug.MatchString(name) {
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	c.Redirect(http.StatusFound, "/campaigns/"+name)
}

// case: vulnerable (a helper trims and hands on)
func bannerPage(c echo.Context) error {
	return c.Redirect(http.StatusFound, passing(c.QueryParam("to")))
}

// case: safe (the helper gives a constant)
func banner(c echo.Context) error {
	return c.Redirect(http.StatusFound, landing(c.QueryParam("to")))
}

// case: safe (only the path of what was given is kept, and it is rooted)
func within(c echo.Context) error {
	parsed, err := url.Parse(c.QueryParam("to"))
	if err != nil {
		return echo.ErrBadRequest
	}
	return c.Redirect(http.StatusFound, "/portal/"+strings.TrimLeft(parsed.EscapedPath(), "/\\"))
}

// case: vulnerable (concatenated so that the value can still be a host)
func language(c echo.Context) error {
	return c.Redirect(http.StatusFound, "https://"+c.Param("language")+".example.org/")
}

// case: vulnerable (fiber, a query value with a default)
func previous(c *fiber.Ctx) error {
	return c.Redirect(c.Query("previous", "/"))
}

// case: safe (one of two constants)
func choice(c *fiber.Ctx) error {
	target := "/a"
	if c.Query("variant") == "b" {
		target = "/b"
	}
	return c.Redirect(target)
}

// case: safe (a constant that is false guards the request's value)
func offer(c *fiber.Ctx) error {
	target := "/offers"
	if external {
		target = c.Query("target")
	}
	return c.Redirect(target, fiber.StatusFound)
}

// case: vulnerable (Location by Add; the query string taken apart by hand)
func tracked(w http.ResponseWriter, r *http.Request) {
	target := "/"
	for _, part := range strings.Split(r.URL.RawQuery, "&") {
		name, value, found := strings.Cut(part, "=")
		if found && name == "goto" {
			target, _ = url.QueryUnescape(value)
		}
	}
	w.Header().Add("Location", target)
	w.WriteHeader(http.StatusFound)
}

// case: safe (the slice's constant element is used)
func steps(w http.ResponseWriter, r *http.Request) {
	targets := []string{"/first", r.FormValue("target"), "/last"}
	http.Redirect(w, r, targets[2], http.StatusFound)
}

// case: safe (a plain link in JSON, nobody is sent anywhere)
func share(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("X-Share", url.QueryEscape(r.FormValue("target")))
	w.WriteHeader(http.StatusOK)
}
