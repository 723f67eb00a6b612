// Package mail composes messages; administrators and customers can edit parts of them.
package mail

import (
	"bytes"
	"html/template"
	"net/http"
	"os"
	texttemplate "text/template"

	"github.com/flosch/pongo2/v6"
	"github.com/gorilla/mux"
)

// Account is what templates see.
type Account struct {
	Name   string
	APIKey string
}

// Env reads a variable; invoices print the company's name with it.
func (Account) Env(name string) string { return os.Getenv(name) }

var known = map[string]string{"welcome": "Welcome {{.Name}}", "goodbye": "Goodbye {{.Name}}"}

var greeting = template.Must(template.New("greeting").Parse(`<p>{{.}}</p>`))

func account() Account { return Account{Name: "Ada", APIKey: os.Getenv("API_KEY")} }

// case: vulnerable
func compose(w http.ResponseWriter, r *http.Request) {
	t, err := texttemplate.New("mail").Parse(r.FormValue("template"))
	if err != nil {
		http.Error(w, "bad template", http.StatusBadRequest)
		return
	}
	var out bytes.Buffer
	t.Execute(&out, account())
	w.Header().Set("Content-Type", "text/plain")
	w.Write(out.Bytes())
}

// case: safe (the value is data of a constant template)
func greet(w http.ResponseWriter, r *http.Request) {
	greeting.Execute(w, r.FormValue("name"))
}

// case: vulnerable (html/template escapes what it prints, not what it runs)
func subject(w http.ResponseWriter, r *http.Request) {
	t, err := template.New("subject").Parse("<h1>" + r.FormValue("subject") + "</h1>")
	if err != nil {
		http.Error(w, "bad subject", http.StatusBadRequest)
		return
	}
	t.Execute(w, account())
}

// case: safe (the name picks a template of the table)
func standard(w http.ResponseWriter, r *http.Request) {
	source, ok := known[mux.Vars(r)["name"]]
	if !ok {
		http.NotFound(w, r)
		return
	}
	t := template.Must(template.New("standard").Parse(source))
	t.Execute(w, account())
}

// case: vulnerable (pongo2 from a string of the request)
func footer(w http.ResponseWriter, r *http.Request) {
	t, err := pongo2.FromString("-- \n" + r.PostFormValue("footer"))
	if err != nil {
		return
	}
	out, err := t.Execute(pongo2.Context{"account": account()})
	if err == nil {
		w.Header().Set("Content-Type", "text/plain")
		w.Write([]byte(out))
	}
}

// case: safe (pongo2 from a constant; the value is in the context)
func footerTwo(w http.ResponseWriter, r *http.Request) {
	t, err := pongo2.FromString("-- {{ name }}")
	if err != nil {
		return
	}
	t.ExecuteWriter(pongo2.Context{"name": r.PostFormValue("name")}, w)
}

// case: safe (the dead branch would parse the request's value)
func banner(w http.ResponseWriter, r *http.Request) {
	source := "{{.Name}}"
	if width := 80; width < 40 {
		source = r.FormValue("banner")
	}
	t := template.Must(template.New("banner").Parse(source))
	t.Execute(w, account())
}
