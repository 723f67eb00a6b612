package audit

import (
	"log"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/sirupsen/logrus"
)

var trail = log.New(os.Stderr, "audit ", log.LstdFlags)

func login(w http.ResponseWriter, r *http.Request) {
	user := r.FormValue("user")
	// ruleid: go-log-injection-request
	log.Printf("login of %s failed", user)
	// ok: go-log-injection-request
	log.Printf("login of %q failed", user)
	// ruleid: go-log-injection-request
	trail.Println("login of " + user)
	// ok: go-log-injection-request
	slog.Info("login", "user", user)
	// ok: go-log-injection-request
	log.Print("login of " + strings.ReplaceAll(user, "\n", ""))
	number, err := strconv.Atoi(user)
	if err != nil {
		return
	}
	// ok: go-log-injection-request
	log.Printf("login of %d", number)
}

func other(c *gin.Context) {
	// ruleid: go-log-injection-request
	logrus.Infof("search for %v", c.Query("q"))
	// ruleid: go-log-injection-request
	logrus.Warn("agent ", c.GetHeader("User-Agent"))
	// ok: go-log-injection-request
	log.Printf("search of %d letters", len(c.Query("q")))
}
