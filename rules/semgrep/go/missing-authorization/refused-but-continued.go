package routes

import (
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
)

func clear(w http.ResponseWriter, r *http.Request, admin bool) {
	// ruleid: go-refused-but-continued
	if !admin {
		http.Error(w, "no", http.StatusForbidden)
	}
	os.RemoveAll("/srv/cache")
}

func clearRight(w http.ResponseWriter, r *http.Request, admin bool) {
	// ok: go-refused-but-continued
	if !admin {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	os.RemoveAll("/srv/cache")
}

func clearGin(c *gin.Context) {
	// ruleid: go-refused-but-continued
	if c.GetString("role") != "admin" {
		c.AbortWithStatus(http.StatusForbidden)
	}
	os.RemoveAll("/srv/cache")
}

func found(w http.ResponseWriter, r *http.Request, known bool) {
	// ok: go-refused-but-continued
	if !known {
		http.Error(w, "no", http.StatusNotFound)
	}
}
