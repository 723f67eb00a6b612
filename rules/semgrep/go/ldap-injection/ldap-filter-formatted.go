package directory

import (
	"fmt"

	"github.com/go-ldap/ldap/v3"
)

func byMail(conn *ldap.Conn, mail string) (*ldap.SearchResult, error) {
	// ruleid: go-ldap-filter-formatted
	request := ldap.NewSearchRequest("dc=example,dc=org", 2, 0, 0, 0, false, fmt.Sprintf("(mail=%s)", mail), nil, nil)
	return conn.Search(request)
}

func escapedMail(conn *ldap.Conn, mail string) (*ldap.SearchResult, error) {
	// ok: go-ldap-filter-formatted
	request := ldap.NewSearchRequest("dc=example,dc=org", 2, 0, 0, 0, false, "(mail="+ldap.EscapeFilter(mail)+")", nil, nil)
	return conn.Search(request)
}

func ready(conn *ldap.Conn, filter string) (*ldap.SearchResult, error) {
	// ok: go-ldap-filter-formatted
	return conn.Search(ldap.NewSearchRequest("dc=example,dc=org", 2, 0, 0, 0, false, filter, nil, nil))
}
