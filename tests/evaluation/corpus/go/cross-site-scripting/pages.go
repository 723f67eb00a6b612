// Package pages writes the public pages of the library without a framework.
package pages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"io"
	"log"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	texttemplate "text/template"

	"github.com/gorilla/mux"
	"github.com/microcosm-cc/bluemonday"
)

var (
	searchPage = template.Must(template.New("search").Parse(`<h1>Results for {{.Query}}</h1><p>{{.Count}}</p>`))
	rawPage    = texttemplate.Must(texttemplate.New("raw").Parse(`<h1>Results for {{.Query}}</h1>`))
	mailText   = texttemplate.Must(texttemplate.New("mail").Parse("Dear {{.Name}},\nyour book is here.\n"))
	policy     = bluemonday.UGCPolicy()
)

type visit struct {
	request *http.Request
}

func (v visit) nickname() string { return v.request.FormValue("nickname") }

func (v visit) library() string { return "Central Library" }

// case: vulnerable
func hello(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "<h1>Hello %s</h1>", r.FormValue("name"))
}

// case: safe (escaped where it stands between tags)
func helloApi(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "<h1>Hello %s</h1>", html.EscapeString(r.FormValue("name")))
}

// case: vulnerable (text/template does not escape)
func searchV2(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	rawPage.Execute(w, map[string]string{"Query": r.URL.Query().Get("q")})
}

// case: safe (html/template escapes by context)
func search(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	searchPage.Execute(w, map[string]interface{}{"Query": r.URL.Query().Get("q"), "Count": 3})
}

// case: vulnerable (template.HTML tells the template to trust the value)
func comment(w http.ResponseWriter, r *http.Request) {
	page := template.Must(template.New("comment").Parse(`<blockquote>{{.}}</blockquote>`))
	page.Execute(w, template.HTML(r.PostFormValue("comment")))
}

// case: safe (a sanitizer for HTML has gone over it before it is trusted)
func commentTwo(w http.ResponseWriter, r *http.Request) {
	page := template.Must(template.New("comment").Parse(`<blockquote>{{.}}</blockquote>`))
	page.Execute(w, template.HTML(policy.Sanitize(r.PostFormValue("comment"))))
}

// case: vulnerable (an error message repeats the path variable, as HTML)
func missingAlt(w http.ResponseWriter, r *http.Request) {
	shelf := mux.Vars(r)["shelf"]
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusNotFound)
	w.Write([]byte("<p>There is no shelf " + shelf + "</p>"))
}

// case: safe (http.Error sends plain text with nosniff)
func missing(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "There is no shelf "+mux.Vars(r)["shelf"], http.StatusNotFound)
}

// case: safe (plain text and the browser must not guess)
func receipt(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	io.WriteString(w, "Borrowed: "+r.FormValue("title"))
}

// case: vulnerable (a header, a wrapper's method, a builder)
func nick(w http.ResponseWriter, r *http.Request) {
	v := visit{request: r}
	var page strings.Builder
	page.WriteString("<html><body>")
	page.WriteString("Welcome back, ")
	page.WriteString(v.nickname())
	page.WriteString("</body></html>")
	io.WriteString(w, page.String())
}

// case: safe (the wrapper's other method is a constant)
func footer(w http.ResponseWriter, r *http.Request) {
	v := visit{request: r}
	io.WriteString(w, "<footer>"+v.library()+"</footer>")
}

// case: vulnerable (escaped for a URL's query, then decoded again)
func back(w http.ResponseWriter, r *http.Request) {
	title := url.QueryEscape(r.FormValue("title"))
	plain, err := url.QueryUnescape(title)
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, "<title>"+plain+"</title>")
}

// case: safe (JSON with its own type)
func api(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{"query": r.FormValue("q")})
}

// case: vulnerable (script context: code needs none of the characters that are escaped)
func script(w http.ResponseWriter, r *http.Request) {
	size := html.EscapeString(r.FormValue("size"))
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprintf(w, "<script>var size = %s; paint(size);</script>", size)
}

// case: safe (a number)
func page(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(r.FormValue("page"))
	if err != nil {
		number = 1
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprintf(w, "<p>Page %d</p>", number)
}

// case: safe (text/template for a mail that is plain text, not for a browser)
func notify(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	if err := mailText.Execute(&body, map[string]string{"Name": r.FormValue("name")}); err != nil {
		log.Print("mail was not rendered")
	}
	w.WriteHeader(http.StatusNoContent)
}

// case: safe (the condition is never true)
func theme(w http.ResponseWriter, r *http.Request) {
	name := "light"
	if columns := 12; columns/5 != 2 {
		name = r.FormValue("theme")
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, "<body class='"+name+"'>")
}

// case: vulnerable (names of parameters are the client's as well)
func echoNames(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	w.Header().Set("Content-Type", "text/html")
	for key := range r.Form {
		fmt.Fprintln(w, "<li>"+key+"</li>")
	}
}

// case: vulnerable (the name of an uploaded file)
func uploaded(w http.ResponseWriter, r *http.Request) {
	_, header, err := r.FormFile("cover")
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprintf(w, "<p>%s has arrived</p>", header.Filename)
}

// case: vulnerable (a template's type for scripts)
func widget(w http.ResponseWriter, r *http.Request) {
	page := template.Must(template.New("widget").Parse(`<script>start({{.}})</script>`))
	page.Execute(w, template.JS(r.FormValue("options")))
}

// case: safe (the template puts the value into the script as a string)
func gadget(w http.ResponseWriter, r *http.Request) {
	page := template.Must(template.New("gadget").Parse(`<script>start({{.}})</script>`))
	page.Execute(w, r.FormValue("options"))
}
