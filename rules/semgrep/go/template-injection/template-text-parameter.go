package mail

import (
	"bytes"
	"text/template"
)

func greet(name string) (*template.Template, error) {
	// ruleid: go-template-text-parameter
	return template.New("greet").Parse("Hello " + name + ", {{.Day}}")
}

func ready(text string) (*template.Template, error) {
	// ok: go-template-text-parameter
	return template.New("ready").Parse(text)
}

func data(name string) string {
	var out bytes.Buffer
	// ok: go-template-text-parameter
	template.Must(template.New("data").Parse("Hello {{.}}")).Execute(&out, name)
	return out.String()
}
