// Package userfile reads accounts and settings that are kept in XML.
package userfile

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/ChrisTrenkamp/goxpath"
	"github.com/ChrisTrenkamp/goxpath/tree/xmltree"
	"github.com/antchfx/jsonquery"
	"github.com/antchfx/xmlquery"
	"github.com/antchfx/xpath"
	"github.com/beevik/etree"
	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/labstack/echo/v4"
	"github.com/lestrrat-go/libxml2"
	xmlpath "gopkg.in/xmlpath.v2"
)

const file = "/etc/userfile/users.xml"

const extended = false

func users() *xmlquery.Node {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	node, _ := xmlquery.Parse(bytes.NewReader(content))
	return node
}

func unchanged(value string) string { return strings.Join(strings.Fields(value), " ") }

func standard(value string) string { return "guest" }

func literal(value string) (string, bool) {
	if !strings.Contains(value, "'") {
		return "'" + value + "'", true
	}
	if !strings.Contains(value, `"`) {
		return `"` + value + `"`, true
	}
	return "", false
}

// case: vulnerable
func loginApi(c *gin.Context) {
	expression := "//user[name='" + c.PostForm("name") + "' and password='" + c.PostForm("password") + "']"
	node, err := xmlquery.Query(users(), expression)
	if err != nil || node == nil {
		c.Status(http.StatusUnauthorized)
		return
	}
	c.Status(http.StatusNoContent)
}

// case: safe (a helper picks the quotes that the value does not contain, or refuses)
func login(c *gin.Context) {
	name, ok := literal(c.PostForm("name"))
	if !ok {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	node, err := xmlquery.Query(users(), "//user[name="+name+"]")
	if err != nil || node == nil {
		c.Status(http.StatusUnauthorized)
		return
	}
	c.Status(http.StatusNoContent)
}

// case: vulnerable (etree's paths)
func settingV2(c *gin.Context) {
	document := etree.NewDocument()
	if err := document.ReadFromFile(file); err != nil {
		return
	}
	for _, element := range document.FindElements("//setting[@name='" + c.Query("name") + "']") {
		c.JSON(http.StatusOK, element.Text())
	}
}

// case: safe (etree's path is constant, the attribute is compared here)
func setting(c *gin.Context) {
	document := etree.NewDocument()
	if err := document.ReadFromFile(file); err != nil {
		return
	}
	for _, element := range document.FindElements("//setting") {
		if element.SelectAttrValue("name", "") == c.Query("name") {
			c.JSON(http.StatusOK, element.Text())
			return
		}
	}
}

// case: vulnerable (the helper only joins blanks)
func roles(c echo.Context) error {
	name := unchanged(c.QueryParam("name"))
	nodes := xmlquery.Find(users(), "/users/user[name = '"+name+"']/role")
	return c.JSON(http.StatusOK, len(nodes))
}

// case: safe (the helper's answer is constant)
func guestRoles(c echo.Context) error {
	name := standard(c.QueryParam("name"))
	nodes := xmlquery.Find(users(), "/users/user[name = '"+name+"']/role")
	return c.JSON(http.StatusOK, len(nodes))
}

// case: vulnerable (xmlpath; text in a builder)
func mail(c echo.Context) error {
	var text strings.Builder
	text.WriteString("/users/user[@id='")
	text.WriteString(c.Request().Header.Get("X-User-Id"))
	text.WriteString("']/mail")
	path, err := xmlpath.Compile(text.String())
	if err != nil {
		return echo.ErrBadRequest
	}
	handle, err := os.Open(file)
	if err != nil {
		return echo.ErrInternalServerError
	}
	defer handle.Close()
	root, err := xmlpath.Parse(handle)
	if err != nil {
		return echo.ErrInternalServerError
	}
	value, _ := path.String(root)
	return c.JSON(http.StatusOK, value)
}

// case: vulnerable (libxml2's Find)
func groups(c *fiber.Ctx) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return fiber.ErrInternalServerError
	}
	document, err := libxml2.Parse(content)
	if err != nil {
		return fiber.ErrInternalServerError
	}
	defer document.Free()
	result, err := document.Find("//group[member='" + c.Params("member") + "']")
	if err != nil {
		return fiber.ErrBadRequest
	}
	return c.SendString(result.String())
}

// case: safe (the constant that is false guards the value)
func groupsV2(c *fiber.Ctx) error {
	name := "all"
	if extended {
		name = c.Params("member")
	}
	expression, err := xpath.Compile("//group[member='" + name + "']")
	if err != nil {
		return fiber.ErrBadRequest
	}
	return c.JSON(len(xmlquery.QuerySelectorAll(users(), expression)))
}

// case: vulnerable (JSON documents have such expressions as well)
func option(w http.ResponseWriter, r *http.Request) {
	handle, err := os.Open("/etc/userfile/options.json")
	if err != nil {
		return
	}
	defer handle.Close()
	document, err := jsonquery.Parse(handle)
	if err != nil {
		return
	}
	var wanted struct{ Key string }
	if json.NewDecoder(r.Body).Decode(&wanted) != nil {
		return
	}
	node := jsonquery.FindOne(document, "//option[key='"+wanted.Key+"']/value")
	if node != nil {
		json.NewEncoder(w).Encode(node.Value())
	}
}

// case: safe (the request's XML is searched, the expression is constant)
func count(w http.ResponseWriter, r *http.Request) {
	document, err := xmlquery.Parse(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		http.Error(w, "bad document", http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(len(xmlquery.Find(document, "//item[@done='no']")))
}

// case: safe (the slice's first element is a constant)
func treeApi(w http.ResponseWriter, r *http.Request) {
	content, err := os.Open(file)
	if err != nil {
		return
	}
	defer content.Close()
	root, err := xmltree.ParseXML(content)
	if err != nil {
		return
	}
	expressions := []string{"//user", r.FormValue("expression")}
	compiled, err := goxpath.Parse(expressions[0])
	if err != nil {
		return
	}
	nodes, err := compiled.ExecNode(root)
	if err == nil {
		json.NewEncoder(w).Encode(len(nodes))
	}
}

// case: vulnerable (the slice's second element is the client's)
func tree(w http.ResponseWriter, r *http.Request) {
	content, err := os.Open(file)
	if err != nil {
		return
	}
	defer content.Close()
	root, err := xmltree.ParseXML(content)
	if err != nil {
		return
	}
	expressions := []string{"//user", r.FormValue("expression")}
	compiled, err := goxpath.Parse(expressions[1])
	if err != nil {
		return
	}
	nodes, err := compiled.ExecNode(root)
	if err == nil {
		json.NewEncoder(w).Encode(len(nodes))
	}
}
