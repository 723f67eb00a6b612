package directory

import (
	"fmt"
	"net/http"
	"regexp"

	"github.com/gin-gonic/gin"
	"github.com/go-ldap/ldap/v3"
)

var accountName = regexp.MustCompile(`^[a-z0-9]{3,20}$`)

func search(conn *ldap.Conn, w http.ResponseWriter, r *http.Request) {
	uid := r.FormValue("uid")
	filter := fmt.Sprintf("(&(objectClass=person)(uid=%s))", uid)
	// ruleid: go-ldap-injection-request
	request := ldap.NewSearchRequest("dc=example,dc=org", ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, []string{"cn"}, nil)
	conn.Search(request)
	escaped := fmt.Sprintf("(uid=%s)", ldap.EscapeFilter(uid))
	// ok: go-ldap-injection-request
	ldap.NewSearchRequest("dc=example,dc=org", ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, escaped, []string{"cn"}, nil)
}

func bind(conn *ldap.Conn, c *gin.Context) {
	name := c.PostForm("name")
	// ruleid: go-ldap-injection-request
	conn.Bind("uid="+name+",ou=people,dc=example,dc=org", c.PostForm("password"))
	// ok: go-ldap-injection-request
	conn.Bind("uid="+ldap.EscapeDN(name)+",ou=people,dc=example,dc=org", c.PostForm("password"))
}

func literal(c *gin.Context) *ldap.SearchRequest {
	// ruleid: go-ldap-injection-request
	return &ldap.SearchRequest{BaseDN: "dc=example,dc=org", Filter: "(mail=" + c.Query("mail") + ")"}
}

func checked(c *gin.Context) *ldap.SearchRequest {
	uid := c.Query("uid")
	if !accountName.MatchString(uid) {
		return nil
	}
	// ok: go-ldap-injection-request
	return &ldap.SearchRequest{BaseDN: "dc=example,dc=org", Filter: "(uid=" + uid + ")"}
}
