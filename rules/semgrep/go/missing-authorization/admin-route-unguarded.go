package routes

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
)

func remove(c *gin.Context) {}

func wipe(w http.ResponseWriter, r *http.Request) {}

func requireAdmin(c *gin.Context) {}

func adminOnly(next http.Handler) http.Handler { return next }

func open() *gin.Engine {
	e := gin.New()
	// ruleid: go-admin-route-unguarded
	e.DELETE("/admin/members/:id", remove)
	e.Use(requireAdmin)
	// ok: go-admin-route-unguarded
	e.DELETE("/admin/teams/:id", remove)
	return e
}

func grouped() *gin.Engine {
	e := gin.New()
	admin := e.Group("/admin", requireAdmin)
	// ok: go-admin-route-unguarded
	admin.DELETE("/members/:id", remove)
	// ok: go-admin-route-unguarded
	e.GET("/members", remove)
	// ok: go-admin-route-unguarded
	e.GET("/admin/own", requireAdmin, remove)
	return e
}

func withChi() http.Handler {
	r := chi.NewRouter()
	// ok: go-admin-route-unguarded
	r.With(adminOnly).Post("/admin/wipe", wipe)
	// ruleid: go-admin-route-unguarded
	r.Post("/admin/wipe", wipe)
	return r
}
