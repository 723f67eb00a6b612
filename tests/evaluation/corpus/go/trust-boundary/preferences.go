// Package preferences keeps what visitors choose in their session.
package preferences

import (
	"encoding/json"
	"html"
	"net/http"
	"net/mail"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/gorilla/mux"
	"github.com/gorilla/sessions"
)

var (
	store     = sessions.NewCookieStore([]byte(os.Getenv("SESSION_KEY")))
	languages = map[string]string{"en": "en-GB", "de": "de-DE", "zh": "zh-CN"}
	nickname  = regexp.MustCompile(`^[A-Za-z0-9_]{2,20}$`)
)

type form struct{ r *http.Request }

func (f form) tenant() string { return f.r.FormValue("tenant") }

func (f form) version() string { return "2" }

type account struct {
	ID   int64
	Role string
}

func authenticate(name, password string) (*account, error) {
	return &account{ID: 7, Role: "member"}, nil
}

func lower(value string) string { return strings.ToLower(value) }

// case: vulnerable
func role(w http.ResponseWriter, r *http.Request) {
	session, _ := store.Get(r, "visit")
	session.Values["role"] = r.FormValue("role")
	session.Save(r, w)
}

// case: safe (what the session holds comes from the account that signed in)
func signIn(w http.ResponseWriter, r *http.Request) {
	found, err := authenticate(r.PostFormValue("name"), r.PostFormValue("password"))
	if err != nil {
		http.Error(w, "wrong", http.StatusUnauthorized)
		return
	}
	session, _ := store.Get(r, "visit")
	session.Values["user"] = found.ID
	session.Values["role"] = found.Role
	session.Save(r, w)
}

// case: vulnerable (a header into a variable, then into the session)
func forwarded(w http.ResponseWriter, r *http.Request) {
	session, err := store.Get(r, "visit")
	if err != nil {
		return
	}
	user := r.Header.Get("X-Forwarded-User")
	session.Values["user"] = user
	sessions.Save(r, w)
}

// case: safe (a table gives the value)
func language(w http.ResponseWriter, r *http.Request) {
	session, _ := store.Get(r, "visit")
	tag, ok := languages[r.FormValue("language")]
	if !ok {
		tag = languages["en"]
	}
	session.Values["language"] = tag
	session.Save(r, w)
}

// case: vulnerable (even the key is the client's)
func put(w http.ResponseWriter, r *http.Request) {
	session, _ := store.Get(r, "visit")
	session.Values[r.FormValue("key")] = true
	session.Save(r, w)
}

// case: safe (checked against a pattern, the handler stops)
func nick(w http.ResponseWriter, r *http.Request) {
	wanted := r.FormValue("nick")
	if !nickname.MatchString(wanted) {
		http.Error(w, "bad nickname", http.StatusBadRequest)
		return
	}
	session, _ := store.Get(r, "visit")
	session.Values["nick"] = wanted
	session.Save(r, w)
}

// case: vulnerable (the pattern is tried, but its answer only colours a header)
func nickPage(w http.ResponseWriter, r *http.Request) {
	wanted := r.FormValue("nick")
	if !nickname.MatchString(wanted) {
		w.Header().Set("X-Nick", "odd")
	}
	session, _ := store.Get(r, "visit")
	session.Values["nick"] = wanted
	session.Save(r, w)
}

// case: vulnerable (all parameters in a loop)
func all(w http.ResponseWriter, r *http.Request) {
	session, _ := store.Get(r, "visit")
	r.ParseForm()
	for key, values := range r.Form {
		session.Values[key] = values[0]
	}
	session.Save(r, w)
}

// case: safe (a number within its bounds)
func rows(w http.ResponseWriter, r *http.Request) {
	count, err := strconv.Atoi(r.FormValue("rows"))
	if err != nil || count < 10 || count > 100 {
		http.Error(w, "bad number", http.StatusBadRequest)
		return
	}
	session, _ := store.Get(r, "visit")
	session.Values["rows"] = count
	session.Save(r, w)
}

// case: vulnerable (escaping for HTML is no check of who it is; the wrapper hands on)
func tenant(w http.ResponseWriter, r *http.Request) {
	f := form{r}
	session, _ := store.Get(r, "visit")
	session.Values["tenant"] = html.EscapeString(lower(f.tenant()))
	session.Save(r, w)
}

// case: safe (the wrapper's other method is constant)
func version(w http.ResponseWriter, r *http.Request) {
	f := form{r}
	session, _ := store.Get(r, "visit")
	session.Values["version"] = f.version()
	session.Save(r, w)
}

// case: safe (the dead branch would take the parameter)
func level(w http.ResponseWriter, r *http.Request) {
	value := "basic"
	if steps := 9; steps*steps-steps > 73 {
		value = r.FormValue("level")
	}
	session, _ := store.Get(r, "visit")
	session.Values["level"] = value
	session.Save(r, w)
}

// case: vulnerable (JSON body and path variable)
func project(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Permissions []string `json:"permissions"`
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		return
	}
	session, _ := store.Get(r, "visit")
	session.Values["permissions:"+mux.Vars(r)["project"]] = strings.Join(body.Permissions, ",")
	session.Save(r, w)
}

// case: safe (nothing is kept but that an address was given)
func subscribed(w http.ResponseWriter, r *http.Request) {
	if _, err := mail.ParseAddress(r.FormValue("mail")); err != nil {
		http.Error(w, "bad address", http.StatusBadRequest)
		return
	}
	session, _ := store.Get(r, "visit")
	session.Values["subscribed"] = true
	session.Save(r, w)
}
