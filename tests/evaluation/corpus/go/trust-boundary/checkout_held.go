// Package checkout keeps the state of a purchase in sessions of several frameworks.
package checkout

import (
	"net/http"
	"strings"

	"github.com/alexedwards/scs/v2"
	gsessions "github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	fsession "github.com/gofiber/fiber/v2/middleware/session"
	"github.com/google/uuid"
	esession "github.com/labstack/echo-contrib/session"
	"github.com/labstack/echo/v4"
)

const trustClient = false

var (
	manager = scs.New()
	store   = fsession.New()
	methods = []string{"card", "invoice", "transfer"}
)

type choice struct {
	Customer string `json:"customer" form:"customer" query:"customer"`
	Method   string `json:"method" form:"method" query:"method"`
}

func same(value string) string { return strings.TrimSpace(value) }

func always(value string) string { return "card" }

func known(method string) bool {
	for _, one := range methods {
		if one == method {
			return true
		}
	}
	return false
}

// case: vulnerable
func discount(c *gin.Context) {
	session := gsessions.Default(c)
	session.Set("discount", c.Query("discount"))
	session.Save()
}

// case: safe (the helper knows the methods, and the handler stops)
func method(c *gin.Context) {
	wanted := c.Query("method")
	if !known(wanted) {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	session := gsessions.Default(c)
	session.Set("method", wanted)
	session.Save()
}

// case: vulnerable (a cookie's value becomes the customer)
func customer(c *gin.Context) {
	value, err := c.Cookie("customer")
	if err != nil {
		return
	}
	session := gsessions.Default(c)
	session.Set("customer", value)
	session.Save()
}

// case: safe (a fresh identifier of ours)
func order(c *gin.Context) {
	session := gsessions.Default(c)
	session.Set("order", uuid.NewString())
	session.Save()
}

// case: vulnerable (bound, then a field of it)
func details(c *gin.Context) {
	var given choice
	if err := c.ShouldBindJSON(&given); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	session := gsessions.Default(c)
	session.Set("customer", given.Customer)
	session.Save()
}

// case: vulnerable (echo's sessions; the helper only trims)
func address(c echo.Context) error {
	session, err := esession.Get("purchase", c)
	if err != nil {
		return err
	}
	session.Values["address"] = same(c.FormValue("address"))
	return session.Save(c.Request(), c.Response())
}

// case: safe (the helper's answer is constant)
func payment(c echo.Context) error {
	session, err := esession.Get("purchase", c)
	if err != nil {
		return err
	}
	session.Values["method"] = always(c.FormValue("method"))
	return session.Save(c.Request(), c.Response())
}

// case: safe (a constant that is false guards the parameter)
func price(c echo.Context) error {
	session, err := esession.Get("purchase", c)
	if err != nil {
		return err
	}
	value := "list"
	if trustClient {
		value = c.QueryParam("price")
	}
	session.Values["price"] = value
	return session.Save(c.Request(), c.Response())
}

// case: vulnerable (fiber's store)
func seller(c *fiber.Ctx) error {
	session, err := store.Get(c)
	if err != nil {
		return err
	}
	session.Set("seller", c.Params("seller"))
	return session.Save()
}

// case: safe (a switch over what was sent sets constants)
func shipping(c *fiber.Ctx) error {
	session, err := store.Get(c)
	if err != nil {
		return err
	}
	switch c.FormValue("shipping") {
	case "express":
		session.Set("shipping", "express")
	default:
		session.Set("shipping", "normal")
	}
	return session.Save()
}

// case: vulnerable (scs; the list's last element)
func coupon(w http.ResponseWriter, r *http.Request) {
	codes := []string{"none"}
	codes = append(codes, r.URL.Query()["coupon"]...)
	manager.Put(r.Context(), "coupon", codes[len(codes)-1])
}

// case: safe (scs; the map's constant entry)
func currency(w http.ResponseWriter, r *http.Request) {
	values := map[string]string{"wanted": r.FormValue("currency"), "ours": "EUR"}
	manager.Put(r.Context(), "currency", values["ours"])
}

// case: safe (only looked up in the session, never stored)
func current(w http.ResponseWriter, r *http.Request) {
	if manager.GetString(r.Context(), "customer") == r.FormValue("customer") {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.NotFound(w, r)
}

// case: safe (the session gets the answer of a comparison)
func consent(w http.ResponseWriter, r *http.Request) {
	manager.Put(r.Context(), "consent", r.FormValue("consent") == "yes")
}
