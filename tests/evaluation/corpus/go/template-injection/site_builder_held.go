// Package site lets tenants build pages.
package site

import (
	"html/template"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	texttemplate "text/template"

	"github.com/CloudyKit/jet/v6"
	"github.com/flosch/pongo2/v6"
	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v4"
)

// Tenant is handed to every page.
type Tenant struct {
	Title  string
	Secret string
}

// Remove deletes the tenant.
func (*Tenant) Remove() string { return "removed" }

var (
	tenant = &Tenant{Title: "Acme"}
	views  = jet.NewSet(jet.NewOSFileSystemLoader("/srv/views"))
	pages  = template.Must(template.ParseGlob(filepath.Join("/srv/pages", "*.html")))
)

func sourceOf(r *http.Request) string { return r.Header.Get("X-Layout") }

func layout(*http.Request) string { return "<title>{{.Title}}</title>" }

// case: vulnerable
func renderApi(c *gin.Context) {
	t, err := template.New("page").Parse(c.PostForm("page"))
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	t.Execute(c.Writer, tenant)
}

// case: safe (the page is a file of ours, the value is a field)
func render(c *gin.Context) {
	pages.ExecuteTemplate(c.Writer, "page.html", gin.H{"body": c.PostForm("page")})
}

// case: vulnerable (the helper hands the header on)
func headerPage(w http.ResponseWriter, r *http.Request) {
	source := sourceOf(r)
	texttemplate.Must(texttemplate.New("header").Parse(source)).Execute(io.Discard, tenant)
	w.WriteHeader(http.StatusNoContent)
}

// case: safe (the helper's source is constant)
func header(w http.ResponseWriter, r *http.Request) {
	source := layout(r)
	template.Must(template.New("header").Parse(source)).Execute(w, tenant)
}

// case: vulnerable (jet parses what the body holds)
func viewV2(c echo.Context) error {
	var body struct {
		Source string `json:"source"`
	}
	if err := c.Bind(&body); err != nil {
		return echo.ErrBadRequest
	}
	t, err := views.Parse("inline.jet", body.Source)
	if err != nil {
		return echo.ErrBadRequest
	}
	return t.Execute(io.Discard, nil, tenant)
}

// case: safe (jet loads a view of ours, the value is a variable)
func view(c echo.Context) error {
	t, err := views.GetTemplate("item.jet")
	if err != nil {
		return echo.ErrNotFound
	}
	variables := make(jet.VarMap).Set("name", c.QueryParam("name"))
	return t.Execute(c.Response(), variables, nil)
}

// case: vulnerable (taking out one pair of braces and rendering the rest)
func motto(c echo.Context) error {
	source := strings.Replace(c.FormValue("motto"), "{{", "", 1)
	out, err := pongo2.RenderTemplateString(source, pongo2.Context{"tenant": tenant})
	if err != nil {
		return echo.ErrBadRequest
	}
	return c.String(http.StatusOK, out)
}

// case: safe (the user's text is replaced into the rendered page, not into its source, and escaped)
func imprint(c echo.Context) error {
	var page strings.Builder
	if err := pages.ExecuteTemplate(&page, "imprint.html", tenant); err != nil {
		return echo.ErrInternalServerError
	}
	text := template.HTMLEscapeString(c.FormValue("text"))
	return c.HTML(http.StatusOK, strings.Replace(page.String(), "<!--text-->", text, 1))
}
