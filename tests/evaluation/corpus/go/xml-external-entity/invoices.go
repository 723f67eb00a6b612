// Package invoices reads XML that suppliers send.
package invoices

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/antchfx/xmlquery"
	"github.com/beevik/etree"
	"github.com/lestrrat-go/libxml2"
	"github.com/lestrrat-go/libxml2/parser"
)

// Invoice is what we keep.
type Invoice struct {
	Number string `xml:"number"`
	Total  string `xml:"total"`
}

var external = regexp.MustCompile(`<!ENTITY\s+(\w+)\s+SYSTEM\s+"([^"]+)"`)

var errDoctype = errors.New("a document type is not accepted")

const expand = false

// plain refuses every directive; what this parser cannot read is refused as well.
func plain(raw []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if _, found := token.(xml.Directive); found {
			return errDoctype
		}
	}
}

// case: vulnerable
func receive(w http.ResponseWriter, r *http.Request) {
	p := parser.New(parser.XMLParseNoEnt)
	document, err := p.ParseReader(r.Body)
	if err != nil {
		http.Error(w, "bad invoice", http.StatusBadRequest)
		return
	}
	defer document.Free()
	json.NewEncoder(w).Encode(document.String())
}

// case: safe (without options entities stay as they are)
func receivePage(w http.ResponseWriter, r *http.Request) {
	p := parser.New()
	document, err := p.ParseReader(r.Body)
	if err != nil {
		http.Error(w, "bad invoice", http.StatusBadRequest)
		return
	}
	defer document.Free()
	json.NewEncoder(w).Encode(document.String())
}

// case: safe (the standard library knows no external entities)
func receiveV2(w http.ResponseWriter, r *http.Request) {
	var invoice Invoice
	if err := xml.NewDecoder(r.Body).Decode(&invoice); err != nil {
		http.Error(w, "bad invoice", http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(invoice)
}

// case: vulnerable (the options wait in a variable)
func validate(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	options := parser.XMLParseDTDLoad | parser.XMLParseNoEnt | parser.XMLParseNoBlanks
	document, err := libxml2.Parse(raw, options)
	if err != nil {
		http.Error(w, "bad invoice", http.StatusBadRequest)
		return
	}
	defer document.Free()
	json.NewEncoder(w).Encode(document.String())
}

// case: safe (lenient, but still the standard library, with HTML's constant entities)
func drafts(w http.ResponseWriter, r *http.Request) {
	decoder := xml.NewDecoder(r.Body)
	decoder.Strict = false
	decoder.AutoClose = xml.HTMLAutoClose
	decoder.Entity = xml.HTMLEntity
	var invoice Invoice
	if err := decoder.Decode(&invoice); err == nil {
		json.NewEncoder(w).Encode(invoice)
	}
}

// case: vulnerable (the entities are resolved by our own code, from any file)
func orders(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	decoder := xml.NewDecoder(bytes.NewReader(raw))
	decoder.Entity = map[string]string{}
	for _, found := range external.FindAllSubmatch(raw, -1) {
		content, err := os.ReadFile(strings.TrimPrefix(string(found[2]), "file://"))
		if err == nil {
			decoder.Entity[string(found[1])] = string(content)
		}
	}
	var invoice Invoice
	if err := decoder.Decode(&invoice); err == nil {
		json.NewEncoder(w).Encode(invoice)
	}
}

// case: safe (etree stands on the standard library)
func tree(w http.ResponseWriter, r *http.Request) {
	document := etree.NewDocument()
	if _, err := document.ReadFrom(r.Body); err != nil {
		http.Error(w, "bad invoice", http.StatusBadRequest)
		return
	}
	if element := document.FindElement("//total"); element != nil {
		json.NewEncoder(w).Encode(element.Text())
	}
}

// case: vulnerable (xmllint is asked to put entities in)
func normalize(w http.ResponseWriter, r *http.Request) {
	cmd := exec.Command("xmllint", "--noent", "--format", "-")
	cmd.Stdin = r.Body
	out, err := cmd.Output()
	if err != nil {
		http.Error(w, "bad invoice", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Write(out)
}

// case: safe (xmllint without entities and without network)
func format(w http.ResponseWriter, r *http.Request) {
	cmd := exec.Command("xmllint", "--nonet", "--format", "-")
	cmd.Stdin = r.Body
	out, err := cmd.Output()
	if err != nil {
		http.Error(w, "bad invoice", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Write(out)
}

// case: safe (entities are put in, but the document is a constant of ours)
func sample(w http.ResponseWriter, r *http.Request) {
	const text = `<!DOCTYPE i [<!ENTITY firm "Acme">]><i>&firm;</i>`
	document, err := libxml2.ParseString(text, parser.XMLParseNoEnt)
	if err != nil {
		return
	}
	defer document.Free()
	json.NewEncoder(w).Encode(document.String())
}

// case: safe (xmlquery stands on the standard library)
func query(w http.ResponseWriter, r *http.Request) {
	document, err := xmlquery.Parse(strings.NewReader(r.FormValue("xml")))
	if err != nil {
		return
	}
	if node := xmlquery.FindOne(document, "//total"); node != nil {
		json.NewEncoder(w).Encode(node.InnerText())
	}
}

// case: safe (the constant is false, so the option is never added)
func credits(w http.ResponseWriter, r *http.Request) {
	options := []parser.Option{parser.XMLParseNoNet}
	if expand {
		options = append(options, parser.XMLParseNoEnt)
	}
	document, err := libxml2.ParseReader(r.Body, options...)
	if err != nil {
		return
	}
	defer document.Free()
	json.NewEncoder(w).Encode(document.String())
}

// case: vulnerable (a form's field through a helper)
func paste(w http.ResponseWriter, r *http.Request) {
	text, err := expanded(r.FormValue("xml"))
	if err != nil {
		http.Error(w, "bad invoice", http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(text)
}

func expanded(text string) (string, error) {
	document, err := libxml2.ParseString(text, parser.XMLParseNoEnt, parser.XMLParseNoBlanks)
	if err != nil {
		return "", err
	}
	defer document.Free()
	return document.String(), nil
}
