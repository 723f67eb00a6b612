// Package members has the same for echo, fiber and net/http.
package members

import (
	"encoding/json"
	"net/http"

	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/schema"
	"github.com/labstack/echo/v4"
	"gorm.io/gorm"
)

// Account is the row of the table.
type Account struct {
	ID       uint   `json:"id"`
	Nick     string `json:"nick" form:"nick" schema:"nick"`
	Role     string `json:"role" form:"role" schema:"role"`
	Verified bool   `json:"verified" form:"verified" schema:"verified"`
}

// Sealed keeps its role out of every binding.
type Sealed struct {
	ID   uint   `json:"-" form:"-" schema:"-"`
	Nick string `json:"nick" form:"nick" schema:"nick"`
	Role string `json:"-" form:"-" schema:"-"`
}

var (
	db      *gorm.DB
	decoder = schema.NewDecoder()
)

// case: vulnerable
func register(c echo.Context) error {
	account := new(Account)
	if err := c.Bind(account); err != nil {
		return echo.ErrBadRequest
	}
	return db.Create(account).Error
}

// case: safe (the type's tags keep the role out)
func enrol(c echo.Context) error {
	account := new(Sealed)
	if err := c.Bind(account); err != nil {
		return echo.ErrBadRequest
	}
	account.Role = "member"
	return db.Create(account).Error
}

// case: vulnerable (fiber)
func update(c *fiber.Ctx) error {
	var account Account
	if err := c.BodyParser(&account); err != nil {
		return fiber.ErrBadRequest
	}
	return db.Model(&Account{}).Where("id = ?", c.Locals("account")).Updates(&account).Error
}

// case: safe (role and verification are left out of the statement)
func amend(c *fiber.Ctx) error {
	var account Account
	if err := c.BodyParser(&account); err != nil {
		return fiber.ErrBadRequest
	}
	return db.Model(&Account{}).Where("id = ?", c.Locals("account")).Omit("id", "role", "verified").Updates(&account).Error
}

// case: vulnerable (a form by gorilla's schema)
func form(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		return
	}
	var account Account
	if err := decoder.Decode(&account, r.PostForm); err != nil {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	db.Save(&account)
}

// case: safe (a struct for this purpose only)
func nick(w http.ResponseWriter, r *http.Request) {
	var given struct {
		Nick string `json:"nick"`
	}
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
		http.Error(w, "bad body", http.StatusBadRequest)
		return
	}
	db.Model(&Account{}).Where("id = ?", r.Context().Value("account")).Update("nick", given.Nick)
}

// case: safe (only the nick is taken out of what was bound)
func guest(c echo.Context) error {
	account := new(Account)
	if err := c.Bind(account); err != nil {
		return echo.ErrBadRequest
	}
	fresh := Account{Nick: account.Nick, Role: "guest", Verified: false}
	return db.Create(&fresh).Error
}
