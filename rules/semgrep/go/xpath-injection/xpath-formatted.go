package catalogue

import (
	"fmt"

	"github.com/antchfx/xmlquery"
)

func bySKU(doc *xmlquery.Node, sku string) *xmlquery.Node {
	// ruleid: go-xpath-formatted
	return xmlquery.FindOne(doc, fmt.Sprintf("//item[@sku='%s']", sku))
}

func byNumber(doc *xmlquery.Node, number int) *xmlquery.Node {
	// ok: go-xpath-formatted
	return xmlquery.FindOne(doc, fmt.Sprintf("//item[%d]", number))
}

func ready(doc *xmlquery.Node, expression string) *xmlquery.Node {
	// ok: go-xpath-formatted
	return xmlquery.FindOne(doc, expression)
}
