// Package sessioncookies signs people in and remembers them by cookies.
package sessioncookies

import (
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

var (
	sealed = securecookie.New([]byte(os.Getenv("HASH_KEY")), []byte(os.Getenv("BLOCK_KEY")))
	store  = sessions.NewCookieStore([]byte(os.Getenv("SESSION_KEY")))
)

func token() string { return string(securecookie.GenerateRandomKey(32)) }

func finish(cookie *http.Cookie) *http.Cookie {
	cookie.Secure = true
	cookie.HttpOnly = true
	cookie.SameSite = http.SameSiteLaxMode
	return cookie
}

func production() bool { return true }

// case: vulnerable
func signInAlt(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "session", Value: token(), Path: "/"})
}

// case: safe (all three in the literal)
func signIn(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{
		Name:     "session",
		Value:    token(),
		Path:     "/",
		Secure:   true,
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	})
}

// case: vulnerable (HttpOnly is there, Secure is switched off)
func renewApi(w http.ResponseWriter, r *http.Request) {
	cookie := http.Cookie{Name: "session", Value: token(), HttpOnly: true, SameSite: http.SameSiteLaxMode}
	cookie.Secure = false
	http.SetCookie(w, &cookie)
}

// case: safe (the flags are set after it was made)
func renew(w http.ResponseWriter, r *http.Request) {
	cookie := &http.Cookie{Name: "session", Value: token()}
	cookie.Path = "/"
	cookie.HttpOnly = true
	cookie.Secure = true
	cookie.SameSite = http.SameSiteStrictMode
	http.SetCookie(w, cookie)
}

// case: vulnerable (Secure is there, scripts can read it)
func refresh(w http.ResponseWriter, r *http.Request) {
	cookie := new(http.Cookie)
	cookie.Name = "refresh_token"
	cookie.Value = token()
	cookie.Secure = true
	cookie.HttpOnly = false
	cookie.SameSite = http.SameSiteStrictMode
	cookie.Expires = time.Now().Add(30 * 24 * time.Hour)
	http.SetCookie(w, cookie)
}

// case: safe (a helper sets the flags)
func refreshAlt(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, finish(&http.Cookie{Name: "refresh_token", Value: token()}))
}

// case: vulnerable (the header by hand without a flag)
func manual(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Set-Cookie", "auth="+token()+"; Path=/")
}

// case: safe (the header by hand with all flags)
func manualApi(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Set-Cookie", "auth="+token()+"; Path=/; Secure; HttpOnly; SameSite=Strict")
}

// case: safe (a cookie of a request that we send: flags are never transmitted there)
func forward(w http.ResponseWriter, r *http.Request) {
	outgoing, err := http.NewRequest(http.MethodGet, "https://accounts.example.org/me", nil)
	if err != nil {
		return
	}
	outgoing.AddCookie(&http.Cookie{Name: "session", Value: os.Getenv("SERVICE_SESSION")})
	response, err := http.DefaultClient.Do(outgoing)
	if err == nil {
		response.Body.Close()
	}
}

// case: vulnerable (the options of the session store)
func begin(w http.ResponseWriter, r *http.Request) {
	session, _ := store.Get(r, "visit")
	session.Options = &sessions.Options{Path: "/", MaxAge: 86400, HttpOnly: false, Secure: false}
	session.Values["started"] = time.Now().Unix()
	session.Save(r, w)
}

// case: safe (the options of the session store, all set)
func beginV2(w http.ResponseWriter, r *http.Request) {
	session, _ := store.Get(r, "visit")
	session.Options = &sessions.Options{
		Path: "/", MaxAge: 86400, HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode,
	}
	session.Values["started"] = time.Now().Unix()
	session.Save(r, w)
}

// case: vulnerable (the password itself is kept in the browser)
func rememberMe(w http.ResponseWriter, r *http.Request) {
	cookie := finish(&http.Cookie{Name: "remember_password"})
	cookie.Value = r.PostFormValue("password")
	http.SetCookie(w, cookie)
}

// case: safe (sealed before it is kept, with all flags)
func rememberName(w http.ResponseWriter, r *http.Request) {
	value, err := sealed.Encode("member", strings.ToLower(r.PostFormValue("name")))
	if err != nil {
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: "member", Value: value, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// case: safe (the flags come from a constant condition that holds)
func modern(w http.ResponseWriter, r *http.Request) {
	cookie := http.Cookie{Name: "session", Value: token(), SameSite: http.SameSiteLaxMode}
	if 5*5 > 24 {
		cookie.Secure = true
		cookie.HttpOnly = true
	}
	http.SetCookie(w, &cookie)
}
