package origins

import (
	"net/http"

	gincors "github.com/gin-contrib/cors"
	"github.com/rs/cors"
)

func all() *cors.Cors {
	// ruleid: go-cors-any-origin
	return cors.New(cors.Options{AllowedOrigins: []string{"*"}, AllowCredentials: true})
}

func yes() gincors.Config {
	// ruleid: go-cors-any-origin
	return gincors.Config{AllowOriginFunc: func(origin string) bool { return true }, AllowCredentials: true}
}

func sandboxed(w http.ResponseWriter) {
	// ruleid: go-cors-any-origin
	w.Header().Set("Access-Control-Allow-Origin", "null")
}

func listed() *cors.Cors {
	// ok: go-cors-any-origin
	return cors.New(cors.Options{AllowedOrigins: []string{"https://app.example.org"}, AllowCredentials: true})
}

func public() *cors.Cors {
	// ok: go-cors-any-origin
	return cors.New(cors.Options{AllowedOrigins: []string{"*"}})
}
