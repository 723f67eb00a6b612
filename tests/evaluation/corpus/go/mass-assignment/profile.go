// Package profile lets members change their data.
package profile

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"
	"gorm.io/gorm"
)

// Member is the row of the table.
type Member struct {
	ID      uint   `json:"id" gorm:"primaryKey"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	IsAdmin bool   `json:"is_admin"`
	Credit  int    `json:"credit"`
}

// Update holds what may be changed.
type Update struct {
	Name  string `json:"name" binding:"max=60"`
	Email string `json:"email" binding:"email"`
}

var db *gorm.DB

func current(c *gin.Context) uint { return c.GetUint("member") }

// case: vulnerable
func create(c *gin.Context) {
	var member Member
	if err := c.ShouldBindJSON(&member); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	db.Create(&member)
	c.JSON(http.StatusCreated, member.ID)
}

// case: safe (bound into what may be changed, copied by hand)
func createApi(c *gin.Context) {
	var given Update
	if err := c.ShouldBindJSON(&given); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	member := Member{Name: given.Name, Email: given.Email}
	db.Create(&member)
	c.JSON(http.StatusCreated, member.ID)
}

// case: vulnerable (the row is loaded, then the body is laid over it)
func change(c *gin.Context) {
	var member Member
	if db.First(&member, current(c)).Error != nil {
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	if err := json.NewDecoder(c.Request.Body).Decode(&member); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	db.Save(&member)
}

// case: vulnerable (a map of columns as the client sends it)
func patchAlt(c *gin.Context) {
	columns := map[string]interface{}{}
	if err := c.BindJSON(&columns); err != nil {
		return
	}
	db.Model(&Member{}).Where("id = ?", current(c)).Updates(columns)
}

// case: safe (only two columns are written, whatever was bound)
func patch(c *gin.Context) {
	var member Member
	if err := c.ShouldBindJSON(&member); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	db.Model(&Member{}).Where("id = ?", current(c)).Select("name", "email").Updates(member)
}

// case: safe (only the named columns of the map go on)
func patchTwo(c *gin.Context) {
	given := map[string]interface{}{}
	if err := c.BindJSON(&given); err != nil {
		return
	}
	columns := map[string]interface{}{}
	for _, name := range []string{"name", "email"} {
		if value, ok := given[name].(string); ok {
			columns[name] = value
		}
	}
	db.Model(&Member{}).Where("id = ?", current(c)).Updates(columns)
}

// case: safe (bound to search, never written)
func find(c *gin.Context) {
	var wanted Member
	if err := c.ShouldBindJSON(&wanted); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	var count int64
	db.Model(&Member{}).Where("name = ?", wanted.Name).Count(&count)
	c.JSON(http.StatusOK, count)
}
