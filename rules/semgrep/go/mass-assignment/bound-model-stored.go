package profile

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"
	"gorm.io/gorm"
)

type member struct {
	ID    uint
	Name  string
	Admin bool
}

type update struct {
	Name string
}

var db *gorm.DB

func create(c *gin.Context) {
	var one member
	if err := c.ShouldBindJSON(&one); err != nil {
		return
	}
	// ruleid: go-bound-model-stored
	db.Create(&one)
	// ok: go-bound-model-stored
	db.Model(&member{}).Select("name").Updates(one)
}

func change(w http.ResponseWriter, r *http.Request) {
	var one member
	db.First(&one, 7)
	if err := json.NewDecoder(r.Body).Decode(&one); err != nil {
		return
	}
	// ruleid: go-bound-model-stored
	db.Save(&one)
}

func columns(c *gin.Context) {
	values := map[string]interface{}{}
	if err := c.BindJSON(&values); err != nil {
		return
	}
	// ruleid: go-bound-model-stored
	db.Model(&member{}).Updates(values)
}

func copied(c *gin.Context) {
	var given update
	if err := c.ShouldBindJSON(&given); err != nil {
		return
	}
	one := member{Name: given.Name}
	// ok: go-bound-model-stored
	db.Create(&one)
}
