// Package directory looks up people in the company's LDAP.
package directory

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"github.com/gorilla/mux"
)

const people = "ou=people,dc=example,dc=org"

var (
	uid     = regexp.MustCompile(`^[a-z][a-z0-9]{1,15}$`)
	offices = map[string]string{"b": "(l=Berlin)", "h": "(l=Hamburg)"}
)

type directory struct{ conn *ldap.Conn }

type lookup struct{ r *http.Request }

func (l lookup) surname() string { return l.r.URL.Query().Get("sn") }

func (l lookup) kind() string { return "person" }

func escapeStars(value string) string { return strings.ReplaceAll(value, "*", "") }

func answer(w http.ResponseWriter, result *ldap.SearchResult, err error) {
	if err != nil {
		http.Error(w, "directory is down", http.StatusBadGateway)
		return
	}
	json.NewEncoder(w).Encode(len(result.Entries))
}

// case: vulnerable
func (d directory) find(w http.ResponseWriter, r *http.Request) {
	filter := "(uid=" + r.FormValue("uid") + ")"
	request := ldap.NewSearchRequest(people, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, []string{"cn"}, nil)
	result, err := d.conn.Search(request)
	answer(w, result, err)
}

// case: safe (the filter's value is escaped)
func (d directory) findPage(w http.ResponseWriter, r *http.Request) {
	filter := "(uid=" + ldap.EscapeFilter(r.FormValue("uid")) + ")"
	request := ldap.NewSearchRequest(people, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, []string{"cn"}, nil)
	result, err := d.conn.Search(request)
	answer(w, result, err)
}

// case: vulnerable (Sprintf with two values, one of them escaped)
func (d directory) colleagues(w http.ResponseWriter, r *http.Request) {
	filter := fmt.Sprintf("(&(objectClass=person)(department=%s)(l=%s))",
		ldap.EscapeFilter(r.FormValue("department")), r.FormValue("office"))
	request := ldap.NewSearchRequest(people, ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 50, 5, false, filter, nil, nil)
	result, err := d.conn.SearchWithPaging(request, 20)
	answer(w, result, err)
}

// case: safe (the office picks a filter of the table)
func (d directory) office(w http.ResponseWriter, r *http.Request) {
	filter, ok := offices[r.FormValue("office")]
	if !ok {
		http.Error(w, "unknown office", http.StatusNotFound)
		return
	}
	request := ldap.NewSearchRequest(people, ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 50, 5, false, filter, nil, nil)
	result, err := d.conn.Search(request)
	answer(w, result, err)
}

// case: vulnerable (the distinguished name of a bind; a comma moves it elsewhere)
func (d directory) loginPage(w http.ResponseWriter, r *http.Request) {
	name := r.PostFormValue("user")
	if err := d.conn.Bind("uid="+name+","+people, r.PostFormValue("password")); err != nil {
		http.Error(w, "wrong", http.StatusUnauthorized)
	}
}

// case: safe (only a plain name goes on)
func (d directory) login(w http.ResponseWriter, r *http.Request) {
	name := r.PostFormValue("user")
	if !uid.MatchString(name) {
		http.Error(w, "wrong", http.StatusUnauthorized)
		return
	}
	if err := d.conn.Bind("uid="+name+","+people, r.PostFormValue("password")); err != nil {
		http.Error(w, "wrong", http.StatusUnauthorized)
	}
}

// case: vulnerable (HTML escaping knows nothing of parentheses and stars)
func (d directory) phone(w http.ResponseWriter, r *http.Request) {
	number := html.EscapeString(mux.Vars(r)["number"])
	request := &ldap.SearchRequest{
		BaseDN: people,
		Scope:  ldap.ScopeWholeSubtree,
		Filter: "(telephoneNumber=" + number + ")",
	}
	result, err := d.conn.Search(request)
	answer(w, result, err)
}

// case: safe (a number)
func (d directory) employee(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(mux.Vars(r)["number"])
	if err != nil {
		http.Error(w, "bad number", http.StatusBadRequest)
		return
	}
	request := &ldap.SearchRequest{
		BaseDN: people,
		Scope:  ldap.ScopeWholeSubtree,
		Filter: fmt.Sprintf("(employeeNumber=%d)", number),
	}
	result, err := d.conn.Search(request)
	answer(w, result, err)
}

// case: vulnerable (the wrapper's method; the search stands in a helper)
func (d directory) surname(w http.ResponseWriter, r *http.Request) {
	l := lookup{r}
	result, err := d.search("(&(objectClass=" + l.kind() + ")(sn=" + l.surname() + "*))")
	answer(w, result, err)
}

func (d directory) search(filter string) (*ldap.SearchResult, error) {
	return d.conn.Search(ldap.NewSearchRequest(people, ldap.ScopeWholeSubtree, ldap.DerefAlways, 0, 0, false, filter, nil, nil))
}

// case: safe (the wrapper's other method is a constant)
func (d directory) all(w http.ResponseWriter, r *http.Request) {
	l := lookup{r}
	filter := "(objectClass=" + l.kind() + ")"
	request := ldap.NewSearchRequest(people, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, nil, nil)
	result, err := d.conn.Search(request)
	answer(w, result, err)
}

// case: vulnerable (stars are removed, parentheses stay)
func (d directory) mail(w http.ResponseWriter, r *http.Request) {
	var filter strings.Builder
	filter.WriteString("(mail=")
	filter.WriteString(escapeStars(r.Header.Get("X-Mail")))
	filter.WriteString(")")
	request := ldap.NewSearchRequest(people, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter.String(), nil, nil)
	result, err := d.conn.Search(request)
	answer(w, result, err)
}

// case: safe (the value names no entry and no filter, it is only an attribute's new value)
func (d directory) describe(w http.ResponseWriter, r *http.Request) {
	request := ldap.NewModifyRequest("cn=board,"+people, nil)
	request.Replace("description", []string{r.PostFormValue("text")})
	if err := d.conn.Modify(request); err != nil {
		http.Error(w, "failed", http.StatusBadGateway)
	}
}
