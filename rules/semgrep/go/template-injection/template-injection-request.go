package mail

import (
	"fmt"
	"html/template"
	"net/http"
	"os"
	texttemplate "text/template"

	"github.com/flosch/pongo2/v6"
	"github.com/gin-gonic/gin"
)

func preview(w http.ResponseWriter, r *http.Request) {
	// ruleid: go-template-injection-request
	t, err := template.New("preview").Parse(r.FormValue("text"))
	if err != nil {
		return
	}
	t.Execute(w, r)
	body := fmt.Sprintf("<p>%s</p>", r.FormValue("line"))
	// ruleid: go-template-injection-request
	texttemplate.Must(texttemplate.New("line").Funcs(nil).Parse(body))
	// ok: go-template-injection-request
	fixed := template.Must(template.New("fixed").Parse("<p>{{.}}</p>"))
	fixed.Execute(w, r.FormValue("line"))
}

func engine(c *gin.Context) {
	// ruleid: go-template-injection-request
	t, _ := pongo2.FromString("Hello " + c.Query("name"))
	t.Execute(nil)
	tmpl := template.New("greeting")
	// ruleid: go-template-injection-request
	tmpl.Parse("Hello " + c.Query("name"))
	// ok: go-template-injection-request
	tmpl.Parse(os.Getenv("GREETING"))
	// ok: go-template-injection-request
	pongo2.FromString("Hello {{ name }}")
}
