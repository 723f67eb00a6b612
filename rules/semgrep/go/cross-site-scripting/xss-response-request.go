package pages

import (
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strconv"
	texttemplate "text/template"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/labstack/echo/v4"
	"github.com/microcosm-cc/bluemonday"
)

var plainPage = texttemplate.Must(texttemplate.New("plain").Parse("<p>{{.}}</p>"))

var safePage = template.Must(template.New("safe").Parse("<p>{{.}}</p>"))

type guest struct {
	Name string
}

func hello(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	// ruleid: go-xss-response-request
	fmt.Fprintf(w, "<h1>Hello %s</h1>", name)
	// ruleid: go-xss-response-request
	w.Write([]byte("<p>" + name + "</p>"))
	// ruleid: go-xss-response-request
	io.WriteString(w, name)
	// ok: go-xss-response-request
	fmt.Fprintf(w, "<h1>Hello %s</h1>", html.EscapeString(name))
	// ok: go-xss-response-request
	fmt.Fprintf(w, "<a href='/find?q=%s'>again</a>", url.QueryEscape(name))
	// ok: go-xss-response-request
	safePage.Execute(w, name)
	// ruleid: go-xss-response-request
	plainPage.Execute(w, guest{Name: name})
	// ruleid: go-xss-response-request
	safePage.Execute(w, template.HTML(name))
	// ok: go-xss-response-request
	http.Error(w, "there is no "+name, http.StatusNotFound)
}

func echoBody(w http.ResponseWriter, r *http.Request) {
	var one guest
	json.NewDecoder(r.Body).Decode(&one)
	// ruleid: go-xss-response-request
	fmt.Fprintln(w, "<li>", one.Name)
	// ok: go-xss-response-request
	json.NewEncoder(w).Encode(one)
	policy := bluemonday.UGCPolicy()
	// ok: go-xss-response-request
	fmt.Fprint(w, policy.Sanitize(one.Name))
	number, err := strconv.Atoi(r.FormValue("page"))
	if err != nil {
		return
	}
	// ok: go-xss-response-request
	fmt.Fprintf(w, "<p>Page %d</p>", number)
}

func plain(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	// ok: go-xss-response-request
	io.WriteString(w, "Borrowed: "+r.FormValue("title"))
}

func data(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	// ok: go-xss-response-request
	fmt.Fprintf(w, `{"title": %q}`, r.FormValue("title"))
}

func withGin(c *gin.Context) {
	name := c.Query("name")
	// ruleid: go-xss-response-request
	c.Data(http.StatusOK, "text/html; charset=utf-8", []byte("<p>"+name+"</p>"))
	// ok: go-xss-response-request
	c.HTML(http.StatusOK, "hello.html", gin.H{"name": name})
	// ok: go-xss-response-request
	c.String(http.StatusOK, "Hello %s", name)
	// ok: go-xss-response-request
	c.JSON(http.StatusOK, gin.H{"name": name})
	// ruleid: go-xss-response-request
	c.Writer.WriteString("<p>" + name + "</p>")
	c.Header("Content-Type", "text/html")
	// ruleid: go-xss-response-request
	c.String(http.StatusOK, "<p>"+name+"</p>")
}

func withEcho(c echo.Context) error {
	// ruleid: go-xss-response-request
	return c.HTML(http.StatusOK, "<p>"+c.QueryParam("name")+"</p>")
}

func withFiber(c *fiber.Ctx) error {
	c.Set("Content-Type", "text/html")
	// ruleid: go-xss-response-request
	return c.SendString("<p>" + c.Query("name") + "</p>")
}

func withFiberText(c *fiber.Ctx) error {
	// ok: go-xss-response-request
	return c.SendString("Hello " + c.Query("name"))
}
