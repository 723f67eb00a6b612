package server

import (
	"net/http"
)

func failed(w http.ResponseWriter, err error) {
	// ruleid: go-error-text-sent
	http.Error(w, err.Error(), http.StatusInternalServerError)
	// ok: go-error-text-sent
	http.Error(w, "failed", http.StatusInternalServerError)
}
