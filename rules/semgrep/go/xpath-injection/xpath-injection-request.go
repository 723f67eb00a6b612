package catalogue

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/antchfx/htmlquery"
	"github.com/antchfx/xmlquery"
	"github.com/antchfx/xpath"
	"github.com/beevik/etree"
	"github.com/gin-gonic/gin"
)

var doc *xmlquery.Node

func find(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	// ruleid: go-xpath-injection-request
	xmlquery.FindOne(doc, "//user[name='"+name+"']")
	expression := fmt.Sprintf("//user[name='%s' and pin='%s']", name, r.FormValue("pin"))
	// ruleid: go-xpath-injection-request
	nodes, err := xmlquery.QueryAll(doc, expression)
	if err != nil || len(nodes) == 0 {
		return
	}
	// ok: go-xpath-injection-request
	for _, node := range xmlquery.Find(doc, "//user") {
		if node.SelectAttr("name") == name {
			return
		}
	}
}

func compiled(c *gin.Context, tree *etree.Document) {
	// ruleid: go-xpath-injection-request
	xpath.MustCompile("count(//book[@shelf='" + c.Param("shelf") + "'])")
	// ruleid: go-xpath-injection-request
	tree.FindElements("//book[@id='" + c.Query("id") + "']")
	// ruleid: go-xpath-injection-request
	htmlquery.Find(nil, c.Query("path"))
	quoted := strings.ReplaceAll(c.Query("id"), "'", "")
	// ok: go-xpath-injection-request
	tree.FindElement("//book[@id='" + quoted + "']")
}
