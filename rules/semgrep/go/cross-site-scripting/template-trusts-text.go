package pages

import (
	"html"
	"html/template"

	"github.com/microcosm-cc/bluemonday"
)

var helpers = template.FuncMap{
	"raw": func(text string) template.HTML {
		// ruleid: go-template-trusts-text
		return template.HTML(text)
	},
}

func bold(text string) template.HTML {
	// ruleid: go-template-trusts-text
	return template.HTML("<b>" + text + "</b>")
}

func escaped(text string) template.HTML {
	// ok: go-template-trusts-text
	return template.HTML("<b>" + html.EscapeString(text) + "</b>")
}

func cleaned(text string) template.HTML {
	// ok: go-template-trusts-text
	return template.HTML(bluemonday.UGCPolicy().Sanitize(text))
}

func icon() template.HTML {
	// ok: go-template-trusts-text
	return template.HTML("<i class='icon'></i>")
}
