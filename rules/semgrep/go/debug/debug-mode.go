package server

import (
	"net/http"
	"net/http/pprof"

	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v4"
)

func public() error {
	mux := http.NewServeMux()
	// ruleid: go-debug-mode
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	return http.ListenAndServe(":8080", mux)
}

func local() error {
	mux := http.NewServeMux()
	// ok: go-debug-mode
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	return http.ListenAndServe("127.0.0.1:6060", mux)
}

func frameworks(debug bool) {
	e := echo.New()
	// ruleid: go-debug-mode
	e.Debug = true
	// ok: go-debug-mode
	e.Debug = debug
	// ruleid: go-debug-mode
	gin.SetMode(gin.DebugMode)
	// ok: go-debug-mode
	gin.SetMode(gin.ReleaseMode)
}
