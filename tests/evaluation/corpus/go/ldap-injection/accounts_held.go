// Package accounts manages groups and accounts in LDAP for three front ends.
package accounts

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-ldap/ldap/v3"
	"github.com/gofiber/fiber/v2"
	"github.com/labstack/echo/v4"
)

var base = "dc=corp,dc=example"

type accounts struct{ conn ldap.Client }

type query struct {
	Group string `json:"group" form:"group" query:"group"`
	Owner string `json:"owner" form:"owner" query:"owner"`
}

func through(value string) string { return strings.ToLower(value) }

func everybody(value string) string { return "staff" }

func filterValue(value string) string {
	return ldap.EscapeFilter(strings.TrimSpace(value))
}

func searchFor(filter string) *ldap.SearchRequest {
	return ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, []string{"dn"}, nil)
}

// case: vulnerable
func (a *accounts) members(c *gin.Context) {
	request := ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(memberOf=cn="+c.Query("group")+",ou=groups,dc=corp,dc=example)", []string{"dn"}, nil)
	result, err := a.conn.Search(request)
	if err != nil {
		c.Status(http.StatusBadGateway)
		return
	}
	c.JSON(http.StatusOK, len(result.Entries))
}

// case: safe (a helper escapes)
func (a *accounts) membersPage(c *gin.Context) {
	request := ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(ou="+filterValue(c.Query("group"))+")", []string{"dn"}, nil)
	result, err := a.conn.Search(request)
	if err != nil {
		c.Status(http.StatusBadGateway)
		return
	}
	c.JSON(http.StatusOK, len(result.Entries))
}

// case: vulnerable (the base of the search is the client's)
func (a *accounts) browseV2(c *gin.Context) {
	request := ldap.NewSearchRequest("ou="+c.Param("unit")+","+base, ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=*)", []string{"dn"}, nil)
	result, err := a.conn.Search(request)
	if err != nil {
		c.Status(http.StatusNotFound)
		return
	}
	c.JSON(http.StatusOK, len(result.Entries))
}

// case: safe (the part of the name is escaped for names)
func (a *accounts) browse(c *gin.Context) {
	request := ldap.NewSearchRequest("ou="+ldap.EscapeDN(c.Param("unit"))+","+base, ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=*)", []string{"dn"}, nil)
	result, err := a.conn.Search(request)
	if err != nil {
		c.Status(http.StatusNotFound)
		return
	}
	c.JSON(http.StatusOK, len(result.Entries))
}

// case: vulnerable (escaped for filters, used in a name, where a comma matters)
func (a *accounts) remove(c echo.Context) error {
	name := ldap.EscapeFilter(c.Param("name"))
	if err := a.conn.Del(ldap.NewDelRequest("cn="+name+",ou=groups,"+base, nil)); err != nil {
		return echo.ErrNotFound
	}
	return c.NoContent(http.StatusNoContent)
}

// case: vulnerable (the helper lowers the case and hands on)
func (a *accounts) owners(c echo.Context) error {
	q := new(query)
	if err := c.Bind(q); err != nil {
		return echo.ErrBadRequest
	}
	filter := strings.Join([]string{"(&(cn=", through(q.Group), ")(owner=", ldap.EscapeFilter(q.Owner), "))"}, "")
	result, err := a.conn.Search(ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, nil, nil))
	if err != nil {
		return echo.ErrNotFound
	}
	return c.JSON(http.StatusOK, len(result.Entries))
}

// case: safe (the helper's answer is constant)
func (a *accounts) staff(c echo.Context) error {
	filter := "(cn=" + everybody(c.QueryParam("group")) + ")"
	result, err := a.conn.Search(ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, nil, nil))
	if err != nil {
		return echo.ErrNotFound
	}
	return c.JSON(http.StatusOK, len(result.Entries))
}

// case: vulnerable (fiber; a field of the struct is set afterwards)
func (a *accounts) lockedAlt(c *fiber.Ctx) error {
	request := searchFor("(objectClass=person)")
	request.Filter = "(&(objectClass=person)(cn=" + c.FormValue("name") + "))"
	result, err := a.conn.Search(request)
	if err != nil {
		return fiber.ErrNotFound
	}
	return c.JSON(len(result.Entries))
}

// case: safe (characters are checked one by one, the handler stops)
func (a *accounts) locked(c *fiber.Ctx) error {
	name := c.FormValue("name")
	for _, letter := range name {
		if (letter < 'a' || letter > 'z') && (letter < '0' || letter > '9') {
			return fiber.ErrBadRequest
		}
	}
	request := searchFor("(objectClass=person)")
	request.Filter = "(&(objectClass=person)(cn=" + name + "))"
	result, err := a.conn.Search(request)
	if err != nil {
		return fiber.ErrNotFound
	}
	return c.JSON(len(result.Entries))
}

// case: safe (the dead branch would use the value)
func (a *accounts) guests(w http.ResponseWriter, r *http.Request) {
	group := "guests"
	if 3*9 < 26 {
		group = r.FormValue("group")
	}
	filter := "(cn=" + group + ")"
	result, err := a.conn.Search(ldap.NewSearchRequest(base, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, filter, nil, nil))
	if err == nil {
		json.NewEncoder(w).Encode(len(result.Entries))
	}
}

// case: vulnerable (names of an uploaded list)
func (a *accounts) invite(w http.ResponseWriter, r *http.Request) {
	var names []string
	if json.NewDecoder(r.Body).Decode(&names) != nil {
		return
	}
	for _, name := range names {
		add := ldap.NewAddRequest("uid="+name+",ou=guests,"+base, nil)
		add.Attribute("objectClass", []string{"account"})
		if err := a.conn.Add(add); err != nil {
			return
		}
	}
}

// case: safe (the filter is constant, entries are compared here)
func (a *accounts) exists(w http.ResponseWriter, r *http.Request) {
	filter := "(objectClass=account)"
	result, err := a.conn.Search(ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, []string{"uid"}, nil))
	if err != nil {
		return
	}
	for _, entry := range result.Entries {
		if entry.GetAttributeValue("uid") == r.FormValue("uid") {
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	http.NotFound(w, r)
}
