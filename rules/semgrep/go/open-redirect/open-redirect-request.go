package login

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/labstack/echo/v4"
)

var partners = map[string]bool{"shop.example.org": true}

func after(w http.ResponseWriter, r *http.Request) {
	next := r.FormValue("next")
	// ruleid: go-open-redirect-request
	http.Redirect(w, r, next, http.StatusFound)
	// ruleid: go-open-redirect-request
	w.Header().Set("Location", r.URL.Query().Get("to"))
	// ok: go-open-redirect-request
	http.Redirect(w, r, "/orders/"+r.FormValue("id"), http.StatusFound)
	// ok: go-open-redirect-request
	http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.String()), http.StatusFound)
	// ok: go-open-redirect-request
	http.Redirect(w, r, "https://"+r.Host+r.URL.RequestURI(), http.StatusMovedPermanently)
	// ruleid: go-open-redirect-request
	http.Redirect(w, r, "https://"+r.FormValue("host")+"/start", http.StatusFound)
	// ruleid: go-open-redirect-request
	http.Redirect(w, r, "/"+next, http.StatusFound)
}

func local(w http.ResponseWriter, r *http.Request) {
	next := r.FormValue("next")
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") {
		next = "/"
	}
	// ok: go-open-redirect-request
	http.Redirect(w, r, next, http.StatusFound)
}

func half(w http.ResponseWriter, r *http.Request) {
	next := r.FormValue("next")
	if !strings.HasPrefix(next, "/") {
		next = "/"
	}
	// ruleid: go-open-redirect-request
	http.Redirect(w, r, next, http.StatusFound)
}

func parsed(w http.ResponseWriter, r *http.Request) {
	u, err := url.Parse(r.FormValue("next"))
	if err != nil || u.Host != "" {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	// ok: go-open-redirect-request
	http.Redirect(w, r, u.String(), http.StatusFound)
}

func partner(w http.ResponseWriter, r *http.Request) {
	next := r.FormValue("next")
	u, err := url.Parse(next)
	if err != nil || !partners[u.Hostname()] {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	// ok: go-open-redirect-request
	http.Redirect(w, r, next, http.StatusFound)
}

func loose(w http.ResponseWriter, r *http.Request) {
	next := r.FormValue("next")
	u, err := url.Parse(next)
	if err != nil || !strings.Contains(u.Host, "example.org") {
		return
	}
	// ruleid: go-open-redirect-request
	http.Redirect(w, r, next, http.StatusFound)
}

func withGin(c *gin.Context) {
	// ruleid: go-open-redirect-request
	c.Redirect(http.StatusFound, c.Query("next"))
	// ok: go-open-redirect-request
	c.Redirect(http.StatusFound, "/home")
}

func withEcho(c echo.Context) error {
	// ruleid: go-open-redirect-request
	return c.Redirect(http.StatusSeeOther, c.QueryParam("next"))
}

func withFiber(c *fiber.Ctx) error {
	// ruleid: go-open-redirect-request
	return c.Redirect(c.Query("next"))
}
