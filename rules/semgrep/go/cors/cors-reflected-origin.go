package origins

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

var known = map[string]bool{"https://app.example.org": true}

func reflect(w http.ResponseWriter, r *http.Request) {
	// ruleid: go-cors-reflected-origin
	w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	origin := r.Header.Get("Origin")
	if known[origin] {
		// ok: go-cors-reflected-origin
		w.Header().Set("Access-Control-Allow-Origin", origin)
	}
}

func suffix(c *gin.Context) {
	origin := c.GetHeader("Origin")
	if strings.HasSuffix(origin, "example.org") {
		// ruleid: go-cors-reflected-origin
		c.Header("Access-Control-Allow-Origin", origin)
	}
}
