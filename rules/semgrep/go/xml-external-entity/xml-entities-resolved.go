package feed

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"os"
	"os/exec"

	"github.com/gin-gonic/gin"
	"github.com/lestrrat-go/libxml2"
	"github.com/lestrrat-go/libxml2/parser"
)

type item struct {
	Title string `xml:"title"`
}

func upload(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	// ruleid: go-xml-entities-resolved
	libxml2.Parse(raw, parser.XMLParseNoEnt, parser.XMLParseNoBlanks)
	// ok: go-xml-entities-resolved
	libxml2.Parse(raw, parser.XMLParseNoNet)
	p := parser.New(parser.XMLParseDTDLoad | parser.XMLParseNoEnt)
	// ruleid: go-xml-entities-resolved
	p.Parse(raw)
	plain := parser.New()
	// ok: go-xml-entities-resolved
	plain.Parse(raw)
	var one item
	// ok: go-xml-entities-resolved
	xml.NewDecoder(bytes.NewReader(raw)).Decode(&one)
}

func inserted(c *gin.Context) {
	decoder := xml.NewDecoder(c.Request.Body)
	decoder.Entity = map[string]string{}
	content, _ := os.ReadFile(c.Query("include"))
	// ruleid: go-xml-entities-resolved
	decoder.Entity["include"] = string(content)
	// ok: go-xml-entities-resolved
	decoder.Entity["firm"] = "Example"
}

func tool(c *gin.Context) {
	cmd := exec.Command("xmllint", "--noent", "-")
	// ruleid: go-xml-entities-resolved
	cmd.Stdin = c.Request.Body
	other := exec.Command("xmllint", "--nonet", "-")
	// ok: go-xml-entities-resolved
	other.Stdin = c.Request.Body
}

func helper(text string) {
	options := parser.XMLParseXInclude | parser.XMLParseNoEnt
	// ruleid: go-xml-entities-resolved
	libxml2.ParseString(text, options)
}

func constant() {
	// ok: go-xml-entities-resolved
	libxml2.ParseString(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, parser.XMLParseNoEnt)
}
