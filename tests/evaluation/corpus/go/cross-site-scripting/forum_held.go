// Package forum is a discussion board; parts of it run on gin, echo and fiber.
package forum

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/labstack/echo/v4"
	"github.com/microcosm-cc/bluemonday"
)

var (
	strict   = bluemonday.StrictPolicy()
	hexColor = regexp.MustCompile(`^#[0-9a-f]{6}$`)
	icons    = map[string]string{"ok": "<i class=ok></i>", "warn": "<i class=warn></i>"}
)

type post struct {
	Title string `json:"title" form:"title" query:"title"`
	Body  string `json:"body" form:"body"`
}

func wrap(text string) string { return "<p>" + text + "</p>" }

func placeholder(text string) string { return "<p>nothing yet</p>" }

func withoutTags(text string) string {
	return strings.ReplaceAll(text, "<script>", "")
}

// case: vulnerable
func preview(c *gin.Context) {
	c.Data(http.StatusOK, "text/html; charset=utf-8", []byte("<h2>"+c.PostForm("title")+"</h2>"))
}

// case: safe (gin's String is plain text)
func previewPage(c *gin.Context) {
	c.Header("X-Content-Type-Options", "nosniff")
	c.String(http.StatusOK, "Preview: %s", c.PostForm("title"))
}

// case: vulnerable (a type was set before String)
func banner(c *gin.Context) {
	c.Header("Content-Type", "text/html")
	c.String(http.StatusOK, "<div>%s</div>", c.Query("banner"))
}

// case: safe (the template's engine escapes the field)
func topic(c *gin.Context) {
	var p post
	if err := c.ShouldBind(&p); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	c.HTML(http.StatusOK, "topic.html", gin.H{"title": p.Title, "body": p.Body})
}

// case: vulnerable (the engine is told that the field is HTML already)
func topicAlt(c *gin.Context) {
	var p post
	if err := c.ShouldBind(&p); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	c.HTML(http.StatusOK, "topic.html", gin.H{"title": p.Title, "body": template.HTML(p.Body)})
}

// case: vulnerable (a helper passes the value through)
func quotePage(c echo.Context) error {
	return c.HTML(http.StatusOK, wrap(c.QueryParam("quote")))
}

// case: safe (the helper's answer is constant)
func quote(c echo.Context) error {
	return c.HTML(http.StatusOK, placeholder(c.QueryParam("quote")))
}

// case: safe (no tag survives, and what is left is escaped)
func signaturePage(c echo.Context) error {
	return c.HTML(http.StatusOK, wrap(strict.Sanitize(c.FormValue("signature"))))
}

// case: vulnerable (one spelling of one tag is removed)
func signature(c echo.Context) error {
	return c.HTML(http.StatusOK, wrap(withoutTags(c.FormValue("signature"))))
}

// case: safe (escaped by the standard library's function)
func memberApi(c echo.Context) error {
	p := new(post)
	if err := c.Bind(p); err != nil {
		return echo.ErrBadRequest
	}
	return c.HTMLBlob(http.StatusOK, []byte("<h1>"+template.HTMLEscapeString(p.Title)+"</h1>"))
}

// case: vulnerable (bound from a body, written as a blob)
func member(c echo.Context) error {
	p := new(post)
	if err := c.Bind(p); err != nil {
		return echo.ErrBadRequest
	}
	return c.HTMLBlob(http.StatusOK, []byte("<h1>"+p.Title+"</h1>"))
}

// case: vulnerable (fiber, type html)
func status(c *fiber.Ctx) error {
	c.Type("html")
	return c.SendString("<b>" + c.Params("status") + "</b>")
}

// case: safe (JSON)
func statusAlt(c *fiber.Ctx) error {
	return c.JSON(fiber.Map{"status": c.Params("status")})
}

// case: safe (the request picks an icon from a table)
func icon(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTML)
	return c.SendString("<span>" + icons[c.Query("state")] + "</span>")
}

// case: vulnerable (a link's value is decoded and shown)
func greeting(w http.ResponseWriter, r *http.Request) {
	nick, err := base64.URLEncoding.DecodeString(r.URL.Query().Get("nick"))
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "text/html")
	w.Write(append([]byte("<h1>Hi "), nick...))
}

// case: safe (a colour in full, or nothing)
func color(w http.ResponseWriter, r *http.Request) {
	value := r.FormValue("color")
	if !hexColor.MatchString(value) {
		http.Error(w, "bad colour", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprintf(w, "<div style=\"color: %s\"></div>", value)
}

// case: vulnerable (attribute without quotes; escaping leaves blanks alone)
func avatar(w http.ResponseWriter, r *http.Request) {
	alt := template.HTMLEscapeString(r.FormValue("alt"))
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprintf(w, "<img src=/avatar.png alt=%s>", alt)
}

// case: safe (the list's first element is a constant)
func crumbs(w http.ResponseWriter, r *http.Request) {
	trail := []string{"Home", r.FormValue("section")}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, "<nav>"+trail[0]+"</nav>")
}
