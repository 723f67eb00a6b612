// Package server starts the public service.
package server

import (
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"net/http/pprof"
	"runtime/debug"

	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v4"
)

const debugging = false

func health(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }

// case: vulnerable (profiles on the public address)
func public() error {
	mux := http.NewServeMux()
	mux.HandleFunc("/health", health)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	return http.ListenAndServe(":8080", mux)
}

// case: safe (no profiles)
func plain() error {
	mux := http.NewServeMux()
	mux.HandleFunc("/health", health)
	return http.ListenAndServe(":8080", mux)
}

// case: vulnerable (echo answers with the text of inner errors)
func intranet() *echo.Echo {
	e := echo.New()
	e.Debug = true
	e.GET("/health", echo.WrapHandler(http.HandlerFunc(health)))
	return e
}

// case: safe (switched off by the constant)
func website() *echo.Echo {
	e := echo.New()
	e.Debug = debugging
	e.GET("/health", echo.WrapHandler(http.HandlerFunc(health)))
	return e
}

// case: vulnerable (the stack goes to the visitor)
func recoveredTwo(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if problem := recover(); problem != nil {
				w.WriteHeader(http.StatusInternalServerError)
				fmt.Fprintf(w, "%v\n%s", problem, debug.Stack())
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// case: safe (the stack goes to the log)
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if problem := recover(); problem != nil {
				log.Printf("%v\n%s", problem, debug.Stack())
				http.Error(w, "something went wrong", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// case: vulnerable (the database's words are shown)
func orders(db *sql.DB) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		rows, err := db.Query("SELECT id FROM orders")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		rows.Close()
	}
}

// case: safe (gin's release mode)
func release() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.Use(gin.Recovery())
	return e
}
