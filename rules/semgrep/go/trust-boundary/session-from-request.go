package preferences

import (
	"net/http"
	"strconv"

	"github.com/alexedwards/scs/v2"
	ginsessions "github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/gorilla/sessions"
)

var store *sessions.CookieStore

var sessionManager *scs.SessionManager

type account struct {
	Role string
}

func role(w http.ResponseWriter, r *http.Request) {
	session, _ := store.Get(r, "visit")
	// ruleid: go-session-from-request
	session.Values["role"] = r.FormValue("role")
	// ruleid: go-session-from-request
	session.Values[r.FormValue("key")] = true
	session.Save(r, w)
	// ruleid: go-session-from-request
	sessionManager.Put(r.Context(), "tenant", r.Header.Get("X-Tenant"))
}

func signIn(w http.ResponseWriter, r *http.Request) {
	found, err := authenticate(r.FormValue("name"), r.FormValue("password"))
	if err != nil {
		return
	}
	session, _ := store.Get(r, "visit")
	// ok: go-session-from-request
	session.Values["role"] = found.Role
	rows, err := strconv.Atoi(r.FormValue("rows"))
	if err != nil {
		return
	}
	// ok: go-session-from-request
	session.Values["rows"] = rows
}

func withGin(c *gin.Context) {
	session := ginsessions.Default(c)
	// ruleid: go-session-from-request
	session.Set("user", c.PostForm("user"))
	// ok: go-session-from-request
	session.Set("visited", true)
	language := c.Query("language")
	switch language {
	case "en", "zh":
	default:
		language = "en"
	}
	// ok: go-session-from-request
	session.Set("language", language)
}

func authenticate(name, password string) (*account, error) { return nil, nil }
