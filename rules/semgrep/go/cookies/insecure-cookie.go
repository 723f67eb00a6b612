package visit

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/sessions"
)

func plain(w http.ResponseWriter, token string) {
	// ruleid: go-insecure-cookie
	http.SetCookie(w, &http.Cookie{Name: "session", Value: token, Path: "/"})
	// ruleid: go-insecure-cookie
	http.SetCookie(w, &http.Cookie{Name: "session", Value: token, HttpOnly: true, Secure: false})
	// ok: go-insecure-cookie
	http.SetCookie(w, &http.Cookie{Name: "session", Value: token, HttpOnly: true, Secure: true})
	// ok: go-insecure-cookie
	http.SetCookie(w, &http.Cookie{Name: "session", Value: "", MaxAge: -1})
}

func variable(w http.ResponseWriter, token string) {
	// ruleid: go-insecure-cookie
	cookie := http.Cookie{Name: "session", Value: token, HttpOnly: true}
	http.SetCookie(w, &cookie)
	// ok: go-insecure-cookie
	later := &http.Cookie{Name: "session", Value: token}
	later.Secure = true
	later.HttpOnly = true
	http.SetCookie(w, later)
}

func off(w http.ResponseWriter, token string) {
	cookie := new(http.Cookie)
	cookie.Value = token
	cookie.Secure = true
	// ruleid: go-insecure-cookie
	cookie.HttpOnly = false
	http.SetCookie(w, cookie)
}

func frameworks(c *gin.Context, f *fiber.Ctx, token string) {
	// ruleid: go-insecure-cookie
	c.SetCookie("session", token, 3600, "/", "example.org", false, true)
	// ok: go-insecure-cookie
	c.SetCookie("session", token, 3600, "/", "example.org", true, true)
	// ruleid: go-insecure-cookie
	f.Cookie(&fiber.Cookie{Name: "session", Value: token})
	// ok: go-insecure-cookie
	f.Cookie(&fiber.Cookie{Name: "session", Value: token, Secure: true, HTTPOnly: true})
}

func store(s *sessions.Session) {
	// ruleid: go-insecure-cookie
	s.Options = &sessions.Options{Path: "/", MaxAge: 3600}
	// ok: go-insecure-cookie
	s.Options = &sessions.Options{Path: "/", MaxAge: 3600, Secure: true, HttpOnly: true}
}

func header(w http.ResponseWriter, token string) {
	// ruleid: go-insecure-cookie
	w.Header().Set("Set-Cookie", "session="+token+"; Path=/")
	// ok: go-insecure-cookie
	w.Header().Set("Set-Cookie", "session="+token+"; Path=/; Secure; HttpOnly")
}

func outgoing(token string) (*http.Request, error) {
	request, err := http.NewRequest(http.MethodGet, "https://example.org/", nil)
	if err != nil {
		return nil, err
	}
	// ok: go-insecure-cookie
	request.AddCookie(&http.Cookie{Name: "session", Value: token})
	return request, nil
}
