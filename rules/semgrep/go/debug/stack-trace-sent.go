package server

import (
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"runtime/debug"
)

func recovered(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if problem := recover(); problem != nil {
			// ruleid: go-stack-trace-sent
			fmt.Fprintf(w, "%v\n%s", problem, debug.Stack())
			// ok: go-stack-trace-sent
			log.Printf("%v\n%s", problem, debug.Stack())
		}
	}()
}

func orders(w http.ResponseWriter, db *sql.DB) {
	rows, err := db.Query("SELECT id FROM orders")
	if err != nil {
		// ruleid: go-stack-trace-sent
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	rows.Close()
}

func given(w http.ResponseWriter, err error) {
	// ok: go-stack-trace-sent
	http.Error(w, "something went wrong", http.StatusInternalServerError)
}
