// Package catalogue searches the XML files of the product catalogue.
package catalogue

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/antchfx/htmlquery"
	"github.com/antchfx/xmlquery"
	"github.com/antchfx/xpath"
	"github.com/gorilla/mux"
)

var (
	document = load("/srv/catalogue/products.xml")
	code     = regexp.MustCompile(`^[A-Z]{2}[0-9]{4}$`)
	shelves  = map[string]string{"new": "//product[@new='yes']", "old": "//product[@new='no']"}
)

type search struct{ r *http.Request }

func (s search) brand() string { return s.r.FormValue("brand") }

func (s search) root() string { return "//product" }

func load(name string) *xmlquery.Node {
	file, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer file.Close()
	node, _ := xmlquery.Parse(file)
	return node
}

// case: vulnerable
func product(w http.ResponseWriter, r *http.Request) {
	node := xmlquery.FindOne(document, "//product[@id='"+r.URL.Query().Get("id")+"']")
	if node == nil {
		http.NotFound(w, r)
		return
	}
	json.NewEncoder(w).Encode(node.InnerText())
}

// case: safe (the expression is constant, attributes are compared here)
func productApi(w http.ResponseWriter, r *http.Request) {
	for _, node := range xmlquery.Find(document, "//product") {
		if node.SelectAttr("id") == r.URL.Query().Get("id") {
			json.NewEncoder(w).Encode(node.InnerText())
			return
		}
	}
	http.NotFound(w, r)
}

// case: vulnerable (Sprintf, Query with its error)
func color(w http.ResponseWriter, r *http.Request) {
	expression := fmt.Sprintf("//product[color=\"%s\" and @public='yes']", mux.Vars(r)["color"])
	nodes, err := xmlquery.QueryAll(document, expression)
	if err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
		return
	}
	json.NewEncoder(w).Encode(len(nodes))
}

// case: safe (a number in the expression)
func cheap(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.ParseUint(r.FormValue("limit"), 10, 32)
	if err != nil {
		http.Error(w, "bad limit", http.StatusBadRequest)
		return
	}
	nodes, err := xmlquery.QueryAll(document, fmt.Sprintf("//product[price < %d]", limit))
	if err == nil {
		json.NewEncoder(w).Encode(len(nodes))
	}
}

// case: vulnerable (compiled first)
func brand(w http.ResponseWriter, r *http.Request) {
	s := search{r}
	expression, err := xpath.Compile(s.root() + "[brand='" + s.brand() + "']")
	if err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
		return
	}
	json.NewEncoder(w).Encode(len(xmlquery.QuerySelectorAll(document, expression)))
}

// case: safe (compiled from the wrapper's constant)
func everything(w http.ResponseWriter, r *http.Request) {
	s := search{r}
	expression, err := xpath.Compile(s.root())
	if err != nil {
		return
	}
	json.NewEncoder(w).Encode(len(xmlquery.QuerySelectorAll(document, expression)))
}

// case: safe (the pattern allows neither quotes nor brackets)
func article(w http.ResponseWriter, r *http.Request) {
	wanted := r.FormValue("code")
	if !code.MatchString(wanted) {
		http.Error(w, "bad code", http.StatusBadRequest)
		return
	}
	node := xmlquery.FindOne(document, "//product[code='"+wanted+"']")
	if node != nil {
		json.NewEncoder(w).Encode(node.InnerText())
	}
}

// case: vulnerable (a number test that does not stop)
func stock(w http.ResponseWriter, r *http.Request) {
	wanted := r.FormValue("stock")
	if _, err := strconv.Atoi(wanted); err != nil {
		w.Header().Set("X-Warning", "stock is not a number")
	}
	node := xmlquery.FindOne(document, "//product[stock > "+wanted+"]")
	if node != nil {
		json.NewEncoder(w).Encode(node.InnerText())
	}
}

// case: safe (the request picks an expression)
func shelf(w http.ResponseWriter, r *http.Request) {
	expression, ok := shelves[r.FormValue("shelf")]
	if !ok {
		expression = shelves["new"]
	}
	json.NewEncoder(w).Encode(len(xmlquery.Find(document, expression)))
}

// case: vulnerable (escaped for HTML, but the value stands where no quotes are needed)
func field(w http.ResponseWriter, r *http.Request) {
	page, err := htmlquery.LoadDoc("/srv/catalogue/index.html")
	if err != nil {
		return
	}
	name := html.EscapeString(r.FormValue("field"))
	node := htmlquery.FindOne(page, "//table[@class='prices']//"+name)
	if node != nil {
		json.NewEncoder(w).Encode(htmlquery.InnerText(node))
	}
}

// case: safe (quotes of both kinds are refused, and the value stands between quotes)
func title(w http.ResponseWriter, r *http.Request) {
	wanted := r.FormValue("title")
	if strings.ContainsAny(wanted, `'"`) {
		http.Error(w, "bad title", http.StatusBadRequest)
		return
	}
	node := xmlquery.FindOne(document, "//product[title='"+wanted+"']")
	if node != nil {
		json.NewEncoder(w).Encode(node.InnerText())
	}
}
