// Package gateway hands out cookies through several frameworks.
package gateway

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"os"
	"time"

	"github.com/alexedwards/scs/v2"
	gsessions "github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/session"
	"github.com/labstack/echo/v4"
)

const secureCookies = true

func identifier() string {
	raw := make([]byte, 24)
	if _, err := rand.Read(raw); err != nil {
		panic(err)
	}
	return hex.EncodeToString(raw)
}

func build(name, value string) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: 3600}
}

func assemble(name, value string) *http.Cookie {
	made := build(name, value)
	made.Secure, made.HttpOnly, made.SameSite = true, true, http.SameSiteStrictMode
	return made
}

// case: vulnerable (the last two arguments are Secure and HttpOnly)
func loginNext(c *gin.Context) {
	c.SetCookie("session", identifier(), 3600, "/", "example.org", false, false)
}

// case: safe (both flags, and SameSite before)
func login(c *gin.Context) {
	c.SetSameSite(http.SameSiteStrictMode)
	c.SetCookie("session", identifier(), 3600, "/", "example.org", true, true)
}

// case: vulnerable (one of the two)
func renewApi(c *gin.Context) {
	c.SetSameSite(http.SameSiteLaxMode)
	c.SetCookie("session", identifier(), 3600, "/", "", true, false)
}

// case: safe (the flag is a constant that is true)
func renew(c *gin.Context) {
	c.SetSameSite(http.SameSiteLaxMode)
	c.SetCookie("session", identifier(), 3600, "/", "", secureCookies, true)
}

// case: vulnerable (echo; a helper that leaves the flags out)
func enterTwo(c echo.Context) error {
	c.SetCookie(build("token", identifier()))
	return c.NoContent(http.StatusNoContent)
}

// case: safe (the other helper sets them)
func enter(c echo.Context) error {
	c.SetCookie(assemble("token", identifier()))
	return c.NoContent(http.StatusNoContent)
}

// case: vulnerable (fields set one by one, one is missing)
func stay(c echo.Context) error {
	kept := new(http.Cookie)
	kept.Name = "stay"
	kept.Value = identifier()
	kept.HttpOnly = true
	kept.SameSite = http.SameSiteLaxMode
	kept.Expires = time.Now().AddDate(0, 1, 0)
	c.SetCookie(kept)
	return c.NoContent(http.StatusNoContent)
}

// case: vulnerable (fiber's own type)
func visitV2(c *fiber.Ctx) error {
	c.Cookie(&fiber.Cookie{Name: "sid", Value: identifier(), Path: "/"})
	return c.SendStatus(fiber.StatusNoContent)
}

// case: safe (fiber's own type with all flags)
func visit(c *fiber.Ctx) error {
	c.Cookie(&fiber.Cookie{
		Name: "sid", Value: identifier(), Path: "/", Secure: true, HTTPOnly: true, SameSite: fiber.CookieSameSiteStrictMode,
	})
	return c.SendStatus(fiber.StatusNoContent)
}

// case: safe (fiber's store with the flags in its configuration)
func fiberStore() *session.Store {
	return session.New(session.Config{
		CookieSecure: true, CookieHTTPOnly: true, CookieSameSite: "Strict", Expiration: time.Hour,
	})
}

// case: vulnerable (the manager's cookie without Secure)
func managerAlt() *scs.SessionManager {
	made := scs.New()
	made.Lifetime = 12 * time.Hour
	made.Cookie.Name = "sid"
	made.Cookie.HttpOnly = true
	made.Cookie.SameSite = http.SameSiteStrictMode
	made.Cookie.Secure = false
	return made
}

// case: safe (the manager's cookie with all flags)
func manager() *scs.SessionManager {
	made := scs.New()
	made.Cookie.HttpOnly = true
	made.Cookie.SameSite = http.SameSiteStrictMode
	made.Cookie.Secure = true
	return made
}

// case: vulnerable (the role is believed as the browser sends it)
func console(w http.ResponseWriter, r *http.Request) {
	role, err := r.Cookie("role")
	if err != nil || role.Value != "admin" {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	w.Write([]byte("console"))
}

// case: safe (the cookie only names a language of the list)
func language(w http.ResponseWriter, r *http.Request) {
	chosen := "en"
	if kept, err := r.Cookie("language"); err == nil && kept.Value == "de" {
		chosen = "de"
	}
	w.Header().Set("Content-Language", chosen)
}

// case: safe (gin's session middleware, options set)
func middleware() gin.HandlerFunc {
	kept := cookie.NewStore([]byte(os.Getenv("SESSION_KEY")))
	kept.Options(gsessions.Options{
		Path: "/", MaxAge: 3600, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return gsessions.Sessions("visit", kept)
}
